// The parts of a text that its author split: each with its media and its room, moved by mouse, touch or keyboard.
const SCROLL_EDGE = 70, SCROLL_BY = 14;  // pixels
const EXCERPT = 200;  // characters

// Put a text into a text area as if it were typed, without the focus, which would open the keyboard of a phone.
function putText(area, text) {
    const { set } = Object.getOwnPropertyDescriptor(HTMLTextAreaElement.prototype, "value");  // React does not watch it
    set.call(area, text);
    area.dispatchEvent(new Event("input", { bubbles: true }));
}

const middle = ({ top, height }) => top + height / 2;

class PartRow {
    constructor(number, onMove) {
        this.root = element("li", "part");
        this.words = element("bdi", "words");
        this.media = element("span", "shown");
        this.room = element("span", "room");
        this.up = this.button("arrow_upward", `Move up part ${number}`, () => onMove(-1));
        this.down = this.button("arrow_downward", `Move down part ${number}`, () => onMove(1));
        const grip = hidden(element("span", "grip"));
        grip.append(icon("drag_indicator"), element("span", "number", number));
        grip.title = "Drag to another place";
        this.root.append(grip, this.words, this.media, this.room, this.up, this.down);
    }

    button(name, label, onClick) {
        const created = button("move", "", onClick);
        created.append(icon(name));
        created.title = label;
        created.setAttribute("aria-label", label);
        return created;
    }

    show({ text, media, addresses, rooms, first, last }) {
        this.words.textContent = text.replace(/\s+/g, " ").trim().slice(0, EXCERPT) || "Empty";
        this.words.classList.toggle("none", !text.trim());
        this.up.disabled = first;
        this.down.disabled = last;
        const shown = media.map(({ reference, alt }) => `${reference} ${alt}`).join();
        if (shown !== this.shown) {
            this.shown = shown;
            this.media.replaceChildren(...media.map((each) => this.thumbnail(each, addresses)));
        }
        this.showRoom(rooms);
    }

    thumbnail({ reference, kind, alt }, addresses) {
        const address = addresses[reference], created = element(address ? "img" : "span", "thumbnail");
        if (address) Object.assign(created, { src: address, alt: alt || kind, title: alt || kind, draggable: false });
        else created.append(icon(kind === "video" ? "movie" : "image"), element("span", "read", alt || kind));
        return created;
    }

    // The ring of the account with the least room; its title names the others, too.
    showRoom(rooms) {
        const least = rooms.reduce((one, other) => !one || left(other.post) < left(one.post) ? other : one, null);
        if (least?.account !== this.account) {
            this.account = least?.account;
            const limited = least && least.post.limit !== null;
            this.ring = limited ? ring(least.account.label, least.account.network) : null;
            this.room.replaceChildren(...(limited ? [logo(least.account), this.ring.created] : []));
        }
        if (!least) return;
        if (!this.ring) {
            this.room.textContent = inWords(least.post);
            return;
        }
        this.ring.show(least.post, 1, 1);
        this.ring.created.title = rooms.map(({ account, post }) => `${account.label}: ${inWords(post)}`).join("\n");
    }
}

class Parts {
    constructor(root, status) {
        this.root = root;
        this.status = status;
        this.list = root.querySelector("ol");
        this.joined = root.querySelector(".joined");
        this.rows = [];
        this.drag = null;
        this.onKey = (event) => event.key === "Escape" && this.endDrag();
        this.list.addEventListener("pointerdown", (event) => this.grab(event));
        this.list.addEventListener("pointermove", (event) => this.drag?.id === event.pointerId && this.follow(event.clientY));
        this.list.addEventListener("pointerup", () => this.drop());
        this.list.addEventListener("pointercancel", () => this.endDrag());
    }

    update(data, addresses, send) {
        if (data.field !== this.data?.field) this.endDrag();
        [this.data, this.addresses, this.send] = [data, addresses, send];
        this.rows.forEach((row) => Object.assign(row, { account: undefined, shown: undefined }));
        this.joined.textContent = data.joined;
        this.joined.hidden = !data.joined;
    }

