"""The draft as each network's readers will see it, and how long it is as that network counts."""

from collections.abc import Mapping, Sequence

import streamlit as st

from core.accounts import Account
from core.models import Media
from ui.application import application
from ui.pictures import small
from ui.wording import as_read, plain


def previews(text: str, variants: Mapping[str, str], media: Sequence[Media], accounts: Sequence[Account]) -> None:
    """Draw a card for each account."""
    for account in accounts:
        said = variants.get(account.destination, text)
        length = application().networks[account.network].measure(said, account)
        with st.container(border=True, key=f"card-preview-{account.destination}"):
            st.markdown(f"**{plain(account.label)}**")
            st.markdown(as_read(said) if said.strip() else "*No text yet*")
            _pictures(media)
            limit = f" of {length.limit:,}" if length.limit is not None else ""
            counted = f"{length.count:,}{limit} {length.unit}"
            st.caption(f":red[:material/error: {counted}: {length.over:,} too many]" if length.over else counted)


def _pictures(media: Sequence[Media]) -> None:
    shown = [each for each in media if each.kind == "picture"]
    if shown:
        st.image([small(each.reference) for each in shown], width=120, alt=[each.alt or "" for each in shown])
    if len(shown) < len(media):
        st.caption(":material/movie: with a video")
