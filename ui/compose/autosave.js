// Sends what is typed to the session soon after it is typed, and keeps in the tab what the server has not saved.
const KEY = "punctual-unsaved";
const PAUSE = 1000, LONGEST = 4000, RETRY = 5000, LEAVE = 8000, SEND_DELAY = 150;  // milliseconds

function read() {
    try {
        return JSON.parse(sessionStorage.getItem(KEY)) ?? {};
    } catch {
        return {};  // the browser stores nothing
    }
}

function write(copies) {
    try {
        if (Object.keys(copies).length) sessionStorage.setItem(KEY, JSON.stringify(copies));
        else sessionStorage.removeItem(KEY);
    } catch { /* The drafts exceed the tab's quota, or the browser stores nothing. */ }
}

function showAddress(draft) {
    const url = new URL(location);
    if (url.searchParams.get("draft") === draft) return;
    if (draft === null) url.searchParams.delete("draft");
    else url.searchParams.set("draft", draft);
    history.replaceState(history.state, "", url);
}

const element = (field) => document.querySelector(`.st-key-${field.name} textarea`);

export default function ({ data, parentElement, setTriggerValue }) {
    const tab = (parentElement.autosave ??= {
        asked: new Set(), since: null, path: location.pathname, leftAt: -Infinity,
    });
    let timer = null;
    // What is sent after a click on a link names this page, and would undo the change to the other page.
    const mayLeave = () => location.pathname !== tab.path || performance.now() < tab.leftAt + LEAVE;

    // Whether an action, such as a move of a part, had this text and put another one into the field or removed the field.
    // A person may type it again into a field that is shown, so there it counts once.
    const isReplaced = (field, text) => {
        const once = `replaced ${field.key} ${field.replaced?.[0]}`;
        return field.replaced?.[1] === text && (!element(field) || (!tab.asked.has(once) && tab.asked.add(once)));
    };
    // The copy of this draft without the texts that the server has; copies of drafts that it has taken over are dropped.
    const unsaved = () => {
        const copies = read();
        const own = copies[data.draft];
        for (const field of data.fields) {
            const copy = own?.texts[field.key];
            if (copy !== undefined && (copy === field.text || isReplaced(field, copy))) delete own.texts[field.key];
        }
        for (const draft of Object.keys(copies)) {
            const done = draft === data.draft ? !Object.keys(own.texts).length : data.known.includes(draft);
            if (done) delete copies[draft];
        }
        write(copies);
        return copies;
    };
    const send = () => {
        clearTimeout(timer);
        tab.since = null;
        if (mayLeave()) {
            timer = setTimeout(send, LEAVE);  // the copy waits in the tab
            return;
        }
        const copies = unsaved();
        // The text of a field that is gone, such as that of an account that was deselected, waits until it returns.
        const own = data.fields.some(({ key }) => key in (copies[data.draft]?.texts ?? {})) ? copies[data.draft] : null;
        const lost = Object.values(copies).filter((each) => each.draft !== data.draft && !tab.asked.has(each.draft));
        lost.forEach((each) => tab.asked.add(each.draft));
        const overwritten = own && data.fields.some((field) => {
            const shown = element(field);
            return shown && field.key in own.texts && shown.value !== own.texts[field.key];
        });
        if (lost.length || overwritten) setTriggerValue("restored", overwritten ? [...lost, own] : lost);
        else if (own) setTriggerValue("typed", own);
        if (own) timer = setTimeout(send, RETRY);
    };
    // A field that was drawn anew shows what it sent last, not what was typed since and is saved: put that back, once.
    const putBack = () => {
        if (mayLeave()) return;
        const lines = (text) => text?.replace(/\r\n?/g, "\n");
        const lost = data.fields.filter((field) => {
            const shown = element(field), once = `${field.key} ${field.text}`;
            return field.text !== null && shown && shown.value !== lines(field.text) && !tab.asked.has(once)
                && tab.asked.add(once);
        });
        const texts = Object.fromEntries(lost.map((field) => [field.key, field.text]));
        const copy = { draft: data.draft, version: data.version, content: data.content, texts };
        if (lost.length) setTriggerValue("restored", [copy]);
    };
    const sendAfter = (pause) => {
        clearTimeout(timer);
        tab.since ??= performance.now();
        timer = setTimeout(send, Math.max(0, Math.min(pause, tab.since + LONGEST - performance.now())));
    };
    const fieldOf = (target) => data.fields.find((each) => target.closest?.(`.st-key-${each.name}`));
    const note = (field, value) => {
        const copies = read();
        const own = (copies[data.draft] ??= { draft: data.draft, texts: {} });
        own.version = data.version;
        own.content = data.content ?? own.content;
        own.texts[field.key] = value.replace(/\p{Surrogate}/gu, "");
        write(copies);
    };
    const onInput = ({ target }) => {
        const field = fieldOf(target);
        if (!field) return;
        note(field, target.value);
        sendAfter(PAUSE);
    };
    const onBlur = ({ target }) => {
        if (!fieldOf(target) || !read()[data.draft]) return;
        send();
        tab.heldUntil = performance.now() + SEND_DELAY;
    };
    // A button that uses the text acts once the text has been sent. Chips act on the press, before the click.
    const onClick = (event) => {
        const button = event.target.closest?.(".stMain .stButton button"), rest = tab.heldUntil - performance.now();
        if (!button || !(rest > 0)) return;
        event.preventDefault();
        event.stopImmediatePropagation();
        const name = [...button.closest("[class*=st-key-]").classList].find((each) => each.startsWith("st-key-"));
        setTimeout(() => document.querySelector(`.${CSS.escape(name)} button`)?.click(), rest);  // it may be drawn anew
    };
    const onLeave = ({ target }) => {
        if (target.closest?.("a[href]")) tab.leftAt = performance.now();
    };
    const onHide = () => document.visibilityState === "hidden" && send();

    const focused = document.activeElement, typedInto = tab.drawn ? null : fieldOf(focused);
    if (typedInto && focused.value !== typedInto.text) note(typedInto, focused.value);  // typed while the page was drawn
    showAddress(data.address);
    if (Object.keys(unsaved()).some((draft) => draft === data.draft || !tab.asked.has(draft))) {
        sendAfter(data.failed ? RETRY : tab.drawn ? PAUSE : 100);
    } else {
        timer = setTimeout(putBack, PAUSE);
    }
    tab.drawn = true;
    document.addEventListener("input", onInput);
    document.addEventListener("focusout", onBlur);
    document.addEventListener("pointerdown", onLeave, true);
    document.addEventListener("click", onLeave, true);
    document.addEventListener("click", onClick, true);
    document.addEventListener("visibilitychange", onHide);
    return () => {
        clearTimeout(timer);
        document.removeEventListener("input", onInput);
        document.removeEventListener("focusout", onBlur);
        document.removeEventListener("pointerdown", onLeave, true);
        document.removeEventListener("click", onLeave, true);
        document.removeEventListener("click", onClick, true);
        document.removeEventListener("visibilitychange", onHide);
    };
}
