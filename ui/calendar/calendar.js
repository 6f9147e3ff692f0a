// The calendar: keeps what is drawn, the focus, and the keys. The server gives the data and decides everything.
const SAID_FOR = 7000;  // milliseconds
const LINE = 20.4, HEAD = 29;  // pixels of a chip with its gap, and of the top of a cell
const AROUND = 242;  // pixels of the window that a month does not have

class Board {
    constructor(root) {
        this.root = root;
        this.frame = root.querySelector(".frame");
        this.bar = root.querySelector(".bar");
        this.answer = root.querySelector(".answer");
        this.answer.onclick = () => this.send({ name: "answer" });
        this.focused = null;
        this.number = null;
        this.mover = new Mover(this);
        this.turner = new Turner(this);
        this.frame.setAttribute("role", "grid");
        this.frame.setAttribute("aria-label", "Calendar");
        root.addEventListener("click", (event) => this.clicked(event));
        root.addEventListener("keydown", (event) => this.keyed(event));
        root.addEventListener("focusin", (event) => this.focusMoved(event.target.closest("[data-id]")));
        new ResizeObserver(() => this.data && this.measure() && this.render()).observe(root);
    }

    update(data, act) {
        const first = this.data?.view !== data.view;
        const others = this.data?.columns[0]?.label !== data.columns[0]?.label;
        this.data = data;
        if (others) this.turner.choose();
        this.send = (action) => act(action);
        this.measure();
        this.render();
        if (first) this.scrollToNow();
        const { number, text, button, failed } = data.message;
        if (this.number !== number) this.say(text, button, failed);
        this.number = number;
    }

    // Find out how high a row is, and for how many lines it has room. Return whether that has changed.
    measure() {
        const turned = this.turner.measure(this.root.clientWidth);
        const narrow = innerWidth <= 640;
        const rows = this.data.rows.length;
        const row = Math.round(Math.min(240, Math.max(narrow ? 88 : 97, (innerHeight - AROUND) / rows)));
        const room = this.data.view === "month" ? Math.floor((row - HEAD) / LINE) : this.data.view === "week" ? 4 : 400;
        this.below = this.turner.days < 7;
        const changed = room !== this.room || row !== this.row || turned;
        this.room = room;
        this.row = row;
        return changed;
    }

    render() {
        if (this.mover.picked?.byPointer) {
            if (!this.turned) return;  // `redrawn` draws it after the drag
            this.keep(this.mover.picked.chip.key);
        }
        this.turned = false;
        const root = this.root.getRootNode();
        const had = this.root.contains(root.activeElement);
        const { scrollTop, scrollLeft } = this.frame;
        this.root.style.setProperty("--row", `${this.row}px`);
        this.frame.className = `frame ${this.data.view}`;
        const { from, until } = this.turner.columns();
        this.root.style.setProperty("--days", until - from);
        this.frame.replaceChildren(...gridElements(this.data, { room: this.room, below: this.below }, from, until));
        this.turner.render();
        this.root.querySelector(".legend").replaceChildren(...legendElements(this.data));
        this.frame.scrollTop = scrollTop;
        this.frame.scrollLeft = scrollLeft;
        this.drawn = this.data;
        const tab = this.tabStop();
        if (tab) {
            tab.tabIndex = 0;
            if (had) tab.focus({ preventScroll: true });
        }
        this.mark();
    }

    redrawn() {
        if (this.drawn !== this.data) this.render();
    }

    // Turn the page during a drag.
    turn(by) {
        this.turned = true;
        if (this.turner.active) this.turner.turn(by);
        else this.send({ name: "page", by });
    }

    pageName() {
        if (this.turner.active) return "days";
        return { month: "month", week: "week", list: "two weeks" }[this.data.view];
    }

    // Keep the dragged chip in the document while other days are drawn: the browser sends a touch to where it began.
    keep(key) {
        const chip = this.frame.querySelector(`.chip[data-key="${CSS.escape(key)}"]`);
        if (!chip || this.kept) return;
        chip.classList.add("kept");
        this.kept = this.root.appendChild(chip);
    }

    dropKept() {
        this.kept?.remove();
        this.kept = null;
    }

    scrollToNow() {
        const row = this.frame.querySelector(".chip.open")?.closest(".row")
            ?? this.frame.querySelectorAll(".row")[this.data.first_hour + 1];
        if (this.data.view === "week" && row) {
            this.frame.scrollTop = row.offsetTop - this.frame.offsetTop - this.frame.querySelector(".heads").offsetHeight;
        } else this.frame.scrollTop = 0;
    }

    // The element that Tab reaches: the one that had the focus, else today, else the first day of the month.
    tabStop() {
        const find = (id) => id && this.frame.querySelector(`[data-id="${CSS.escape(id)}"]`);
        return find(this.focused) ?? this.frame.querySelector(".cell.today > .day")
            ?? this.frame.querySelector(".cell:not(.other) > .day") ?? this.frame.querySelector(".day");
    }

    focusMoved(target) {
        if (!target) return;
        for (const each of this.frame.querySelectorAll("[tabindex='0']")) each.tabIndex = -1;
        target.tabIndex = 0;
        this.focused = target.dataset.id;
    }

    cells() {
        return [...this.frame.querySelectorAll(".cell")];
    }

    cell(at) {
        return at && this.frame.querySelector(`.cell[data-at="${CSS.escape(at)}"]`);
    }

