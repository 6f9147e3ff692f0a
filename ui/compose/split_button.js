// Puts a line of three dashes at the cursor of a text area, which splits the text into parts of a thread there.
export default function ({ data, parentElement }) {
    const button = parentElement.querySelector("button");
    const keepCursor = (event) => event.preventDefault();  // the text area keeps the focus
    const split = () => {
        const field = document.querySelector(`.st-key-${data.field} textarea`);
        if (!field) return;
        const before = field.value.slice(0, field.selectionStart), after = field.value.slice(field.selectionEnd);
        field.focus();
        const begin = before === "" || before.endsWith("\n") ? "" : "\n", end = after.startsWith("\n") ? "" : "\n";
        document.execCommand("insertText", false, `${begin}---${end}`);  // the browser's Undo takes it back
    };
    button.addEventListener("pointerdown", keepCursor);
    button.addEventListener("click", split);
    return () => {
        button.removeEventListener("pointerdown", keepCursor);
        button.removeEventListener("click", split);
    };
}
