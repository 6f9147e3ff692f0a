// Moves a post: by mouse, by touch after a long press, or by keyboard. The server decides whether the move is possible.
const LONG_PRESS = 450;  // milliseconds
const SLIP = 6;  // pixels that a pointer may move before a press becomes a drag
const EDGE = 48;  // pixels from the edge of the window within which a drag scrolls
const BORDER = 14;  // pixels inside the left and the right border of the calendar at which a drag turns the page
const TURN = 800;  // milliseconds that a drag waits there, or on a button for another period

const padded = (number) => String(number).padStart(2, "0");

// The cell some days and hours after another one: `2026-12-03` or `2026-12-03T14`.
function shifted(at, days, hours) {
    const [year, month, day] = at.slice(0, 10).split("-").map(Number);
    const hour = at.length > 10 ? Number(at.slice(11)) : null;
    const moved = new Date(Date.UTC(year, month - 1, day + days, (hour ?? 0) + hours));
    const date = `${moved.getUTCFullYear()}-${padded(moved.getUTCMonth() + 1)}-${padded(moved.getUTCDate())}`;
    return hour === null ? date : `${date}T${padded(moved.getUTCHours())}`;
}

class Mover {
    constructor(board) {
        this.board = board;
        this.picked = null;  // { chip, from, at, instant, byPointer }
        this.press = null;
        this.swallow = false;  // whether the click after a drag is to be ignored
        const { root } = board;
        root.addEventListener("pointerdown", (event) => this.pressed(event));
        root.addEventListener("pointermove", (event) => this.moved(event));
        root.addEventListener("pointerup", (event) => this.released(event));
        root.addEventListener("pointercancel", () => this.lost());
        root.addEventListener("contextmenu", (event) => (this.press?.touch || this.picked?.byPointer) && event.preventDefault());
        root.addEventListener("touchmove", (event) => this.picked?.byPointer && event.preventDefault(), { passive: false });
        root.addEventListener("dragstart", (event) => event.preventDefault());
    }

    pressed(event) {
        const chip = event.target.closest(".chip");
        this.swallow = false;
        if (!chip || event.button !== 0 || this.picked) return;
        const touch = event.pointerType !== "mouse";
        this.press = { chip, touch, x: event.clientX, y: event.clientY, id: event.pointerId };
        if (touch) this.press.timer = setTimeout(() => this.take(), LONG_PRESS);
    }

    take() {
        const { chip, x, y, id, touch } = this.press;
        this.press = null;
        if (!this.pick(chip.dataset.key, true)) return;
        this.board.root.setPointerCapture?.(id);
        if (touch) navigator.vibrate?.(20);
        this.board.root.classList.add("dragging");
        this.follow(x, y);
    }

    moved(event) {
        if (this.press && event.pointerId === this.press.id) {
            if (Math.hypot(event.clientX - this.press.x, event.clientY - this.press.y) < SLIP) return;
            if (this.press.touch) return this.lost();  // it scrolls
            this.take();
        }
        if (this.picked?.byPointer) this.follow(event.clientX, event.clientY);
    }

    follow(x, y) {
        const under = this.board.root.getRootNode().elementFromPoint(x, y);
        const cell = under?.closest?.(".cell"), free = under?.closest?.(".free");
        const by = this.turnAt(x, y);
        this.turnSoon(by);
        this.aim(by ? null : cell?.dataset.at ?? null, by ? null : free?.dataset.instant ?? null);
        const ghost = (this.ghost ??= this.board.root.appendChild(element("div", "ghost")));
        const { chip } = this.picked;
        const refused = !by && ((!chip.offered && chip.fixed) || (cell?.classList.contains("past") && "This time has passed."));
        ghost.classList.toggle("no", Boolean(refused));
        ghost.textContent = by ? `${by < 0 ? "Previous" : "Next"} ${this.board.pageName()} …`
            : refused || (cell ? this.place(cell, free) : chip.time);
        ghost.style.left = `${Math.min(x + 14, innerWidth - 180)}px`;
        ghost.style.top = `${y + 14}px`;
        this.scroll(x, y);
    }

