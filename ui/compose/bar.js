// On a phone: the buttons of the bar that open the time and the preview as a sheet above it. Ctrl+Enter schedules.
const SEND_DELAY = 150, FOCUS_AGAIN = 50;  // milliseconds; the first as in ui/frame/kept_typing.py
const FOCUS_ATTEMPTS = 60;

// The field may be drawn, or be drawn anew, some moments later. A person who goes elsewhere meanwhile is not called back.
function focusWhenDrawn(selector, from, attempts = FOCUS_ATTEMPTS) {
    const field = document.querySelector(selector);
    if (![null, document.body, from, field].includes(document.activeElement)) return;
    field?.focus({ preventScroll: true });
    if (attempts) setTimeout(() => focusWhenDrawn(selector, from, attempts - 1), FOCUS_AGAIN);
}

export default function ({ data, parentElement }) {
    const root = document.documentElement;
    const buttons = [...parentElement.querySelectorAll("button")];
    const show = (sheet) => {
        if (sheet) root.dataset.composeSheet = sheet;
        else delete root.dataset.composeSheet;
        for (const button of buttons) button.setAttribute("aria-expanded", button.dataset.sheet === sheet);
    };
    const open = () => root.dataset.composeSheet;
    parentElement.querySelector(".time").textContent = data.time;
    show(parentElement.composeDraft === data.draft ? open() : null);
    if (parentElement.scheduled && parentElement.scheduled !== data.draft) {
        delete parentElement.scheduled;  // the next text is written where the last one was
        focusWhenDrawn(`.st-key-${data.text} textarea`, document.activeElement);
    }
    parentElement.composeDraft = data.draft;

    const onClick = ({ currentTarget }) => show(open() === currentTarget.dataset.sheet ? null : currentTarget.dataset.sheet);
    const onPointer = ({ target }) => {
        const inside = ".st-key-compose-when, .st-key-compose-preview, .st-key-compose-bar, [data-baseweb], [role=dialog]";
        if (open() && document.querySelector(".stMain")?.contains(target) && !target.closest?.(inside)) show(null);
    };
    const onKey = (event) => {
        if (event.key === "Escape" && open()) show(null);
        if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey) || event.isComposing || event.repeat) return;
        const schedule = document.querySelector(`.st-key-${data.schedule} button`);
        if (!schedule || document.querySelector("[role=dialog]")) return;
        event.preventDefault();
        event.stopPropagation();
        parentElement.scheduled = data.draft;
        const field = document.activeElement;
        if (!field?.matches("textarea, input")) {
            schedule.click();
            return;
        }
        field.blur();  // the field sends its text now
        setTimeout(() => {
            schedule.click();
            field.focus({ preventScroll: true });
        }, SEND_DELAY);
    };
    for (const button of buttons) button.addEventListener("click", onClick);
    document.addEventListener("pointerdown", onPointer);
    document.addEventListener("keydown", onKey, true);
    return () => {
        for (const button of buttons) button.removeEventListener("click", onClick);
        document.removeEventListener("pointerdown", onPointer);
        document.removeEventListener("keydown", onKey, true);
        if (!document.querySelector(".st-key-compose-bar")) delete root.dataset.composeSheet;
    };
}