    show(text) {
        const parts = handSplit(text), { accounts, media } = this.data;
        this.root.hidden = parts.length < 2;
        const place = this.root.getRootNode().host?.closest("[data-testid=stElementContainer]");
        if (place) place.style.display = this.root.hidden ? "none" : "";  // an empty one would leave a gap
        if (this.drag) return;
        const count = this.root.hidden || !accounts.length ? 0 : parts.length;
        while (this.rows.length > count) this.rows.pop().root.remove();
        while (this.rows.length < count) this.add();
        const posts = count ? accounts.map((account) => postsOf(account, text)) : [];
        this.rows.forEach((row, index) => {
            const ofPart = posts.map((each) => each.filter(({ written }) => written === index + 1));
            row.show({
                text: parts[index],
                media: media.filter((each) => this.placeOf(each) === index),
                addresses: this.addresses,
                rooms: accounts.map((account, each) => ({ account, post: ofPart[each].length ? fullest(ofPart[each]) : null }))
                    .filter(({ post }) => post),
                first: index === 0,
                last: index === count - 1,
            });
        });
    }

    add() {
        const place = this.rows.length, row = new PartRow(place + 1, (by) => this.step(place, by));
        this.rows.push(row);
        this.list.append(row.root);
    }

    // The place of the part that shows a file, from 0.
    placeOf({ part }) {
        return Math.min(part ?? 1, Math.max(1, this.rows.length)) - 1;
    }

    // Move a part by a button, which keeps the focus: the one of the same kind, or the other one at an end.
    step(from, by) {
        if (!this.move(from, from + by)) return;
        const { up, down } = this.rows[from + by], [same, other] = by < 0 ? [up, down] : [down, up];
        (same.disabled ? other : same).focus();
    }

    // Move a part with its media to another place. The text area has the new text at once, and the server follows.
    move(from, to) {
        const area = areaOf(this.data.field), parts = handSplit(area?.value ?? "");
        if (from === to || parts.length !== this.rows.length || !(to in parts)) return false;
        const order = [...parts.keys()];
        order.splice(to, 0, ...order.splice(from, 1));
        if (this.data.moves_media) {
            const moved = (each) => ({ ...each, part: order.indexOf(this.placeOf(each)) + 1 });
            this.data = { ...this.data, media: this.data.media.map(moved) };
        }
        const text = order.map((each) => parts[each]).join("\n---\n");
        putText(area, text);
        this.show(text);
        const media = Object.fromEntries(this.data.media.map(({ reference, part }) => [reference, part ?? 1]));
        this.send({ text, media: this.data.moves_media ? media : {}, version: this.data.version });
        this.status.textContent = `Part ${from + 1} is now part ${to + 1} of ${parts.length}.`;
        return true;
    }

    // A mouse takes a part anywhere, a finger at its grip, so that it can scroll the page elsewhere.
    grab(event) {
        const root = event.target.closest(".part");
        if (!root || this.drag || event.button !== 0 || event.target.closest("button")) return;
        if (event.pointerType !== "mouse" && !event.target.closest(".grip")) return;
        const from = this.rows.findIndex((row) => row.root === root);
        const places = this.rows.map((row) => row.root.getBoundingClientRect());
        const { main } = this, scrolled = main?.scrollTop ?? 0;
        this.drag = { id: event.pointerId, from, to: from, y: event.clientY, places, scrolled };
        this.list.setPointerCapture(event.pointerId);
        root.classList.add("dragged");
        document.addEventListener("keydown", this.onKey);
    }

    get main() {
        return document.querySelector("[data-testid=stMain]");
    }

    follow(y) {
        const { from, places, scrolled } = this.drag, by = y < SCROLL_EDGE ? -SCROLL_BY : y > innerHeight - SCROLL_EDGE ? SCROLL_BY : 0;
        if (by) this.main?.scrollBy(0, by);
        const moved = y - this.drag.y + (this.main?.scrollTop ?? 0) - scrolled, now = middle(places[from]) + moved;
        const half = places[from].height / 2;  // another part gives way once an edge of this one is over its middle
        const to = places.filter((place, index) => index !== from && middle(place) < now + (index > from ? half : -half)).length;
        const step = places.length > 1 ? places[1].top - places[0].top : 0;
        this.drag.to = to;
        this.rows.forEach(({ root }, index) => {
            const aside = index > from && index <= to ? -step : index < from && index >= to ? step : 0;
            root.style.transform = `translateY(${index === from ? moved : aside}px)`;
        });
    }

    drop() {
        if (!this.drag) return;
        const { from, to } = this.drag;
        this.endDrag();
        this.move(from, to);
    }

    endDrag() {
        document.removeEventListener("keydown", this.onKey);
        this.drag = null;
        for (const { root } of this.rows) {
            root.classList.remove("dragged");
            root.style.transform = "";
        }
    }
}
