// Sends what the date and time fields show while they have the focus, takes am and pm, and refuses hours such as 24.
const PAUSE = 300, SWALLOWED = 1500, FORGOTTEN = 1500;  // milliseconds
const LIMITS = { hour: 23, minute: 59, second: 59 };

export default function ({ data, parentElement, setTriggerValue }) {
    const said = parentElement.querySelector("output");
    const place = parentElement.getRootNode().host?.closest("[data-testid=stElementContainer]");
    const say = (text) => {
        said.textContent = text;
        if (place) place.style.display = text ? "" : "none";  // an empty one would leave a gap
    };
    const box = (name) => document.querySelector(`.st-key-${data[name]}`);
    const shown = (name) => box(name)?.querySelector("input[type=hidden], input[type=date]")?.value ?? null;
    let timer = null, digits = "", segment = null, before = null, swallowUntil = 0, lastDigit = 0;

    const send = () => setTriggerValue("typed", { date: shown("date"), time: shown("time") });
    const sendSoon = () => {
        clearTimeout(timer);
        timer = setTimeout(send, PAUSE);
    };
    const number = (spinner) => Number(spinner.getAttribute("aria-valuenow"));
    const drawn = async (spinner, wanted) => {
        for (let polls = 0; number(spinner) !== wanted && polls < 100; polls++)
            await new Promise((done) => setTimeout(done, 10));
    };
    // Types a number into a part of the time, as the keyboard does, and leaves the focus at `last`.
    const type = async (spinner, wanted, last) => {
        const other = [...box("time").querySelectorAll("[role=spinbutton]")].find((each) => each !== spinner);
        other.focus();  // the part forgets what was typed into it
        spinner.focus();
        const digits = String(wanted).padStart(2, "0");
        for (const count of [1, 2]) {
            const init = { data: digits[count - 1], inputType: "insertText", bubbles: true, cancelable: true };
            spinner.dispatchEvent(new InputEvent("beforeinput", init));
            await drawn(spinner, Number(digits.slice(0, count)));
        }
        last.focus();
        sendSoon();
    };
    const swallow = (event) => {
        event.preventDefault();
        event.stopImmediatePropagation();
    };
    const half = (event) => {
        const spinner = box("time").querySelector("[data-type=hour]");
        const hour = number(spinner);
        swallow(event);
        const wanted = event.key.toLowerCase() === "p" ? (hour < 12 ? hour + 12 : hour) : hour === 12 ? 0 : hour;
        if (wanted !== hour) type(spinner, wanted, event.target);
    };
    const digit = (event, part) => {
        if (segment !== event.target || event.timeStamp - lastDigit > FORGOTTEN) digits = "";
        lastDigit = event.timeStamp;
        if (!digits) [segment, digits, before] = [event.target, "", number(event.target)];
        digits += event.key;
        if (Number(digits) > LIMITS[part]) {
            swallow(event);
            swallowUntil = event.timeStamp + SWALLOWED;  // the rest of what is being typed
            say(digits === "24" ? "24:00 is not a time: a day ends with 23:59. Choose 00:00 of the day after."
                : part === "hour" ? `${digits} is not an hour: a time is 00:00 to 23:59.` : `${digits} is not a ${part}.`);
            type(event.target, before, event.target);
            digits = "";
        } else {
            say("");
            if (digits.length === 2) digits = "";
        }
    };
    const onKey = (event) => {
        if (!event.isTrusted || event.ctrlKey || event.metaKey || event.altKey) return;
        const spinner = event.target.closest?.("[role=spinbutton]");
        if (!spinner || !box("time")?.contains(spinner)) return;
        if (event.key.length === 1 && event.timeStamp < swallowUntil) {
            swallowUntil = event.timeStamp + SWALLOWED;
            swallow(event);
        } else if (/^[0-9]$/.test(event.key)) digit(event, spinner.dataset.type);
        else if (/^[ap]$/i.test(event.key) && !box("time").querySelector("[data-type=dayPeriod]")) half(event);
        else digits = "";
        if (event.key.length > 1) swallowUntil = 0;
    };
    const onChanged = ({ target }) => ["date", "time"].some((name) => box(name)?.contains(target)) && sendSoon();

    say(said.textContent);
    document.addEventListener("keydown", onKey, true);
    document.addEventListener("keyup", onChanged, true);
    return () => {
        clearTimeout(timer);
        document.removeEventListener("keydown", onKey, true);
        document.removeEventListener("keyup", onChanged, true);
    };
}
