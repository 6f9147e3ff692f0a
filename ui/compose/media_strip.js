// Drags the cards of a media strip: a card that is dropped on another one takes its place.
const cardOf = ({ reference, draft }) => document.querySelector(`.${CSS.escape(`st-key-media-card-${reference}-${draft}`)}`);

export default function ({ data, setTriggerValue }) {
    const { references, draft } = data;
    const cards = references.map((reference) => cardOf({ reference, draft })).filter(Boolean);
    let dragged = null;
    const at = (event) => cards.find((card) => card.contains(event.target));
    const clear = () => cards.forEach((card) => card.classList.remove("dragged", "target"));
    const onStart = (event) => {
        dragged = event.target.matches("img") ? at(event) : null;
        if (!dragged) return;
        dragged.classList.add("dragged");
        event.dataTransfer.effectAllowed = "move";
        event.dataTransfer.setData("text/plain", references[cards.indexOf(dragged)]);
    };
    const onOver = (event) => {
        const target = dragged && at(event);
        if (!target) return;
        event.preventDefault();
        cards.forEach((card) => card.classList.toggle("target", card === target && card !== dragged));
    };
    const onDrop = (event) => {
        const target = dragged && at(event);
        if (!target) return;
        event.preventDefault();
        const from = cards.indexOf(dragged), place = cards.indexOf(target);
        clear();
        dragged = null;
        if (from !== place) setTriggerValue("move", { reference: references[from], place });
    };
    const onEnd = () => { clear(); dragged = null; };
    const handlers = { dragstart: onStart, dragover: onOver, drop: onDrop, dragend: onEnd };
    for (const [name, handler] of Object.entries(handlers)) document.addEventListener(name, handler);
    return () => {
        for (const [name, handler] of Object.entries(handlers)) document.removeEventListener(name, handler);
    };
}
