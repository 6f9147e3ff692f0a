"""Health: the checks and their remedies, the dead letters, and the schedules that differ from the ledger."""

from collections.abc import Sequence

import streamlit as st

from core.application import Application
from core.errors import PunctualError
from core.health import reconciliation
from core.health.checks import run_checks
from core.health.findings import CheckResult, HealthStatus
from core.health.ledger import KIND_LABELS, check_agreement
from core.health.reconciliation import ScheduleDifference
from core.scheduling.dead_letters import DeadLetter
from core.time.phrases import date_and_time
from ui.frame.application import application
from ui.frame.callbacks import callback, show_error
from ui.frame.card_buttons import card_button
from ui.frame.health_light import note_results
from ui.frame.state import widget_key
from ui.frame.viewer import viewer_zone
from ui.frame.wording import escape

ICONS: dict[HealthStatus, tuple[str, str]] = {
    "good": ("check_circle", "green"),
    "warning": ("warning", "orange"),
    "bad": ("error", "red"),
    "unknown": ("help", "gray"),
}


@st.cache_data(ttl=30, max_entries=8, show_spinner=False)
def checked(
    _app: Application, home: str, zone: str
) -> tuple[list[CheckResult], list[DeadLetter], list[ScheduleDifference]]:
    """Return the check results, the dead letters and the differing schedules, cached for 30 s for all viewers.

    `home` identifies the application in the cache key.
    """
    checks = run_checks(_app, _app.clock(), zone=zone)
    statuses = {check.id: check.status for check in checks}
    try:
        letters = _app.dead_letters.read()
        agree = statuses[check_agreement.__name__] in ("good", "unknown")
        differences = [] if agree else reconciliation.find_differences(_app, _app.clock())
    except PunctualError:  # the checks show this error
        letters, differences = [], []
    return checks, letters, differences


def check_row(check: CheckResult) -> None:
    """Draw one check."""
    icon, colour = ICONS[check.status]
    with st.container(key=widget_key("check-row", check.id), horizontal=True, vertical_alignment="top", gap="xsmall"):
        st.markdown(f":{colour}[:material/{icon}:] **{check.name}**", width=210)
        with st.container(width="stretch", gap="xxsmall"):
            st.text(check.message)
            if check.remedy:
                st.caption(escape(check.remedy))


def summary(checks: Sequence[CheckResult]) -> str:
    """Return how many checks are good, as Markdown."""
    good = sum(check.status == "good" for check in checks)
    return (
        f"**All {good} checks are good.**" if good == len(checks) else f"**{good} of {len(checks)} checks are good.**"
    )


def dead_letter_card(letter: DeadLetter) -> None:
    """Draw one dead letter and its actions."""
    post = letter.occurrence
    with st.container(border=True, key=widget_key("card-letter", letter.id)):
        subject = post.text[:80] if post else "Unreadable post"
        failed_at = date_and_time(letter.failed_at, viewer_zone())
        st.markdown(f"**{escape(subject)}**, failed in {letter.source}, {failed_at}")
        st.caption(escape(letter.reason))
        st.caption("Discard deletes this delivery for good.")
        with st.container(horizontal=True):
            if post:
                key = widget_key("retry", letter.id)
                card_button("Retry", subject, key, retry, letter, icon=":material/replay:")
            key = widget_key("discard", letter.id)
            card_button("Discard", subject, key, discard, letter, icon=":material/delete:")


def difference_card(difference: ScheduleDifference) -> None:
    """Draw one schedule that differs from the ledger, and its action."""
    name = difference.name
    with st.container(border=True, key=widget_key("card-difference", name)):
        st.markdown(f"**{escape(name)}**: {KIND_LABELS[difference.kind]}")
        if difference.plan:
            st.caption(escape(difference.plan.post.text[:200]))
            key = widget_key("restore", name)
            card_button("Restore", name, key, restore, difference, icon=":material/alarm_on:")
        else:
            st.caption("Delete removes this schedule for good. It will not run.")
            key = widget_key("delete", name)
            card_button("Delete", name, key, delete, difference, icon=":material/delete:")


@callback
def retry(letter: DeadLetter) -> None:
    """Retry a dead letter."""
    checked.clear()
    application().dead_letters.retry(letter)


@callback
def discard(letter: DeadLetter) -> None:
    """Delete a dead letter."""
    checked.clear()
    application().dead_letters.discard(letter)


@callback
def restore(difference: ScheduleDifference) -> None:
    """Create or update a schedule as the ledger plans it."""
    checked.clear()
    if difference.plan:
        reconciliation.rearm(application(), difference.plan)


@callback
def delete(difference: ScheduleDifference) -> None:
    """Delete a schedule that the ledger does not plan."""
    checked.clear()
    reconciliation.delete_schedule(application(), difference.name)


@st.fragment(run_every="30s")
def report() -> None:
    """Draw the checks, the dead letters and the differing schedules."""
    app = application()
    checks, letters, differences = checked(app, str(app.home.path), viewer_zone())
    note_results(checks)
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(summary(checks), width="stretch")
        st.button("Check again", key="check-again", icon=":material/refresh:", on_click=checked.clear)
    with st.container(border=True, key="card-checks", gap="small"):
        for check in checks:
            check_row(check)
    show_error()
    if letters:
        st.header("Failed deliveries", anchor=False)
        for letter in letters:
            dead_letter_card(letter)
    if differences:
        st.header("Schedules to restore or delete", anchor=False)
        for difference in differences:
            difference_card(difference)


st.title("Health", anchor=False)
report()
