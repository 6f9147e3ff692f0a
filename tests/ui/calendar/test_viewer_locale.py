from datetime import time

import pytest

from ui.calendar.viewer_locale import Conventions, conventions


@pytest.mark.parametrize(
    ("locale", "first_weekday", "twelve_hours"),
    [
        ("en-US", 6, True),
        ("en-GB", 0, False),
        ("de-DE", 0, False),
        ("ar-EG", 5, True),
        ("fa-IR", 5, False),
        ("pt-BR", 6, False),
        ("zh-Hant-TW", 6, True),
        ("xx-no", 0, False),
        ("", 0, False),
        (None, 0, False),
    ],
)
def test_a_locale_says_when_weeks_begin_and_whether_clocks_have_twelve_hours(locale, first_weekday, twelve_hours):
    assert conventions(locale) == Conventions(first_weekday, twelve_hours)


def test_times_are_written_with_twelve_or_with_24_hours():
    assert [Conventions().clock(time(hour, 7)) for hour in (0, 9, 12, 21)] == ["00:07", "09:07", "12:07", "21:07"]
    here = Conventions(twelve_hours=True)
    assert [here.clock(time(hour, 7)) for hour in (0, 9, 12, 21)] == ["12:07 am", "9:07 am", "12:07 pm", "9:07 pm"]
    assert (here.clock(time(9, 7, 5)), here.hour(13), Conventions().hour(9)) == ("9:07:05 am", "1 pm", "09:00")
