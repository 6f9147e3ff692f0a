// The cropper: a part of a picture that a person moves and sizes, and its focal point. All numbers are parts of the picture.
const RATIOS = [["Free", 0], ["1:1", 1], ["4:5", 4 / 5], ["16:9", 16 / 9]];
const LEAST = 0.05, STEP = 0.02;
const within = (value, least, most) => Math.min(most, Math.max(least, value));

class Cropper {
    constructor(root) {
        this.root = root;
        this.image = root.querySelector("img");
        this.stage = root.querySelector(".stage");
        this.area = root.querySelector(".area");
        this.point = root.querySelector(".focus");
        this.said = root.querySelector("[role=status]");
        this.ratio = 0;
        this.part = { left: 0, top: 0, width: 1, height: 1 };
        this.focus = { left: 0.5, top: 0.5 };
        this.buttons = RATIOS.map(([name, ratio]) => {
            const button = document.createElement("button");
            button.type = "button";
            button.textContent = name;
            button.onclick = () => this.shape(ratio);
            root.querySelector(".ratios").append(button);
            return button;
        });
        root.querySelector(".apply").onclick = () => this.send({ name: "crop", ...this.part });
        this.area.onpointerdown = (event) => this.drag(event, event.target.matches(".corner") ? "size" : "move");
        this.point.onpointerdown = (event) => this.drag(event, "focus");
        this.area.onkeydown = (event) => this.key(event, event.shiftKey ? "size" : "move");
        this.point.onkeydown = (event) => this.key(event, "focus");
        this.point.onkeyup = (event) => event.key.startsWith("Arrow") && this.sendFocus();
        this.image.onload = () => this.draw();
    }

    update({ picture, focus }, send) {
        this.send = send;
        if (this.image.src !== picture) {
            this.image.src = picture;
            this.part = { left: 0, top: 0, width: 1, height: 1 };
            this.ratio = 0;
        }
        if (focus.length) this.focus = { left: focus[0], top: focus[1] };
        this.draw();
    }

    get aspect() { return (this.image.naturalWidth || 1) / (this.image.naturalHeight || 1); }

    shape(ratio) {
        this.ratio = ratio;
        if (ratio) {  // the largest part of this shape, around the middle of the one before
            const { left, top, width, height } = this.part, shown = ratio / this.aspect;
            const size = shown > 1 ? { width: 1, height: 1 / shown } : { width: shown, height: 1 };
            this.part = { ...size, left: left + width / 2 - size.width / 2, top: top + height / 2 - size.height / 2 };
        }
        this.change("move", 0, 0);
    }

    change(what, x, y) {
        const part = this.part;
        if (what === "focus") {
            this.focus = { left: within(this.focus.left + x, 0, 1), top: within(this.focus.top + y, 0, 1) };
        } else if (what === "size") {
            part.width = within(part.width + x, LEAST, 1 - part.left);
            part.height = within(part.height + y, LEAST, 1 - part.top);
            if (this.ratio) {
                const shown = this.ratio / this.aspect;
                part.width = Math.min(Math.abs(x) >= Math.abs(y) ? part.width : part.height * shown,
                    1 - part.left, (1 - part.top) * shown);
                part.height = part.width / shown;
            }
        } else {
            part.left = within(part.left + x, 0, 1 - part.width);
            part.top = within(part.top + y, 0, 1 - part.height);
        }
        this.draw();
    }

    drag(event, what) {
        event.preventDefault();
        event.stopPropagation();
        event.currentTarget.focus();
        const { width, height } = this.stage.getBoundingClientRect();
        let { clientX, clientY } = event;
        const onMove = (moved) => {
            this.change(what, (moved.clientX - clientX) / width, (moved.clientY - clientY) / height);
            ({ clientX, clientY } = moved);
        };
        const onUp = () => {
            document.removeEventListener("pointermove", onMove);
            if (what === "focus") this.sendFocus();
        };
        document.addEventListener("pointermove", onMove);
        document.addEventListener("pointerup", onUp, { once: true });
    }

    key(event, what) {
        const by = { ArrowLeft: [-STEP, 0], ArrowRight: [STEP, 0], ArrowUp: [0, -STEP], ArrowDown: [0, STEP] }[event.key];
        if (!by) return;
        event.preventDefault();
        this.change(what, ...by);
    }

    sendFocus() { this.send({ name: "focus", ...this.focus }); }

    draw() {
        const percent = (value) => `${value * 100}%`;
        for (const name of ["left", "top", "width", "height"]) this.area.style[name] = percent(this.part[name]);
        this.point.style.left = percent(this.focus.left);
        this.point.style.top = percent(this.focus.top);
        this.buttons.forEach((button, at) => button.setAttribute("aria-pressed", String(RATIOS[at][1] === this.ratio)));
        this.said.textContent = `${Math.round(this.part.width * 100)} % of the width, ${Math.round(this.part.height * 100)} % of the height`;
    }
}

export default function ({ data, parentElement, setTriggerValue }) {
    const root = parentElement.querySelector(".cropper");
    root.cropper ??= new Cropper(root);
    root.cropper.update(data, (action) => setTriggerValue("act", action));
}
