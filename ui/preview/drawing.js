// Draws the posts as their networks show them.
const DRAWN = 12000;  // characters of one post; a longer one has no limit, and would make typing slow
const ACTIONS = {
    x: ["chat_bubble", "repeat", "favorite", "bar_chart", "bookmark"],
    bluesky: ["chat_bubble", "repeat", "favorite", "bookmark", "more_horiz"],
    mastodon: ["reply", "repeat", "star", "bookmark", "more_horiz"],
    linkedin: [["thumb_up", "Like"], ["comment", "Comment"], ["repeat", "Repost"], ["send", "Send"]],
};
const MOST_SHOWN = { telegram: 10, linkedin: 5 };
const SAYS_APP = ["discord", "slack"];

function avatar(account) {
    if (account.avatar) {
        const picture = element("img", "avatar");
        picture.src = account.avatar;
        picture.alt = "";
        return picture;
    }
    return hidden(element("span", "avatar letter", account.initials));
}

function whoElement(account) {
    const who = element("div", "who");
    who.append(element("bdi", "name", account.name));
    if (SAYS_APP.includes(account.network)) who.append(element("span", "app", "APP"));
    if (account.handle) who.append(element("bdi", "handle", account.handle));
    const when = element("span", "when", "now");
    if (account.network === "linkedin" || account.network === "mastodon") when.append(icon("public"));
    who.append(when);
    return who;
}

// Return the text with its links, mentions and tags; what is above the limit is marked from `cut` on.
function textElement(account, { text, cut }) {
    const created = element("div", "text");
    if (!text.trim()) {
        created.append(element("span", "empty", "No text yet"));
        return created;
    }
    const shown = text.length > DRAWN ? `${text.slice(0, DRAWN)}…` : text;
    const marks = cut === null || cut >= shown.length ? null : element("mark", "over");
    const put = (start, end, kind, words) => {
        if (start >= end) return;
        const split = !words && cut !== null && start < cut && cut < end ? cut : end;
        const part = words ?? shown.slice(start, split);
        const target = marks && start >= cut ? marks : created;
        target.append(kind ? element("span", kind, part) : part);
        put(split, end, kind);
    };
    let last = 0;
    for (const { start, end, kind, shown: words } of entities(account.network, shown)) {
        put(last, start);
        put(start, end, kind, words);
        last = end;
    }
    put(last, shown.length);
    if (marks) created.append(marks);
    return created;
}

const shownRatio = (width, height) => Math.min(1.91, Math.max(0.8, width / height));

// A picture is kept while the person types: a new element would flicker.
function tile(each, kept, addresses) {
    if (kept.has(each)) return kept.get(each);
    const created = element("div", each.kind === "video" ? "tile video" : "tile");
    const address = addresses[each.reference];
    if (address) {
        const picture = element("img", "");
        picture.src = address;
        picture.alt = each.alt;
        if (each.kind === "video") {
            picture.onload = () => created.style.setProperty("--ratio", shownRatio(picture.naturalWidth, picture.naturalHeight));
        }
        if (each.focus) picture.style.objectPosition = `${each.focus[0] * 100}% ${each.focus[1] * 100}%`;
        created.append(picture);
    } else created.append(icon(each.kind === "video" ? "movie" : "image"), element("span", "read", each.alt || each.kind));
    if (each.kind === "video") created.append(icon("play_arrow", "icon play"));
    if (each.alt) created.append(hidden(element("span", "alt", "ALT")));
    if (each.width && each.height) created.style.setProperty("--ratio", shownRatio(each.width, each.height));
    kept.set(each, created);
    return created;
}

function mediaElement({ network }, media, kept, addresses) {
    const most = MOST_SHOWN[network] ?? 4, shown = media.slice(0, most);
    const created = element("div", `media of-${shown.length}`);
    created.append(...shown.map((each) => tile(each, kept, addresses)));
    if (media.length > most) created.append(element("span", "more", `+${media.length - most}`));
    return created;
}

function cardElement(card) {
    const created = element("div", "link-card");
    if (card.picture) {
        const picture = element("img", "");
        picture.src = card.picture;
        picture.alt = "";
        created.append(picture);
    }
    const words = element("div", "words");
    words.append(element("span", "host", card.host), element("bdi", "title", card.title || card.host));
    if (card.description) words.append(element("bdi", "description", card.description));
    created.append(words);
    return created;
}

function button(className, words, onClick) {
    const created = element("button", className, words);
    created.type = "button";
    created.addEventListener("click", onClick);
    return created;
}

// LinkedIn shows three lines of a text until a reader asks for more. The lines depend on the width of the card.
const fold = new ResizeObserver((changes) => {
    for (const { target } of changes) target.parentElement?.classList.toggle("long", target.scrollHeight > target.clientHeight + 1);
});

