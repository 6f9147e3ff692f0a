// Draws the cells, chips and free places.
const shade = (colour) => `var(--st-${colour}-color)`;

function button(className, id, label) {
    const created = element("button", className);
    created.type = "button";
    created.tabIndex = -1;
    created.dataset.id = id;
    created.append(element("span", "read", label));  // the visible parts are hidden from screen readers
    return created;
}

function chipElement(chip, { view, opened }, lines) {
    const single = view === "month" && lines === 1;
    const kinds = ["chip", chip.fixed && "fixed", chip.state === "Draft" && "draft", chip.key === opened && "open", single && "single"];
    const created = button(kinds.filter(Boolean).join(" "), `chip ${chip.key}`, chip.label);
    created.dataset.key = chip.key;
    created.style.setProperty("--shade", shade(chip.colour));
    created.style.setProperty("--lines", view === "month" ? lines : 2);
    created.title = `${chip.time} ${chip.state}: ${chip.text}`;
    if (view === "list") created.append(hidden(element("span", "state-name", chip.state)));
    const lead = hidden(element("span", "lead"));
    if (chip.icon !== "schedule") lead.append(icon(chip.icon, "icon state"));
    lead.append(element("span", "time", chip.time));
    created.append(lead);
    for (const face of chip.faces) {
        const picture = hidden(element("img", "face"));
        picture.alt = "";
        picture.src = face;
        created.append(picture);
    }
    if (chip.repeats) created.append(icon("repeat"));
    for (const [name, colour] of chip.labels) {
        const dot = hidden(element("span", "label"));
        dot.title = name;
        dot.style.setProperty("--shade", shade(colour));
        created.append(dot);
    }
    if (chip.thumbnail.startsWith("data:image/")) {
        const picture = hidden(element("img", "thumbnail"));
        picture.alt = "";
        picture.src = chip.thumbnail;
        created.append(picture);
    } else if (chip.media) created.append(icon(chip.media));
    created.append(hidden(element("span", "text", chip.text)));
    return created;
}

function freeElement(place) {
    const created = button("free", `free ${place.instant}`, `${place.label}. Write a post for it`);
    created.dataset.instant = place.instant;
    created.dataset.time = place.time;
    created.append(icon("add"), hidden(element("span", "", place.time)));
    return created;
}

function moreElement(cell, count) {
    const created = button("more", `more ${cell.at}`, `Show ${count} more on ${cell.name}`);
    created.append(hidden(element("span", "", `+${count}`)), hidden(element("span", "word", " more")));
    return created;
}

// What fits into a cell with room for so many lines: chips with their lines, free places, and the number of other posts.
// `below`: that number takes a line; else it is beside the day.
function fitted(cell, room, below) {
    const all = cell.chips.length + cell.more;
    if (!all) return { chips: [], lines: [], free: cell.free.slice(0, room), more: 0 };
    const crowded = all > room || cell.more > 0;
    const chips = cell.chips.slice(0, Math.max(1, crowded && below ? room - 1 : room));
    const spare = Math.max(0, room - chips.length - (crowded && below ? 1 : 0));
    const free = crowded ? [] : cell.free.slice(0, Math.min(spare, Math.max(1, spare - chips.length)));
    const lines = chips.map((_, index) => {
        const extra = Math.floor((spare - free.length + chips.length - 1 - index) / chips.length);
        return 1 + Math.min(3, extra);
    });
    return { chips, lines, free, more: all - chips.length };
}

function cellElement(cell, data, { room, below }) {
    const kinds = { past: cell.past, other: !cell.inside, today: cell.today, holidays: cell.holidays.length };
    const created = element("div", ["cell", ...Object.keys(kinds).filter((kind) => kinds[kind])].join(" "));
    created.setAttribute("role", "gridcell");
    created.dataset.at = cell.at;
    created.dataset.name = cell.name;
    const day = button("day", `cell ${cell.at}`, cell.label);  // it fills the cell, below the chips
    if (cell.today && data.view !== "week") day.setAttribute("aria-current", "date");
    created.append(day);
    const add = cell.past ? [] : [icon("add", "icon add")];
    if (data.view === "week") created.append(...add);
    else {
        const top = element("div", "top");
        top.append(hidden(element("span", "number", data.view === "list" ? cell.name : cell.number)));
        if (cell.holidays.length) {
            const holiday = hidden(element("span", "holiday", cell.holidays.join(", ")));
            holiday.title = cell.holidays.join(", ");
            top.append(holiday);
        }
        top.append(...add);
        created.append(top);
    }
    const { chips, lines, free, more } = fitted(cell, room, below);
    const drawn = chips.map((chip, index) => [chip.minute, chipElement(chip, data, lines[index])]);
    const inOrder = [...drawn, ...free.map((place) => [place.minute, freeElement(place)])].sort(([one], [other]) => one - other);
    created.append(...inOrder.map(([, each]) => each));
    if (more) created.append(moreElement(cell, more));
    return created;
}

function headElement(column) {
    const created = element("div", column.today ? "head today" : "head");
    created.setAttribute("role", "columnheader");
    created.append(element("span", "read", [column.label, ...column.holidays].join(", ")));
    created.append(hidden(element("span", "", column.name)));
    if (column.number !== null) created.append(hidden(element("span", "date", column.number)));
    if (column.holidays.length) created.append(hidden(element("span", "holiday", column.holidays.join(", "))));
    created.title = column.holidays.join(", ");
    return created;
}

function rowElement(children) {
    const created = element("div", "row");
    created.setAttribute("role", "row");
    created.append(...children);
    return created;
}

function hourElement(text, now) {
    const created = element("div", now ? "hour now" : "hour", text);
    created.setAttribute("role", "rowheader");
    return created;
}

// The rows of a grid; of a week, only its days from one column until before another.
function gridElements(data, fit, from, until) {
    const shown = (cells) => (data.view === "week" ? cells.slice(from, until) : cells);
    const rows = data.rows.map(({ head, now, cells }) => rowElement([
        ...(head ? [hourElement(head, now)] : []), ...shown(cells).map((cell) => cellElement(cell, data, fit))]));
    if (data.columns.length) {
        const corner = element("div", "head");
        corner.setAttribute("role", "columnheader");
        corner.append(element("span", "read", "Hour"));
        const heads = rowElement([...(data.view === "week" ? [corner] : []), ...shown(data.columns).map(headElement)]);
        heads.classList.add("heads");
        rows.unshift(heads);
    }
    return rows;
}

function legendElements(data) {
    const kinds = [...data.legend.map(([label, name, colour]) => ({ label, name, colour: shade(colour) }))];
    if (data.rows.some(({ cells }) => cells.some(({ free }) => free.length))) {
        kinds.push({ label: "Free posting time", name: "add", colour: "currentcolor" });
    }
    const items = kinds.map(({ label, name, colour }) => {
        const item = element("li", "");
        item.style.setProperty("--shade", colour);
        item.append(name === "schedule" ? hidden(element("span", "swatch")) : icon(name), document.createTextNode(label));
        return item;
    });
    const empty = !data.legend.length;
    items.push(element("li", "help", empty ? "Click a day, or press Enter on it, to write a post for it."
        : "Drag a post to move it, or press M on it. Arrow keys and Enter work too."));
    return items;
}
