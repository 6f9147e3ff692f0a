// The keys of the queue: "/" to the search, J and K to the next and the previous card, E and X to its first two actions.
const CARD = '[class*="st-key-card-"]:has([class*="st-key-edit-"], [class*="st-key-select-"], [class*="st-key-menu-"])';
const TARGET = '[class*="st-key-select-"] input, [class*="st-key-actions-"] button, [class*="st-key-actions-"] a';
const isField = (element) => element?.closest("input:not([type=checkbox]), textarea, select, [contenteditable], [role=dialog]");

function move(by) {
    const cards = [...document.querySelectorAll(CARD)].filter((card) => card.querySelector(TARGET));
    const at = cards.findIndex((card) => card.contains(document.activeElement));
    const next = cards[at < 0 ? 0 : Math.min(cards.length - 1, Math.max(0, at + by))];
    next?.querySelector(TARGET)?.focus();
    next?.scrollIntoView({ block: "nearest" });
}

function press(name) {
    document.activeElement?.closest(CARD)?.querySelector(`[class*="st-key-${name}-"] button`)?.click();
}

export default function () {
    const onKey = (event) => {
        if (event.ctrlKey || event.metaKey || event.altKey || event.repeat && "ex".includes(event.key)) return;
        if (isField(document.activeElement) || document.querySelector('[role="dialog"]')) return;
        const act = {
            "/": () => document.querySelector(".st-key-search input")?.focus(),
            j: () => move(1),
            k: () => move(-1),
            e: () => press("edit"),
            x: () => press("cancel"),
        }[event.key];
        if (!act) return;
        event.preventDefault();
        event.stopPropagation();
        act();
    };
    document.addEventListener("keydown", onKey, true);
    document.body.dataset.queueKeys = "";  // tests wait for it
    return () => {
        document.removeEventListener("keydown", onKey, true);
        delete document.body.dataset.queueKeys;
    };
}
