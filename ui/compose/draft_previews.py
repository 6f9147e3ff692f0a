"""The posts that a draft becomes, one for each account, as the preview draws them."""

from collections.abc import Sequence

from core.accounts.port import Account
from core.errors import PunctualError
from core.publishing.composing import written_thread
from core.publishing.length_split import ThreadPart
from ui.compose import card_fields, draft_fields, option_fields, threads, variants
from ui.compose.media_fields import attached
from ui.compose.typed_text import latest_text
from ui.frame.application import application
from ui.preview.component import PostPreview


def draft_previews(draft: str, accounts: Sequence[Account]) -> list[PostPreview]:
    """Return the post of each account."""
    media, card, known = attached(draft), card_fields.card(draft), application().networks
    options = option_fields.chosen_options(draft, [account.destination for account in accounts])
    previews = []
    for account in accounts:
        if account.network in known:
            name, field = account.destination, _field(draft, account)
            text = latest_text(field)
            previews.append(
                PostPreview(
                    account=account,
                    field=field,
                    text=text,
                    parts=_parts(draft, text, account),
                    numbered=threads.selected(draft, [name]).get(name),
                    media=media,
                    card=card,
                    options=options.get(name, {}),
                )
            )
    return previews


def _field(draft: str, account: Account) -> str:
    """Return the key of the text area with the text of an account."""
    own = variants.text_keys(draft, [account.destination])
    return own[0] if own else draft_fields.text_key(draft)


def _parts(draft: str, text: str, account: Account) -> list[ThreadPart]:
    """Return the parts of a text. If it cannot be split by its length, the page shows the error."""
    try:
        return threads.thread(draft, text, account)
    except PunctualError:
        return written_thread(text, application().networks[account.network])
