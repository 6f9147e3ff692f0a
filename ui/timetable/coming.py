"""The list of the next posting times, each with the posts that occupy it."""

import streamlit as st

from core.posts.destinations import Destination
from core.posts.models import Post
from core.scheduling.coming_times import coming_times
from core.time.instants import offset_label, wall_time
from core.time.phrases import clock_time, excerpt
from core.timetable.timetable import Timetable
from ui.frame.application import application
from ui.frame.wording import account_names, escape

COUNT = 10
"""How many posting times the list has."""
EXCERPT = 45
"""Characters of a post's text in the list."""


def coming_list(account: Destination | None, timetable: Timetable) -> None:
    """Draw the next posting times of an account, or of all."""
    app = application()
    accounts = () if account is None else (account,)
    found = coming_times(app.free_times, app.posting_times, app.ledger, accounts, app.clock, count=COUNT)
    st.markdown("**Next posting times**")
    st.caption(f"Times in {timetable.zone} ({offset_label(app.clock(), timetable.zone)})")
    if not found:
        st.caption("There is no posting time within a year.")
    for each in found:
        day = wall_time(each.instant, timetable.zone)
        with st.container(horizontal=True, key=f"coming-{each.instant:%Y%m%dT%H%M}", wrap=False):
            st.markdown(f"{day:%a} {day.day} {day:%b}, **{clock_time(each.instant, timetable.zone)}**", width=145)
            if each.posts:
                lines = [_line(post, with_names=account is None) for post in each.posts]
                st.markdown("  \n".join(lines), width="stretch")
            else:
                st.markdown(":green[:material/check_circle: Free]", width="stretch")


def _line(post: Post, *, with_names: bool) -> str:
    icon = "repeat" if post.repeats else "schedule"
    words = f":material/{icon}: {escape(excerpt(post.text, EXCERPT)) or 'No text'}"
    if with_names and len(application().accounts.all()) > 1:
        words += f" :gray[{escape(', '.join(account_names(post.destinations)))}]"
    return words
