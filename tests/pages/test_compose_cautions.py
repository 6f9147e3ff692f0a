"""The second look in Compose: warnings above Schedule, and the choice of warnings."""

from datetime import time, timedelta

import pytest

from core.scheduling.caution_settings.port import CautionSettings


@pytest.fixture
def compose(browse, plan):
    """Open Compose with a draft whose text another post has, at the suggested time."""
    plan("Summer sale", minutes=120)
    session = browse("compose")
    session.write("Summer sale")
    return session


def warned(session) -> str:
    return " ".join(element.value for element in session.warning).replace("\\", "")


def test_an_empty_draft_has_no_warnings(browse):
    assert "same text" not in warned(browse("compose"))


def test_a_warning_says_what_is_wrong_and_what_to_do(compose):
    assert "gets the same text on Mon 2 Nov 2026, 15:00 Europe/Berlin." in warned(compose)
    assert "Change the text if your readers should not see it twice." in warned(compose)


def test_the_warning_ends_with_its_reason(compose):
    compose.write("Winter sale")
    assert "same text" not in warned(compose)


def test_a_warning_is_no_wall(compose, application, clock):
    compose.schedule()
    end = clock() + timedelta(days=30)
    assert len(application.views.upcoming(end, limit=9).entries) == 2


def test_a_warning_is_switched_off_and_on_again(compose, application):
    compose.click("choose-warnings")
    compose.toggle(key="caution-same-text").set_value(False)
    compose.click("save-warnings")
    assert "same text" not in warned(compose)
    assert application.backend.caution_settings.read() == CautionSettings(off=frozenset({"same text"}))
    compose.click("choose-warnings")
    assert compose.toggle(key="caution-same-text").value is False
    compose.toggle(key="caution-same-text").set_value(True)
    compose.click("save-warnings")
    assert "the same text" in warned(compose)


def test_the_limits_of_the_warnings_are_saved(compose, application):
    compose.click("choose-warnings")
    compose.number_input(key="caution-days").set_value(7)
    compose.number_input(key="caution-minutes").set_value(90)
    compose.time_input(key="caution-quiet-from").set_value(time(13))
    compose.time_input(key="caution-quiet-until").set_value(time(14))
    compose.multiselect(key="caution-countries").set_value(["FR"])
    compose.click("save-warnings")
    assert application.backend.caution_settings.read() == CautionSettings(
        same_text_days=7, close_minutes=90, quiet_from=time(13), quiet_until=time(14), countries=("FR",)
    )
    assert "is in the quiet hours, 13:00 to 14:00" in warned(compose)


def test_a_damaged_file_of_settings_does_not_break_compose(browse, application):
    application.home.cautions.write_text("{")
    session = browse("compose")
    session.write("Hello")
    assert "Delete the file" in session.shown
    session.schedule()
    assert "**Scheduled**" in session.shown
