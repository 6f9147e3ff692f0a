"""The time fields of a post: date, time and zone, and the choice between two instants when a clock hour repeats."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, time
from typing import Self

import streamlit as st

from core.errors import PunctualError
from core.publishing.composing import suggest_time
from core.time import instants
from core.time.instants import offset_label, wall_time
from core.time.written_refusals import TimeInPast, WrittenTime
from ui.compose import late_fields
from ui.frame import zone_choices
from ui.frame.application import application


@dataclass(frozen=True, kw_only=True)
class ChosenTime:
    """A naive wall time and its zone; `which` is 1 or 2 when the clocks show that time twice, else None."""

    wall: datetime
    zone: str
    which: int | None

    @classmethod
    def at(cls, instant: datetime, zone: str) -> Self:
        """Return the wall time of an instant in whole seconds."""
        wall = wall_time(instant, zone).replace(tzinfo=None, microsecond=0)
        both = instants.instants(wall, zone)
        return cls(wall=wall, zone=zone, which=1 + both.index(instant) if len(both) == 2 and instant in both else None)

    @classmethod
    def of(cls, written: WrittenTime) -> Self:
        """Return a time that a person has written in words."""
        return cls(wall=written.wall, zone=written.zone, which=written.which)

    @property
    def instant(self) -> datetime:
        """The instant in UTC. Raises SkippedHour or DoubledHour."""
        return instants.instant(self.wall, self.zone, which=self.which)


def start(key: str, instant: datetime, zone: str) -> None:
    """Fill the fields under `key` that have no value yet."""
    state, second = st.session_state, instant.replace(microsecond=0)
    wall = wall_time(second, zone).replace(tzinfo=None)
    state.setdefault(_date(key), wall.date())
    state.setdefault(_time(key), wall.time())
    state.setdefault(_step(key), _step_of(wall))
    state.setdefault(_zone(key), zone)
    if len(both := instants.instants(wall, zone)) == 2:
        state.setdefault(_which(key), 1 + both.index(second))


def clear(key: str) -> None:
    """Empty the fields under `key`, so that `start` fills them again."""
    for field in (
        _date(key),
        _time(key),
        _step(key),
        _zone(key),
        _which(key),
        words_key(key),
        read_key(key),
        reading_key(key),
        _typed(key),
    ):
        st.session_state.pop(field, None)


def next_suggested(due_at: datetime | None) -> datetime:
    """Return `due_at` if it is in the future, else the time suggested for a new draft."""
    now = application().clock()
    return due_at if due_at is not None and due_at > now else suggest_time(now)


def set_time(key: str, at: time) -> None:
    """Fill the time field."""
    st.session_state.pop(_typed(key), None)
    st.session_state[_time(key)] = at


def set_wall(key: str, wall: datetime) -> None:
    """Fill the date field and the time field."""
    st.session_state.pop(_typed(key), None)
    st.session_state[_date(key)] = wall.date()
    st.session_state[_time(key)] = wall.time()


def fill(key: str, chosen: ChosenTime) -> None:
    """Fill all fields."""
    set_wall(key, chosen.wall)
    st.session_state[_step(key)] = _step_of(chosen.wall)
    st.session_state[_zone(key)] = chosen.zone
    st.session_state[_which(key)] = chosen.which


def time_to_schedule(key: str) -> ChosenTime:
    """Return the values of the fields. Raises the error of a time in words that is not understood."""
    reading = st.session_state.get(reading_key(key))
    if isinstance(reading, PunctualError):
        raise reading
    return chosen_time(key)


def is_unclear(key: str) -> bool:
    """Return whether the field for a time in words has words that are not understood. A time that has passed is."""
    reading = st.session_state.get(reading_key(key))
    return isinstance(reading, PunctualError) and not isinstance(reading, TimeInPast)


def replace(key: str, chosen: ChosenTime) -> None:
    """Fill all fields in place of what the tab shows. What it sends before it shows them changes nothing."""
    with late_fields.replacing(key, [_date(key), _time(key), _zone(key)], application().clock()):
        fill(key, chosen)


def forget_words(key: str) -> None:
    """Empty the field for a time in words, because a person has filled another field with another time."""
    late_fields.bring_back(key, application().clock())
    reading = st.session_state.get(reading_key(key))
    if not isinstance(reading, WrittenTime) or chosen_time(key) != ChosenTime.of(reading):
        _empty_words(key)


def _empty_words(key: str) -> None:
    st.session_state.pop(_typed(key), None)
    st.session_state[words_key(key)] = ""
    st.session_state[read_key(key)] = ""
    st.session_state[reading_key(key)] = None


def note_typed_wall(key: str, wall: datetime) -> None:
    """Note what the date and the time field show while one of them has the focus. Its value arrives later."""
    if wall != chosen_time(key).wall:
        _empty_words(key)
        st.session_state[_typed(key)] = (_sent(key), wall)


def words_key(key: str) -> str:
    """Return the key of the field for a time in words."""
    return f"{key}-words"


def reading_key(key: str) -> str:
    """Return the key of what the time in words means, or of the error that it is not understood with."""
    return f"{key}-reading"


def read_key(key: str) -> str:
    """Return the key of the words whose meaning is under `reading_key`."""
    return f"{key}-read"


def chosen_time(key: str) -> ChosenTime:
    """Return the values of the fields, for callbacks."""
    state, sent = st.session_state, _sent(key)
    before, typed = state.get(_typed(key), (None, sent))
    wall = typed if before == sent else sent  # once a field has sent another value, that is newer
    return ChosenTime(wall=wall, zone=state[_zone(key)], which=state.get(_which(key)))


def time_fields(key: str, date_label: str, below_time: Callable[[str], None]) -> None:
    """Draw the fields for date, time and zone; `below_time` draws what stands below date and time."""
    left, right = st.columns(2, wrap=False)
    left.date_input(
        date_label,
        key=_date(key),
        format="YYYY-MM-DD",
        required=True,
        on_change=forget_words,
        args=(key,),
        persist_state="session",
    )
    step: int = st.session_state[_step(key)]
    right.time_input(
        "Time",
        key=_time(key),
        step=step,
        required=True,
        on_change=forget_words,
        args=(key,),
        persist_state="session",
    )
    below_time(key)
    chosen = chosen_time(key)
    labels = zone_choices.labels(chosen.wall, chosen.zone)
    st.session_state[_zone(key)] = chosen.zone
    st.selectbox(
        "Time zone",
        labels,
        key=_zone(key),
        format_func=lambda zone: labels.get(zone, zone),
        filter_mode="contains",
        required=True,
        on_change=forget_words,
        args=(key,),
        persist_state="session",
        help=zone_choices.HELP,
    )


def which_field(key: str) -> None:
    """Draw the choice between the two instants of a repeated hour, if the chosen time has two."""
    chosen = chosen_time(key)
    both = instants.instants(chosen.wall, chosen.zone)
    if len(both) < 2:
        return
    offsets = dict(zip((1, 2), (offset_label(instant, chosen.zone) for instant in both), strict=True))
    st.radio(
        f"The clocks go back: {chosen.wall:%H:%M} occurs twice. Which one?",
        [1, 2],
        index=None,
        format_func=lambda which: f"{('First', 'Second')[which - 1]} ({offsets[which]})",
        key=_which(key),
        horizontal=True,
        persist_state="session",
    )


def _date(key: str) -> str:
    return f"{key}-date"


def _time(key: str) -> str:
    return f"{key}-time"


def _step_of(wall: datetime) -> int:
    """Return the step of the time field in seconds: 1 if the first value has seconds, so that they are shown, else 60.

    The step never changes later: a new step makes Streamlit replace the field while the person types in it.
    """
    return 1 if wall.second else 60


def _step(key: str) -> str:
    return f"{key}-step"


def _zone(key: str) -> str:
    return f"{key}-zone"


def _sent(key: str) -> datetime:
    """Return what the date and the time field have sent."""
    return datetime.combine(st.session_state[_date(key)], st.session_state[_time(key)])


def _typed(key: str) -> str:
    return f"{key}-typed-wall"


def _which(key: str) -> str:
    return f"{key}-which"
