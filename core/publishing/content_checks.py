"""The checks of a post's texts and media for one account, by the limits of its network."""

import re
from collections.abc import Sequence
from dataclasses import replace

from core.accounts.port import Account
from core.errors import PunctualError
from core.posts.first_comment import FIRST_COMMENT
from core.posts.hand_split import DASHES
from core.posts.models import Media
from core.posts.part_media import media_of_parts
from core.publishing.attachments import check_media
from core.publishing.length_split import ThreadPart
from core.publishing.network import Network, TextLength
from core.publishing.options import OptionValues
from core.publishing.post_length import measure_post

_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")


class EmptyText(PunctualError):
    """The post has neither text nor media."""

    hint = "Write something first."

    def __init__(self) -> None:
        super().__init__("The post has no text.")


class InvalidCharacter(PunctualError):
    """The text contains half of a surrogate pair, the trace of a broken paste or a wrong encoding."""

    hint = "Type or paste it again."

    def __init__(self, index: int) -> None:
        super().__init__(f"The text contains an invalid character at position {index + 1}.")


class ControlCharacter(PunctualError):
    """The text contains a control character other than a line break or a tab, such as NUL, which networks refuse."""

    hint = "Delete it: put the cursor before the next visible character and press Backspace. Or paste plain text again."

    def __init__(self, character: str, index: int) -> None:
        super().__init__(f"The text contains the control character U+{ord(character):04X} at position {index + 1}.")


class TextTooLong(PunctualError):
    """The text exceeds a network's limit."""

    def __init__(self, label: str, length: TextLength) -> None:
        super().__init__(f"The text has {length.count:,} {length.unit}; {label} accepts {length.limit:,}.")
        self.hint = f"Shorten it by {length.excess:,}, or choose another destination. The text is still in the field."


class EmptyPart(PunctualError):
    """A part of a thread has neither text nor media."""

    def __init__(self, number: int) -> None:
        super().__init__(f"Part {number} of the thread is empty.")
        self.hint = f"Write something there, or delete its line {DASHES}."


def check_control_characters(text: str) -> None:
    """Raise ControlCharacter if a text has one."""
    control = _CONTROL.search(text)
    if control:
        raise ControlCharacter(control[0], control.start())


def comment_of(values: OptionValues) -> list[str]:
    """Return the text of the first comment, if there is one."""
    return [str(values[FIRST_COMMENT])] if FIRST_COMMENT in values else []


def check_parts(
    parts: Sequence[ThreadPart], media: Sequence[Media], account: Account, network: Network, options: OptionValues
) -> None:
    """Check the text, or the parts of a thread with the media of each, and the first comment.

    Raises EmptyText, EmptyPart, InvalidCharacter, ControlCharacter, TextTooLong or CannotAttach.
    """
    shown = media_of_parts(media, [part.written for part in parts])
    for number, (part, attached) in enumerate(zip(parts, shown, strict=True), start=1):
        if not part.text.strip() and not attached:
            raise EmptyPart(number) if len(parts) > 1 else EmptyText
        _check_text(part.text, account, network, options)
        if attached:
            _check_media(part.text, attached, account, network, options)
    for comment in comment_of(options):
        if not comment.strip():
            raise EmptyText
        _check_text(comment, account, network, options)


def _check_text(text: str, account: Account, network: Network, options: OptionValues) -> None:
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise InvalidCharacter(error.start) from error
    check_control_characters(text)
    length = measure_post(network, text, account, options)
    if length.excess:
        raise TextTooLong(account.label, length)


def _check_media(text: str, media: Sequence[Media], account: Account, network: Network, options: OptionValues) -> None:
    limits = network.media_limits(account)
    check_media(media, limits, account.label)
    length = measure_post(network, text, account, options)
    if limits.caption is not None and length.count > limits.caption:
        raise TextTooLong(f"{account.label}, with media,", replace(length, limit=limits.caption))
