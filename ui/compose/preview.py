"""The preview of a draft: each account's post as its readers see it, with its length as the network counts it."""

from collections.abc import Mapping, Sequence

import streamlit as st

from core.accounts.port import Account
from core.posts.models import Media
from ui.compose.counter import measure
from ui.frame.gallery import gallery
from ui.frame.wording import escape, post_markdown


def previews(
    texts: Mapping[str, str],
    threads: Mapping[str, Sequence[str]],
    media: Sequence[Media],
    accounts: Sequence[Account],
) -> None:
    """Draw a card for each account, with its text or its thread parts. Only the first part has the media."""
    for account in accounts:
        with st.container(border=True, key=f"card-preview-{account.destination}"):
            st.markdown(f"**{escape(account.label)}**")
            for number, part in enumerate(threads.get(account.destination, [texts[account.destination]]), start=1):
                st.markdown(post_markdown(part) if part.strip() else "*No text yet*")
                if number == 1:
                    gallery(media, width=120)
                _length(part, account)


def _length(text: str, account: Account) -> None:
    length = measure(text, account)
    limit = f" of {length.limit:,}" if length.limit is not None else ""
    summary = f"{length.count:,}{limit} {length.unit}"
    st.caption(f":red[:material/error: {length.excess:,} too many: {summary}]" if length.excess else summary)
