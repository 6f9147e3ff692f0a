"""Attaching files to a draft: the uploader, the result of each file, and running conversions."""

from dataclasses import dataclass

import streamlit as st

from core.errors import PunctualError
from core.media.conversion import Conversion, can_convert_videos
from core.media.intake import MAX_PICTURE_BYTES, MAX_VIDEO_BYTES, NeedsConversion, ingest
from core.posts.models import MEDIA_LIMIT
from ui.compose import media_fields
from ui.frame.application import application
from ui.frame.state import widget_key
from ui.frame.wording import accessible_label, escape

FILE_TYPES = [
    *("jpg", "jpeg", "png", "gif", "webp", "heic", "heif", "avif"),
    *("mp4", "m4v", "mov", "webm", "mkv", "avi", "3gp", "mpg", "mpeg", "ts", "wmv", "flv"),
]
"""The extensions that the browser offers; core checks the content."""


class TooManyFiles(PunctualError):
    """The draft has as many pictures and videos as a post can have."""

    hint = "Remove another one first."

    def __init__(self) -> None:
        super().__init__(f"A post has at most {MEDIA_LIMIT} pictures and videos.")


@dataclass(frozen=True, kw_only=True)
class RefusedFile:
    """An uploaded file that was not attached, and the reason."""

    name: str
    error: PunctualError


@dataclass(frozen=True, kw_only=True)
class ConvertedFile:
    """A file that is being converted, and the reference of the attached animation that the result replaces."""

    name: str
    conversion: Conversion
    replaces: str | None = None


def uploader(draft: str) -> None:
    """Draw the uploader, and the reason below it for each file of the last upload that was not attached."""
    count = st.session_state.setdefault(_uploads_key(draft), 0)
    key = widget_key(f"upload-{count}", draft)
    st.file_uploader(
        "Pictures or a video",
        type=FILE_TYPES,
        accept_multiple_files=True,
        key=key,
        on_change=_attach,
        args=(draft, key),
        max_upload_size=MAX_VIDEO_BYTES // 10**6,
        help=f"Pictures up to {MAX_PICTURE_BYTES // 10**6} MB, videos up to {MAX_VIDEO_BYTES // 10**6} MB. "
        "Location data is removed. HEIC and AVIF pictures become JPEG.",
    )
    refused: list[RefusedFile] = st.session_state.get(_refused_key(draft), [])
    if refused:
        with st.container(key=widget_key("refused-files", draft), gap="small"):
            for each in refused:
                reason = (
                    f"**{escape(each.name)}** was not attached. {escape(str(each.error))} {escape(each.error.hint)}"
                )
                st.error(reason, icon=":material/error:")
            st.button(
                "Dismiss", key=widget_key("dismiss-refused", draft), type="tertiary", on_click=_dismiss, args=(draft,)
            )


def converting(draft: str) -> bool:
    """Return whether files of the draft are being converted."""
    return bool(_conversions(draft))


def conversions(draft: str) -> bool:
    """Draw the progress of each conversion. Attach the files that are ready, and return whether there were any."""
    ended = [each for each in _conversions(draft) if each.conversion.done]
    for each in ended:
        _conversions(draft).remove(each)
        _attach_converted(draft, each)
    for number, each in enumerate(_conversions(draft)):
        with st.container(horizontal=True, vertical_alignment="center", key=widget_key(f"conversion-{number}", draft)):
            progress = each.conversion.progress
            st.progress(progress, text=f"Converting {escape(each.name)} to MP4: {progress:.0%}", width="stretch")
            st.button(
                accessible_label("Remove", each.name),
                key=widget_key(f"cancel-conversion-{number}", draft),
                icon=":material/close:",
                type="tertiary",
                on_click=_cancel,
                args=(draft, each),
            )
    return bool(ended)


def convert_animation(draft: str, reference: str) -> None:
    """Convert an attached animation to a video, which takes its place. Raises MachineShortage, or MissingMedia."""
    if all(each.replaces != reference for each in _conversions(draft)):
        conversion = Conversion(application().media.get(reference), "video")
        _conversions(draft).append(ConvertedFile(name="the animation", conversion=conversion, replaces=reference))


def _attach(draft: str, key: str) -> None:
    """Store the uploaded files, each content once, and note the reason for each refused one.

    The next run has an empty uploader.
    """
    st.session_state[_uploads_key(draft)] += 1
    refused: list[RefusedFile] = []
    for file in st.session_state[key]:
        try:
            _attach_file(draft, file.name, file.getvalue())
        except PunctualError as error:
            refused.append(RefusedFile(name=file.name, error=error))
    st.session_state[_refused_key(draft)] = refused


def _attach_file(draft: str, name: str, content: bytes) -> None:
    if len(media_fields.media_of(draft)) + len(_conversions(draft)) >= MEDIA_LIMIT:
        raise TooManyFiles
    try:
        media_fields.add(draft, ingest(application().media, content))
    except NeedsConversion:
        if not can_convert_videos():
            raise
        _conversions(draft).append(ConvertedFile(name=name, conversion=Conversion(content, "video")))


def _attach_converted(draft: str, file: ConvertedFile) -> None:
    try:
        media = ingest(application().media, file.conversion.result())
        if file.replaces is None:
            media_fields.add(draft, media)
        else:
            media_fields.replace(draft, file.replaces, media)
    except PunctualError as error:
        refused: list[RefusedFile] = st.session_state.setdefault(_refused_key(draft), [])
        refused.append(RefusedFile(name=file.name, error=error))


def _cancel(draft: str, file: ConvertedFile) -> None:
    file.conversion.cancel()
    if file in _conversions(draft):
        _conversions(draft).remove(file)


def _dismiss(draft: str) -> None:
    st.session_state.pop(_refused_key(draft), None)


def _conversions(draft: str) -> list[ConvertedFile]:
    running: list[ConvertedFile] = st.session_state.setdefault(widget_key("conversions", draft), [])
    return running


def _uploads_key(draft: str) -> str:
    return widget_key("uploads", draft)


def _refused_key(draft: str) -> str:
    return widget_key("refused-files-of", draft)
