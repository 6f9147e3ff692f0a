"""Health: what was looked at, what was found, and what to do about it."""

import streamlit as st

from core.application import Application
from core.errors import PunctualError
from core.health import reconciliation
from core.health.examination import examine
from core.health.findings import Check, Verdict
from core.health.reconciliation import Difference
from core.scheduling.dead_letters import DeadLetter
from core.time.phrases import moment
from ui.frame.application import application
from ui.frame.callbacks import answering, refusal
from ui.frame.state import of
from ui.frame.viewer import viewer_zone
from ui.frame.wording import heard, plain

ICONS: dict[Verdict, tuple[str, str]] = {
    "good": ("check_circle", "green"),
    "warning": ("warning", "orange"),
    "bad": ("error", "red"),
    "unknown": ("help", "gray"),
}


@st.cache_data(ttl=30, max_entries=8, show_spinner=False)
def examined(_app: Application, home: str, zone: str) -> tuple[list[Check], list[DeadLetter], list[Difference]]:
    """Look at everything, and at what a person can do something about; at most twice a minute for all who watch.

    `home` tells one application from another.
    """
    checks = examine(_app, _app.clock(), zone=zone)
    verdicts = {check.name: check.verdict for check in checks}
    try:
        letters = _app.dead_letters.read()
        agrees = verdicts["Ledger and schedules"] in ("good", "unknown")
        differences = [] if agrees else reconciliation.reconcile(_app, _app.clock())
    except PunctualError:  # the checks say what is wrong
        letters, differences = [], []
    return checks, letters, differences


def line(check: Check) -> None:
    """Draw one check."""
    icon, colour = ICONS[check.verdict]
    with st.container(horizontal=True, vertical_alignment="top", gap="xsmall"):
        st.markdown(f":{colour}[:material/{icon}:] **{check.name}**", width=210)
        with st.container(width="stretch", gap="xxsmall"):
            st.text(check.finding)
            if check.remedy:
                st.caption(plain(check.remedy))


def letter(found: DeadLetter) -> None:
    """Draw one hand-over that was given up, with what can be done about it."""
    post = found.occurrence
    with st.container(border=True, key=of("card-letter", found.id)):
        about = post.text[:80] if post else "Not a post of this version"
        st.markdown(f"**{plain(about)}**, given up by {found.where} {moment(found.failed_at, viewer_zone())}")
        st.caption(plain(found.reason))
        st.caption("Discard forgets it for good: it is not handed over again.")
        with st.container(horizontal=True):
            if post:
                st.button(
                    heard("Retry", about),
                    key=of("retry", found.id),
                    icon=":material/replay:",
                    on_click=retry,
                    args=(found,),
                )
            st.button(
                heard("Discard", about),
                key=of("discard", found.id),
                icon=":material/delete:",
                on_click=discard,
                args=(found,),
            )


def difference(found: Difference) -> None:
    """Draw one schedule that is not as planned, with what can be done about it."""
    with st.container(border=True, key=of("card-difference", found.name)):
        st.markdown(f"**{plain(found.name)}**: {found.kind}")
        if found.plan:
            st.caption(plain(found.plan.post.text[:200]))
            st.button(
                heard("Arm again", found.name),
                key=of("arm", found.name),
                icon=":material/alarm_on:",
                on_click=arm,
                args=(found,),
            )
        else:
            st.caption("Delete takes the schedule away for good; whatever it was to invoke is not invoked.")
            st.button(
                heard("Delete", found.name),
                key=of("delete", found.name),
                icon=":material/delete:",
                on_click=delete,
                args=(found,),
            )


@answering
def retry(found: DeadLetter) -> None:
    """Hand it over again."""
    examined.clear()
    application().dead_letters.retry(found)


@answering
def discard(found: DeadLetter) -> None:
    """Forget it."""
    examined.clear()
    application().dead_letters.discard(found)


@answering
def arm(found: Difference) -> None:
    """Put the schedule as it was planned."""
    examined.clear()
    if found.plan:
        reconciliation.arm_again(application(), found.plan)


@answering
def delete(found: Difference) -> None:
    """Delete a schedule that nobody planned."""
    examined.clear()
    reconciliation.delete(application(), found.name)


@st.fragment(run_every="30s")
def watch() -> None:
    """Draw every check, and what a person can do something about."""
    app = application()
    checks, letters, differences = examined(app, str(app.home.path), viewer_zone())
    with st.container(border=True, key="card-checks"):
        for check in checks:
            line(check)
    st.button("Look again", key="look-again", icon=":material/refresh:", on_click=examined.clear)
    refusal()
    if letters:
        st.header("Given up", anchor=False)
        for each in letters:
            letter(each)
    if differences:
        st.header("Not as planned", anchor=False)
        for schedule in differences:
            difference(schedule)


st.title("Health", anchor=False)
watch()
