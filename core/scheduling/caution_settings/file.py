"""The caution settings of one machine, in a private file of the home."""

from pathlib import Path

from pydantic import ValidationError

from core.errors import PunctualError
from core.scheduling.caution_settings.port import CautionSettings
from core.storage.private_files import read_private, write_private


class UnreadableCautionSettings(PunctualError):
    """The file of the caution settings is damaged."""

    hint = "Delete the file: every warning then has its default settings again."

    def __init__(self, path: Path) -> None:
        super().__init__(f"{path} cannot be read.")


class FileCautionSettings:
    """The port of the caution settings on a JSON file, mode 0600."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def read(self) -> CautionSettings:
        try:
            return CautionSettings.model_validate_json(read_private(self._path, missing=b"{}"))
        except ValidationError as error:
            raise UnreadableCautionSettings(self._path) from error

    def save(self, settings: CautionSettings) -> None:
        write_private(self._path, settings.model_dump_json(indent=1))
