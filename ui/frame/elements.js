// Makes elements for components. Every text is set as text, never as HTML.
function element(kind, className, text) {
    const created = document.createElement(kind);
    created.className = className;
    if (text !== undefined) created.textContent = text;
    return created;
}

function hidden(created) {
    created.setAttribute("aria-hidden", true);
    return created;
}

const icon = (name, className = "icon") => hidden(element("span", className, name));
