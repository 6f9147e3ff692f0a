// Shows rings, parts and posts anew with each letter that is typed into the text areas. The server gives the data.
const AFTER = 1200;  // milliseconds of silence before a screen reader hears what is too long
const LOOK_AGAIN = 200, LOOKS = 25;  // milliseconds, and times, to wait for a text area that the page draws later

const areaOf = (field) => document.querySelector(`.st-key-${field} textarea`);

class Preview {
    constructor(root) {
        this.root = root;
        this.rings = new Rings(root.querySelector(".rings"));
        this.region = root.querySelector(".cards");
        this.status = root.querySelector(".status");
        this.parts = new Parts(root.querySelector(".parts"), this.status);
        this.cards = new Map();
        this.frame = 0;
        this.said = "";
    }

    update(data, send) {
        this.data = data;
        if (data.rings) this.rings.update(data.rings);
        if (data.parts) this.parts.update(data.parts, data.pictures, send);
        const cards = new Map(data.cards.map((account) => [account.key, this.cards.get(account.key) ?? new Card()]));
        for (const account of data.cards) cards.get(account.key).update(account, data.pictures);
        this.cards = cards;
        this.region.hidden = !cards.size;
        this.region.replaceChildren(...[...cards.values()].map((card) => card.root));
        this.showRings();
        this.showCards();
        if (data.parts) this.parts.show(this.textOf(data.parts));
        this.awaitArea(LOOKS);
    }

    // The text area of the rings may be drawn after them; it is marked then.
    awaitArea(looks) {
        clearTimeout(this.waiting);
        if (!this.data.rings || areaOf(this.data.rings.field) || !looks) return;
        this.waiting = setTimeout(() => {
            if (areaOf(this.data.rings.field)) this.showRings();
            else this.awaitArea(looks - 1);
        }, LOOK_AGAIN);
    }

    // A dialog's field is missing or still empty at first.
    textOf({ field, text }) {
        return areaOf(field)?.value || text;
    }

    typed(area) {
        if (this.data.rings && area === areaOf(this.data.rings.field)) this.showRings(area.value);
        const { parts, cards } = this.data, hasParts = parts && area === areaOf(parts.field);
        if (!hasParts && !cards.some((account) => area === areaOf(account.field))) return;
        cancelAnimationFrame(this.frame);
        this.frame = requestAnimationFrame(() => {
            if (hasParts) this.parts.show(area.value);
            this.showCards(area);
        });
    }

    showRings(typed) {
        const { rings } = this.data;
        if (!rings) return;
        const over = this.rings.show(typed ?? this.textOf(rings));
        const area = areaOf(rings.field);
        area?.closest("[data-testid=stTextArea]").classList.toggle("over-limit", over.length > 0);
        area?.setAttribute("aria-invalid", over.length > 0);
        this.say(over.length ? `Too long for ${over.length === 1 ? "one account" : `${over.length} accounts`}: ${over[0]}` : "");
    }

    // Announce what is too long once, after the person stops to type.
    say(text) {
        clearTimeout(this.timer);
        if (Boolean(text) === Boolean(this.said)) return;
        this.timer = setTimeout(() => {
            this.said = text;
            this.status.textContent = text;
        }, AFTER);
    }

    showCards(area) {
        for (const { account } of this.cards.values()) {
            if (!area || area === areaOf(account.field)) this.cards.get(account.key).show(area?.value ?? this.textOf(account));
        }
    }
}

export default function ({ data, parentElement, setTriggerValue }) {
    const root = parentElement.querySelector(".preview");
    if (parentElement.preview?.root !== root) parentElement.preview = new Preview(root);
    const preview = parentElement.preview;
    preview.update(data, (moved) => setTriggerValue("moved", moved));
    const listener = ({ target }) => target.tagName === "TEXTAREA" && preview.typed(target);
    document.addEventListener("input", listener);
    return () => {
        document.removeEventListener("input", listener);
        clearTimeout(preview.waiting);
    };
}
