"""The fields that say when: date, time and zone, and which one where an hour comes twice."""

from dataclasses import dataclass
from datetime import datetime, time

import streamlit as st

from core.publishing.composing import proposed_time
from core.time import instants
from core.time.instants import offset_label, wall_time
from ui.frame import zone_choices
from ui.frame.application import application


@dataclass(frozen=True, kw_only=True)
class Picked:
    """What stands in the fields: a wall time, where, and which one (1 or 2) where the hour comes twice."""

    wall: datetime
    zone: str
    which: int | None

    @property
    def instant(self) -> datetime:
        """The instant that is meant. Raises SkippedHour or DoubledHour."""
        return instants.instant(self.wall, self.zone, which=self.which)


def start(key: str, instant: datetime, zone: str) -> None:
    """Fill the fields under `key` unless they are filled already."""
    state, second = st.session_state, instant.replace(microsecond=0)
    wall = wall_time(second, zone).replace(tzinfo=None)
    state.setdefault(_date(key), wall.date())
    state.setdefault(_time(key), wall.time())
    state.setdefault(_step(key), _step_of(wall))
    state.setdefault(_zone(key), zone)
    if len(both := instants.instants(wall, zone)) == 2:
        state.setdefault(_which(key), 1 + both.index(second))


def forget(key: str) -> None:
    """Empty the fields under `key`, so that `start` fills them anew."""
    for field in (_date(key), _time(key), _step(key), _zone(key), _which(key)):
        st.session_state.pop(field, None)


def next_proposed(due_at: datetime | None) -> datetime:
    """Return `due_at` if it lies ahead, else the time that a new draft would begin with."""
    now = application().clock()
    return due_at if due_at is not None and due_at > now else proposed_time(now)


def set_time(key: str, at: time) -> None:
    """Put a time of day into its field."""
    st.session_state[_time(key)] = at


def use(key: str, wall: datetime) -> None:
    """Put a wall time into the fields."""
    st.session_state[_date(key)] = wall.date()
    st.session_state[_time(key)] = wall.time()


def put(key: str, chosen: Picked) -> None:
    """Fill the fields with what stood in others."""
    use(key, chosen.wall)
    st.session_state[_step(key)] = _step_of(chosen.wall)
    st.session_state[_zone(key)] = chosen.zone
    st.session_state[_which(key)] = chosen.which


def picked(key: str) -> Picked:
    """Return what stands in the fields; for callbacks."""
    state = st.session_state
    wall = datetime.combine(state[_date(key)], state[_time(key)])
    return Picked(wall=wall, zone=state[_zone(key)], which=state.get(_which(key)))


def pick(key: str, date_label: str) -> None:
    """Draw the fields."""
    left, right = st.columns(2, wrap=False)
    left.date_input(date_label, key=_date(key), format="YYYY-MM-DD", required=True, persist_state="session")
    step: int = st.session_state[_step(key)]
    right.time_input("Time", key=_time(key), step=step, required=True, persist_state="session")
    chosen = picked(key)
    labels = zone_choices.labels(chosen.wall, chosen.zone)
    st.session_state[_zone(key)] = chosen.zone
    st.selectbox(
        "Time zone",
        labels,
        key=_zone(key),
        format_func=lambda zone: labels.get(zone, zone),
        filter_mode="contains",
        required=True,
        persist_state="session",
        help="Type a city, a country or an offset, for example Tokyo, Brazil or +05:30.",
    )


def ask_which(key: str) -> None:
    """Where the clocks go back over the time, let the person say which of the two is meant."""
    chosen = picked(key)
    both = instants.instants(chosen.wall, chosen.zone)
    if len(both) < 2:
        return
    names = dict(zip((1, 2), (offset_label(instant, chosen.zone) for instant in both), strict=True))
    st.radio(
        f"The clocks go back: {chosen.wall:%H:%M} comes twice that day. Which one?",
        [1, 2],
        index=None,
        format_func=lambda which: f"{('first', 'second')[which - 1]} ({names[which]})",
        key=_which(key),
        horizontal=True,
        persist_state="session",
    )


def _date(key: str) -> str:
    return f"{key}-date"


def _time(key: str) -> str:
    return f"{key}-time"


def _step_of(wall: datetime) -> int:
    """Return how many seconds apart the field's times are: it shows seconds where it begins with some, and keeps to it.

    A field whose step changes is another one, and would be taken from whoever is typing in it.
    """
    return 1 if wall.second else 60


def _step(key: str) -> str:
    return f"{key}-step"


def _zone(key: str) -> str:
    return f"{key}-zone"


def _which(key: str) -> str:
    return f"{key}-which"
