"""`python -m core dump`: writes the queue, the drafts or the history to a file."""

import argparse
import json
import sys
from pathlib import Path
from typing import TextIO

from core.application import Application
from core.bulk.exporting import FORMATS, export_file
from core.errors import PunctualError
from core.storage.private_files import replace_private


class UnwritableFile(PunctualError):
    """A file cannot be written."""

    hint = "Check its name, your permissions and the free space."

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(f"{path} cannot be written: {reason}.")


class UnknownFormat(PunctualError):
    """The name of the file tells no format."""

    hint = f"Give --format, or a name that ends with {', '.join(f'.{kind}' for kind in FORMATS)}."

    def __init__(self, path: Path) -> None:
        super().__init__(f"{path} does not name a format.")


def dump(application: Application, options: argparse.Namespace, out: TextIO, err: TextIO) -> None:
    """Write a file, mode 0600; `-` is the standard output. Changes nothing. Raises UnknownFormat or UnwritableFile."""
    path: Path = options.file
    kind = options.format or path.suffix.removeprefix(".").lower()
    if kind not in FORMATS:
        raise UnknownFormat(path)
    content = export_file(application, options.source, kind)
    if str(path) == "-":
        out.flush()
        sys.stdout.buffer.write(content)
        return
    try:
        replace_private(path.expanduser(), content)
    except OSError as error:
        raise UnwritableFile(path, error.strerror or str(error)) from error
    print(json.dumps({"file": str(path), "bytes": len(content)}) if options.json else f"Wrote {path}.", file=out)
