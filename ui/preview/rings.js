// The counter rings: how much room an account's network leaves.
const number = new Intl.NumberFormat("en");
const RADIUS = 9, AROUND = 2 * Math.PI * RADIUS;

function shape(name, attributes) {
    const created = document.createElementNS("http://www.w3.org/2000/svg", name);
    for (const key in attributes) created.setAttribute(key, attributes[key]);
    return created;
}

function inWords({ count, limit, unit }) {
    const counted = (amount) => `${number.format(amount)} ${amount === 1 ? unit.replace(/s$/, "") : unit}`;
    if (limit === null) return counted(count);
    return count > limit ? `${counted(count - limit)} too many` : `${counted(limit - count)} left of ${number.format(limit)}`;
}

function logo(account) {
    const picture = element("img", "logo");
    picture.src = account.logo;
    picture.alt = "";
    return picture;
}

// Return a ring with the number that is left, and a function that shows another length.
function ring(label, network) {
    const created = element("span", `ring ${network}`);
    const arc = shape("circle", { class: "arc", cx: 12, cy: 12, r: RADIUS, "stroke-dasharray": AROUND });
    const drawn = shape("svg", { viewBox: "0 0 24 24", "aria-hidden": true });
    drawn.append(shape("circle", { class: "track", cx: 12, cy: 12, r: RADIUS }), arc);
    const remaining = hidden(element("span", "remaining"));
    created.setAttribute("role", "img");
    created.append(drawn, remaining);
    const show = (length, part, parts) => {
        const { count, limit } = length;
        arc.setAttribute("stroke-dashoffset", AROUND * (1 - Math.min(1, count / limit)));
        created.classList.toggle("over", count > limit);
        created.classList.toggle("near", count <= limit && limit - count <= limit / 10);
        remaining.textContent = number.format(limit - count).replace("-", "−");
        const name = parts > 1 ? `${label}, part ${part} of ${parts}` : label;
        created.title = `${name}: ${inWords(length)}`;
        created.setAttribute("aria-label", created.title);
    };
    return { created, show };
}

// The line below a text area: a ring for each account with a limit, and in words what is too long.
class Rings {
    constructor(root) {
        this.root = root;
    }

    update({ accounts }) {
        const data = JSON.stringify(accounts);
        if (data === this.data) return;
        this.data = data;
        this.accounts = accounts;
        this.rings = accounts.map((account) => account.rule.limit === null ? null : ring(account.label, account.network));
        this.plain = element("span", "plain");
        this.words = element("span", "words");
        const letters = accounts.map((account, index) => {
            if (!this.rings[index]) return null;
            const one = element("span", "one");
            one.append(logo(account), this.rings[index].created);
            return one;
        });
        this.root.replaceChildren(this.words, this.plain, ...letters.filter(Boolean));
        this.root.hidden = false;
    }

    show(text) {
        const over = [];
        this.accounts.forEach((account, index) => {
            if (!this.rings[index]) return;
            const posts = postsOf(account, text), least = fullest(posts);
            this.rings[index].show(least, posts.indexOf(least) + 1, posts.length);
            if (left(least) < 0) over.push(`${inWords(least)} for ${account.label}`);
        });
        this.words.textContent = over[0] ? over[0] + (over.length > 1 ? `, and ${over.length - 1} more` : "") : "";
        const plain = this.rings.some(Boolean) ? "" : inWords({ count: new Tally(null).graphemes(text).count, limit: null, unit: "characters" });
        this.plain.textContent = plain;
        return over;
    }
}
