// The days of a week for which a narrow calendar has room: a person turns to the days before and after them.
const NARROW = 480, NARROW_DAYS = 3;  // the width in pixels below which a week shows fewer days, and their number
const SWIPE = 56;  // pixels

class Turner {
    constructor(board) {
        this.board = board;
        this.bar = board.root.querySelector(".turner");
        this.days = 7;
        this.from = 0;  // the first shown day
        this.edge = 0;  // whether the next week begins with its last days (-1), or its first ones (1)
        for (const each of this.bar.querySelectorAll("button")) {
            each.addEventListener("click", () => this.turn(Number(each.dataset.by)));
        }
        const { frame } = board;
        frame.addEventListener("touchstart", ({ touches }) => this.touched = touches.length === 1 ? touches[0] : null,
            { passive: true });
        frame.addEventListener("touchend", (event) => this.swiped(event.changedTouches[0]));
    }

    get active() {
        return this.board.data.view === "week" && this.days < 7;
    }

    // Fit the days into the width; return whether their number has changed.
    measure(width) {
        const days = width && width < NARROW ? NARROW_DAYS : 7;
        if (days === this.days) return false;
        this.days = days;
        this.choose();
        return true;
    }

    // Begin with today, or with the days to which a person has turned from another week.
    choose() {
        const last = 7 - this.days;
        const today = this.board.data.columns.findIndex((each) => each.today);
        this.from = Math.max(0, Math.min(last, this.edge < 0 ? last : this.edge > 0 ? 0 : today));
        this.edge = 0;
    }

    // The shown columns: the first one, and the one after the last.
    columns() {
        return this.active ? { from: this.from, until: this.from + this.days } : { from: 0, until: this.board.data.columns.length };
    }

    render() {
        this.bar.hidden = !this.active;
        if (!this.active) return;
        const { from, until } = this.columns(), { columns } = this.board.data;
        this.bar.querySelector("span").textContent = `${columns[from].label} – ${columns[until - 1].label}`;
    }

    // Show the days before or after the shown ones, if need be of another week.
    turn(by) {
        const last = 7 - this.days;
        if (by < 0 ? this.from > 0 : this.from < last) {
            this.from = Math.max(0, Math.min(last, this.from + by * this.days));
            this.board.render();
        } else {
            this.edge = by;
            this.board.send({ name: "page", by });
        }
    }

    swiped({ clientX, clientY }) {
        const from = this.touched, { mover } = this.board;
        this.touched = null;
        if (!from || !this.active || mover.picked || mover.swallow) return;
        const across = clientX - from.clientX;
        if (Math.abs(across) > SWIPE && Math.abs(across) > 2 * Math.abs(clientY - from.clientY)) {
            mover.swallow = true;  // no click follows
            this.turn(across < 0 ? 1 : -1);
        }
    }
}
