"""The calendar in the browser: it draws a grid, and sends what a person does with it."""

from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

import streamlit as st
from pydantic import Field, ValidationError

from core.posts.models import FrozenModel
from ui.calendar.grid import Grid

KEY = "calendar"
_HERE = Path(__file__).parent
_HTML = """
<div class="calendar"><div class="turner" hidden>
<button type="button" data-by="-1" aria-label="Earlier days">chevron_left</button><span aria-live="polite"></span>
<button type="button" data-by="1" aria-label="Later days">chevron_right</button></div>
<div class="frame"></div><ul class="legend"></ul>
<div class="bar" hidden><span class="said" role="status"></span>
<button type="button" class="answer" hidden></button></div></div>
"""
_SCRIPTS = ("../frame/elements.js", "drawing.js", "moving.js", "turning.js", "calendar.js")
_component = st.components.v2.component(
    "punctual_calendar",
    html=_HTML,
    css=(_HERE / "calendar.css").read_text(encoding="utf-8"),
    js="\n".join((_HERE / name).read_text(encoding="utf-8") for name in _SCRIPTS),
)

ActionName = Literal["open", "close", "compose", "move", "day", "page", "undo", "answer"]


@dataclass(frozen=True, kw_only=True)
class CalendarMessage:
    """A message, and the label of its button, if it has one. `number` differs from that of the message before."""

    number: int = 0
    text: str = ""
    button: str = ""
    failed: bool = False


class CalendarAction(FrozenModel):
    """What a person did.

    A post (`key`) is opened, or moved to the cell `at` or a free place (`instant`). `answer` is the button beside the
    message, and `undo` its key. `day` shows all posts of a day. `page` shows the next period (`by` is 1), the previous
    one, or the one of `at`.
    """

    name: ActionName
    key: str = Field(default="", max_length=100)
    at: str = Field(default="", pattern=r"^(20\d\d-\d\d-\d\d(T\d\d)?)?$")
    instant: str | None = Field(default=None, pattern=r"^20\d\d-[0-9:TZ.+-]+$")
    by: int = Field(default=0, ge=-1, le=1)


def calendar_grid(
    grid: Grid, *, opened: str | None, message: CalendarMessage, act: Callable[[CalendarAction], None]
) -> None:
    """Draw the grid and the message below it, which is announced, and call `act` with each action."""

    def acted() -> None:
        sent: Any = st.session_state.get(KEY)
        action = _readable(sent["act"]) if sent else None
        if action is not None:
            act(action)

    data = {**asdict(grid), "opened": opened, "message": asdict(message)}
    _component(key=KEY, data=data, on_act_change=acted)


def _readable(sent: Any) -> CalendarAction | None:
    """Return the action that the browser sent; None if it is not one, as after an update of the server."""
    try:
        return CalendarAction.model_validate(sent)
    except ValidationError:
        return None