    find(key) {
        for (const { cells } of this.data.rows) {
            for (const cell of cells) {
                const chip = cell.chips.find((each) => each.key === key);
                if (chip) return { chip, from: cell.at };
            }
        }
        return null;
    }

    // Mark the picked post and the cell that it would be dropped on.
    mark() {
        const picked = this.mover.picked;
        for (const each of this.root.querySelectorAll(".picked, .target")) each.classList.remove("picked", "target");
        if (!picked) return;
        this.frame.querySelector(`.chip[data-key="${CSS.escape(picked.chip.key)}"]`)?.classList.add("picked");
        this.cell(picked.at)?.classList.add("target");
        if (picked.instant) this.frame.querySelector(`.free[data-instant="${picked.instant}"]`)?.classList.add("target");
    }

    // Show a moved post in its new cell at once; the server's answer replaces it.
    show(key, at) {
        const chip = this.frame.querySelector(`.chip[data-key="${CSS.escape(key)}"]`);
        const had = this.root.contains(this.root.getRootNode().activeElement);
        if (chip) this.cell(at)?.append(chip);
        if (had) chip?.focus({ preventScroll: true });  // an element that changes its place loses the focus
        this.focused = `chip ${key}`;
    }

    // Show and announce a message. One with a button stays until the next one.
    say(text, button = "", failed = false) {
        this.bar.hidden = !text;
        this.bar.classList.toggle("failed", failed);
        this.bar.querySelector(".said").textContent = text;
        this.answer.textContent = button;
        this.answer.hidden = !button;
        clearTimeout(this.timer);
        if (!button) this.timer = setTimeout(() => this.say(""), failed ? 2 * SAID_FOR : SAID_FOR);
    }

    clicked(event) {
        const target = event.target.closest("[data-id]");
        if (this.mover.swallow || !target) {
            this.mover.swallow = false;
            return;
        }
        const cell = target.closest(".cell");
        if (this.mover.picked) {
            this.mover.aim(cell.dataset.at, target.dataset.instant ?? null);
            this.mover.drop();
        } else this.activate(target, cell);
    }

    activate(target, cell) {
        if (target.dataset.key) this.send({ name: "open", key: target.dataset.key });
        else if (target.dataset.instant) this.send({ name: "compose", at: cell.dataset.at, instant: target.dataset.instant });
        else if (target.classList.contains("more")) this.send({ name: "day", at: cell.dataset.at });
        else if (cell.classList.contains("past")) this.say(`${cell.dataset.name} has passed.`);
        else this.send({ name: "compose", at: cell.dataset.at });
    }

    keyed(event) {
        const target = event.target.closest("[data-id]");
        if (!target || event.altKey || event.metaKey) return;
        if (event.ctrlKey) {
            if (event.key.toLowerCase() === "z") this.send({ name: "undo" });
            return;
        }
        const handled = this.mover.picked ? this.keyedWhilePicked(event) : this.keyedOn(event, target);
        if (handled) {
            event.preventDefault();
            event.stopPropagation();
        }
    }

    keyedWhilePicked({ key }) {
        const { view } = this.data;
        const rows = { ArrowUp: -1, ArrowDown: 1 }, columns = { ArrowLeft: -1, ArrowRight: 1 };
        if (key === "Escape") this.mover.cancel();
        else if (key === "Enter" || key === " ") this.mover.drop();
        else if (key in columns) this.mover.shift(columns[key], 0);
        else if (key in rows && view === "week") this.mover.shift(0, rows[key]);
        else if (key in rows) this.mover.shift(rows[key] * (view === "month" ? 7 : 1), 0);
        else return key !== "Tab";
        return true;
    }

    keyedOn({ key }, target) {
        const cell = target.closest(".cell"), cells = this.cells();
        const { from, until } = this.turner.columns();
        const width = this.data.view === "list" ? 1 : until - from, index = cells.indexOf(cell);
        const inside = [...cell.querySelectorAll("[data-id]")], within = inside.indexOf(target);
        const go = (to) => (to?.classList.contains("cell") ? to.firstElementChild : to)?.focus();
        const turns = this.turner.active;
        if (turns && key === "ArrowLeft" && index % width === 0) this.turner.turn(-1);
        else if (turns && key === "ArrowRight" && index % width === width - 1) this.turner.turn(1);
        else if (key === "ArrowLeft") go(cells[index - 1]);
        else if (key === "ArrowRight") go(cells[index + 1]);
        else if (key === "ArrowDown") go(inside[within + 1] ?? cells[index + width]);
        else if (key === "ArrowUp" && within > 0) go(inside[within - 1]);
        else if (key === "ArrowUp") go([...(cells[index - width]?.querySelectorAll("[data-id]") ?? [])].pop());
        else if (key === "Home") go(cells[index - (index % width)]);
        else if (key === "End") go(cells[index - (index % width) + width - 1]);
        else if (key === "PageUp" || key === "PageDown") this.send({ name: "page", by: key === "PageUp" ? -1 : 1 });
        else if (key === "Enter" || key === " ") this.activate(target, cell);
        else if (key.toLowerCase() === "m" && target.dataset.key) this.mover.pick(target.dataset.key);
        else if (key === "Escape" && this.data.opened) this.send({ name: "close" });
        else return false;
        return true;
    }
}

export default function ({ data, parentElement, setTriggerValue }) {
    const root = parentElement.querySelector(".calendar");
    if (parentElement.board?.root !== root) parentElement.board = new Board(root);
    parentElement.board.update(data, (action) => setTriggerValue("act", action));
}
