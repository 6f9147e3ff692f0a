"""A month as a grid of days, each with the posts due on it; a click selects a day."""

from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import date

import streamlit as st

KEY = "month-grid"

_CSS = """
.month { display: grid; grid-template-columns: repeat(7, minmax(0, 1fr)); font-size: 0.8rem;
  border: 1px solid var(--st-border-color); border-radius: var(--st-base-radius); overflow: hidden; }
.name { padding: 0.4rem 0.5rem; font-weight: 600; color: var(--st-gray-text-color);
  background: var(--st-secondary-background-color); }
.day { position: relative; display: flex; flex-direction: column; gap: 0.15rem; min-height: 6rem;
  padding: 0.35rem 0.5rem; text-align: left; font: inherit; cursor: pointer;
  color: var(--st-text-color); background: var(--st-secondary-background-color);
  border: 0; border-top: 1px solid var(--st-border-color); border-left: 1px solid var(--st-border-color); }
.day:nth-child(7n + 1) { border-left: 0; }
.day.other { background: transparent; color: var(--st-gray-text-color); }
.day:hover, .day:focus-visible { outline: 2px solid var(--st-primary-color); outline-offset: -2px; }
.day[aria-pressed="true"] { box-shadow: inset 0 0 0 2px var(--st-primary-color); }
.label { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
.number { width: 1.6rem; line-height: 1.6rem; text-align: center; margin-left: -0.3rem; border-radius: 50%;
  font-weight: 600; font-variant-numeric: tabular-nums; }
.day[aria-current] .number { background: var(--st-primary-color); color: #ffffff; }
.post { overflow: hidden; white-space: nowrap; text-overflow: ellipsis; padding-left: 0.45rem;
  border-left: 3px solid var(--shade); }
.more { display: block; color: var(--st-gray-text-color); padding-left: calc(0.45rem + 3px); }
@media (max-width: 640px) {
  .day { min-height: 3.4rem; padding: 0.25rem; align-items: center; }
  .number { margin: 0; }
  .name { padding: 0.3rem 0; text-align: center; }
  .posts { display: flex; gap: 0.2rem; }
  .post { width: 0.4rem; height: 0.4rem; padding: 0; border: 0; border-radius: 50%; background: var(--shade); }
  .post, .more { font-size: 0; }
  .more { padding: 0; }
}
"""
_JS = """
function element(kind, className, text = "") {
    const created = document.createElement(kind);
    created.className = className;
    created.textContent = text;
    return created;
}

function dayCell(day, setTriggerValue) {
    const cell = element("button", day.in_month ? "day" : "day other");
    cell.type = "button";
    cell.dataset.iso = day.iso;
    cell.setAttribute("aria-pressed", day.selected);
    if (day.today) cell.setAttribute("aria-current", "date");
    const number = element("span", "number", day.number);
    number.setAttribute("aria-hidden", true);
    cell.append(element("span", "label", day.label), number);
    const posts = element("span", "posts");
    posts.id = `posts-${day.iso}`;
    posts.setAttribute("aria-hidden", true);
    cell.setAttribute("aria-describedby", posts.id);
    for (const post of day.posts) {
        const line = element("span", "post", `${post.time} ${post.text}`);
        line.style.display = "block";
        line.style.setProperty("--shade", `var(--st-${post.colour}-color)`);
        posts.append(line);
    }
    if (day.more) posts.append(element("span", "more", day.more));
    cell.append(posts);
    cell.onclick = () => setTriggerValue("day", day.iso);
    return cell;
}

export default function ({ data, parentElement, setTriggerValue }) {
    const month = parentElement.querySelector(".month");
    const focused = month.querySelector(":focus")?.dataset.iso;
    month.replaceChildren(
        ...data.names.map((name) => element("span", "name", name)),
        ...data.days.map((day) => dayCell(day, setTriggerValue)),
    );
    if (focused) month.querySelector(`[data-iso="${focused}"]`)?.focus({ preventScroll: true });
}
"""
_grid = st.components.v2.component("punctual_month", html='<div class="month"></div>', css=_CSS, js=_JS)


@dataclass(frozen=True, kw_only=True)
class CellPost:
    """One post in a day's cell; `colour` is one of the theme's."""

    time: str
    text: str
    colour: str


@dataclass(frozen=True, kw_only=True)
class DayCell:
    """The cell of one day. Screen readers read `label` first; `more` tells of the posts that the cell does not list."""

    iso: str
    number: int
    label: str
    in_month: bool
    today: bool
    selected: bool
    posts: list[CellPost]
    more: str


def month_grid(cells: list[DayCell], select: Callable[[date], None]) -> None:
    """Draw whole weeks that start on Monday, and call `select` with the day that is clicked."""

    def clicked() -> None:
        select(date.fromisoformat(st.session_state[KEY]["day"]))

    names = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"]
    _grid(key=KEY, data={"names": names, "days": [asdict(cell) for cell in cells]}, on_day_change=clicked)