    // Whether a drag at this point turns the page: back (-1), ahead (1), or not (0). So do the borders and the buttons.
    turnAt(x, y) {
        const on = document.elementFromPoint(x, y);
        if (on?.closest(".st-key-previous")) return -1;
        if (on?.closest(".st-key-next")) return 1;
        const { left, right, top, bottom } = this.board.frame.getBoundingClientRect();
        if (y < top || y > bottom) return 0;
        return x < left + BORDER ? -1 : x > right - BORDER ? 1 : 0;
    }

    turnSoon(by) {
        if (by === this.turning) return;
        this.turning = by;
        clearTimeout(this.turnTimer);
        if (by) this.turnTimer = setTimeout(() => this.turn(by), TURN);
    }

    // Show another period during the drag, and the one after it if the pointer stays.
    turn(by) {
        if (!this.picked?.byPointer) return;
        this.board.turn(by);
        this.turnTimer = setTimeout(() => this.turn(by), 2 * TURN);
    }

    // The time at which a drop would put the post, in words.
    place(cell, free) {
        if (free) return `${cell.dataset.name.split(",")[0]}, ${free.dataset.time}`;
        return cell.dataset.at.length > 10 ? cell.dataset.name : `${cell.dataset.name}, ${this.picked.chip.time}`;
    }

    scroll(x, y) {
        const by = y < EDGE + 60 ? -14 : y > innerHeight - EDGE ? 14 : 0;
        if (!by) return;
        const { frame } = this.board;
        const before = frame.scrollTop;
        frame.scrollTop += by;
        if (frame.scrollTop === before) this.board.root.getRootNode().host?.closest("[data-testid=stMain]")?.scrollBy(0, by);
    }

    released(event) {
        clearTimeout(this.press?.timer);
        this.press = null;
        if (!this.picked?.byPointer) return;
        this.follow(event.clientX, event.clientY);
        this.swallow = true;
        this.drop();
    }

    lost() {
        clearTimeout(this.press?.timer);
        this.press = null;
        if (this.picked?.byPointer) this.cancel();
    }

    // Pick a post up; return whether it follows the pointer or the keys from now on.
    pick(key, byPointer = false) {
        const found = this.board.find(key);
        if (!found) return false;
        if (found.chip.fixed && !found.chip.offered && !byPointer) {
            this.board.say(`It cannot be moved. ${found.chip.fixed}`);
            return false;
        }
        this.picked = { ...found, at: found.from, instant: null, byPointer };
        this.board.mark();
        if (!byPointer) {
            this.board.say(`Picked up ${found.chip.time} ${found.chip.text.slice(0, 40)}. `
                + "Arrow keys move it, Enter drops it, Escape cancels.");
        }
        return true;
    }

    aim(at, instant = null) {
        this.picked.at = at;
        this.picked.instant = instant;
        this.board.mark();
    }

    // Move the picked post by keyboard.
    shift(days, hours) {
        const at = shifted(this.picked.at ?? this.picked.from, days, hours);
        this.aim(at);
        const cell = this.board.cell(at);
        if (cell) {
            cell.scrollIntoView({ block: "nearest" });
            this.board.say(cell.classList.contains("past") ? `${cell.dataset.name}, has passed` : cell.dataset.name);
        } else this.board.send({ name: "page", at });
    }

    drop() {
        const { chip, from, at, instant, byPointer } = this.picked;
        const past = this.board.cell(at)?.classList.contains("past");
        if (chip.fixed && !chip.offered) this.board.say(`It cannot be moved. ${chip.fixed}`);
        else if (past && at !== from) this.board.say(`${this.board.cell(at).dataset.name} has passed. The post keeps its time.`);
        else if (at === null || (at === from && !instant)) this.board.say(byPointer ? "" : "It keeps its time.");
        else {
            this.board.say("Moving …");
            if (!chip.offered) this.board.show(chip.key, at);
            this.board.send({ name: "move", key: chip.key, at, instant });
        }
        this.end();
    }

    cancel() {
        this.board.say("Cancelled. The post keeps its time.");
        this.swallow = true;
        this.end();
    }

    end() {
        this.picked = null;
        this.turnSoon(0);
        this.ghost?.remove();
        this.ghost = null;
        this.board.dropKept();
        this.board.root.classList.remove("dragging");
        this.board.mark();
        this.board.redrawn();
    }
}
