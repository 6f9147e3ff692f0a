"""The draft as each network's readers will see it, and how long it is as that network counts."""

from collections.abc import Mapping, Sequence

import streamlit as st

from core.accounts.port import Account
from core.posts.models import Media
from ui.frame.application import application
from ui.frame.gallery import gallery
from ui.frame.wording import as_read, plain


def previews(
    said: Mapping[str, str],
    threads: Mapping[str, Sequence[str]],
    media: Sequence[Media],
    accounts: Sequence[Account],
) -> None:
    """Draw a card for each account, and in it each part of what it is told."""
    for account in accounts:
        with st.container(border=True, key=f"card-preview-{account.destination}"):
            st.markdown(f"**{plain(account.label)}**")
            for number, part in enumerate(threads.get(account.destination, [said[account.destination]]), start=1):
                st.markdown(as_read(part) if part.strip() else "*No text yet*")
                if number == 1:
                    gallery(media, width=120)
                _length(part, account)


def _length(text: str, account: Account) -> None:
    length = application().networks[account.network].measure(text, account)
    limit = f" of {length.limit:,}" if length.limit is not None else ""
    counted = f"{length.count:,}{limit} {length.unit}"
    st.caption(f":red[:material/error: {counted}: {length.over:,} too many]" if length.over else counted)