function actionsElement(network) {
    const created = hidden(element("div", "actions"));
    for (const each of ACTIONS[network] ?? []) {
        const action = element("span", "action");
        if (typeof each === "string") action.append(icon(each));
        else action.append(icon(each[0]), each[1]);
        created.append(action);
    }
    return created;
}

// One account: its post, or the parts of its thread, as its readers see them.
class Card {
    constructor() {
        this.root = element("article", "card");
        this.ring = null;
        this.kept = new Map();
        this.opened = new Set();  // the names of the posts that the person has opened
    }

    update(account, addresses) {
        const data = JSON.stringify(account);
        this.addresses = addresses;
        if (data === this.data) return;  // a run of the page that changed something else
        this.data = data;
        this.account = account;
        this.kept.clear();
        this.shown = null;
        this.drawn = [];
        this.root.className = `card ${account.network}`;
        this.root.setAttribute("aria-label", account.label);
        const head = element("header", "head");
        head.append(logo(account), element("span", "network", account.network_label));
        this.count = element("span", "count");
        this.ring = account.rule.limit === null ? null : ring(account.label, account.network);
        head.append(this.ring?.created ?? this.count);
        this.posts = element("div", "posts");
        this.root.replaceChildren(head, this.posts);
    }

    show(text) {
        if (this.shown === text) return;
        this.shown = text;
        const posts = postsOf(this.account, text), least = fullest(posts);
        if (this.ring) this.ring.show(least, posts.indexOf(least) + 1, posts.length);
        else this.count.textContent = inWords(least);
        posts.forEach((post, index) => (post.name = posts.length > 1 ? `${index + 1}/${posts.length}` : ""));
        const { comment } = this.account;
        if (comment) posts.push({ text: comment, media: [], cut: null, name: "First comment" });
        this.posts.classList.toggle("thread", posts.length > 1);
        if (this.sameShape(posts)) posts.forEach((post, index) => this.renew(this.drawn[index], post));
        else {
            this.drawn = posts.map((post) => this.post(post));
            this.posts.replaceChildren(...this.drawn.map((each) => each.root));
        }
    }

    // Whether only texts have changed, as with most letters.
    sameShape(posts) {
        const shape = ({ name, media, card }) => [name, Boolean(card), ...media.map((each) => each.reference)].join();
        return posts.length === this.drawn.length && posts.every((post, index) => shape(post) === shape(this.drawn[index].post));
    }

    renew(drawn, post) {
        if (post.text !== drawn.post.text || post.cut !== drawn.post.cut) {
            const text = this.text(post);
            drawn.text.replaceWith(text);
            fold.unobserve(drawn.text);
            drawn.text = text;
        }
        if (drawn.lines) {
            drawn.lines.classList.toggle("folded", post.cut === null && !this.opened.has(post.name));
            fold.observe(drawn.text);
        }
        if (this.account.warning) {
            drawn.root.classList.toggle("warned", Boolean(post.text.trim()) && !this.opened.has(post.name));
            drawn.root.classList.toggle("textless", !post.text.trim());
        }
        drawn.place?.classList.toggle("over", post.cut !== null);
        if (drawn.place && post.unit) drawn.place.title = inWords(post);
        drawn.post = post;
    }

    post(post) {
        const root = element("div", "post"), body = element("div", "body"), side = element("div", "side");
        const text = this.text(post), who = whoElement(this.account);
        const lines = this.account.network === "linkedin" ? element("div", "lines") : null;
        if (this.account.warning) body.append(this.warning(root, post));
        if (lines) {
            lines.append(text, button("more-lines", "…more", () => {
                this.opened.add(post.name);
                lines.classList.remove("folded");
            }));
        }
        body.append(lines ?? text);
        if (post.media.length) body.append(mediaElement(this.account, post.media, this.kept, this.addresses));
        else if (post.card) body.append(cardElement(post.card));
        if (this.account.network === "telegram") {
            const foot = element("div", "foot");
            foot.append(icon("visibility"), element("span", "", "now"));
            body.append(foot);
        }
        body.append(actionsElement(this.account.network));
        side.append(avatar(this.account));
        root.append(side, who, body);
        const place = post.name ? element("span", "place", post.name) : null;
        if (place) who.append(place);
        const drawn = { root, text, lines, place, post };
        this.renew(drawn, post);
        return drawn;
    }

    // Without a text, the server makes the content warning the text.
    text(post) {
        return textElement(this.account, post.text.trim() ? post : { ...post, text: this.account.warning ?? "" });
    }

    // A content warning stands in place of the post until a reader opens it.
    warning(root, { name }) {
        const created = element("div", "warning"), show = (open) => {
            this.opened[open ? "add" : "delete"](name);
            root.classList.toggle("warned", !open);
            toggle.textContent = open ? "Hide post" : "Show more";
            toggle.setAttribute("aria-expanded", open);
        };
        const toggle = button("", "", () => show(!this.opened.has(name)));
        show(this.opened.has(name));
        created.append(element("bdi", "", this.account.warning), toggle);
        return created;
    }
}
