"""Times of day as people type them."""

from datetime import time

import pytest

from core.timetable.written_minutes import UnreadableMinute, read_minute


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("09:07", time(9, 7)),
        (" 9:07 ", time(9, 7)),
        ("9.07", time(9, 7)),
        ("0907", time(9, 7)),
        ("17h41", time(17, 41)),
        ("17h", time(17)),
        ("9", time(9)),
        ("5:41 pm", time(17, 41)),
        ("5:41p.m.", time(17, 41)),
        ("12 am", time()),
        ("12:30 PM", time(12, 30)),
        ("23:59", time(23, 59)),
    ],
)
def test_a_time_is_read(text, read):
    assert read_minute(text) == read


@pytest.mark.parametrize("text", ["", "soon", "24:00", "09:60", "9:7", "13 pm", "0 am", "09:07:30", "-9", "9:07 Uhr"])
def test_a_text_that_is_no_time_is_refused(text):
    with pytest.raises(UnreadableMinute):
        read_minute(text)
