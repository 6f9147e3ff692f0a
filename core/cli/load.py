"""`python -m core load`: schedules the posts of a table, or says what would be scheduled."""

import argparse
import json
from contextlib import closing
from pathlib import Path
from typing import Any, TextIO

from core.application import Application
from core.bulk.columns import Column, guess_columns
from core.bulk.dry_run import DryRun, dry_run
from core.bulk.loading import LoadProgress, load
from core.bulk.pictures import Pictures, folder_files
from core.bulk.reading import MAX_BYTES, PostTable, columns_by_content, read_table
from core.bulk.report import RESULTS, dry_run_rows, report_csv, report_rows
from core.bulk.row_posts import LoadOptions
from core.bulk.rows import post_rows
from core.cli.exit_status import DONE, INCOMPLETE
from core.cli.printed_rows import not_armed, printable
from core.errors import PunctualError
from core.time.phrases import excerpt, plural

EXCERPT_LENGTH = 60


class UnreadableTable(PunctualError):
    """The file or folder cannot be read."""

    hint = "Check its name and your permissions."

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(f"{path} cannot be read: {reason}.")


class NoTextColumn(PunctualError):
    """No column of the table holds texts."""

    def __init__(self, header: tuple[str, ...]) -> None:
        super().__init__("No column of the file is named like a text.")
        self.hint = f"Give it with --column NAME=text. The columns are: {', '.join(header)}."


class NoSuchColumn(PunctualError):
    """The table has no column with a given name."""

    def __init__(self, name: str, header: tuple[str, ...]) -> None:
        super().__init__(f"The file has no column {name!r}.")
        self.hint = f"The columns are: {', '.join(header)}."


def load_posts(application: Application, options: argparse.Namespace, out: TextIO, err: TextIO) -> int:
    """Schedule the posts of a table and print what happened to each row; with `--dry-run`, what would happen.

    Returns INCOMPLETE if a row is refused or a duplicate, or in the ledger and not in the scheduler yet.
    """
    table = read_table(_content(options.file), encoding=options.encoding)
    columns = _columns(table, dict(options.columns))
    rows = post_rows(table, columns)
    chosen = LoadOptions(
        zone=options.zone or application.settings.timezone,
        destinations=tuple(options.to),
        labels=tuple(options.labels),
        order=options.dates,
        duplicates=options.duplicates,
        cards=not options.no_card,
    )
    with closing(Pictures(_files(options.pictures or options.file.parent))) as pictures:
        checked = dry_run(application, rows, chosen, pictures)
        noted = 0
        if options.dry_run:
            found, total = dry_run_rows(checked.rows), checked.count("create")
            undone = checked.count("refused") + checked.count("duplicate")
        else:
            report = load(application, checked, on_progress=_progress(err) if err.isatty() else lambda _: None)
            found, total = report_rows(report), report.count("created", "noted")
            undone, noted = report.count("refused", "duplicate", "not tried"), report.count("noted")
    if options.report:
        _write(options.report, report_csv(found))
    _print(found, options, out, _summary(total, undone, checked, options.dry_run))
    if noted:
        print(not_armed(noted), file=err)
    return INCOMPLETE if undone or noted else DONE


def _columns(table: PostTable, given: dict[str, Column | None]) -> dict[str, Column]:
    """Return what each column holds: as the command says, else by its name. Raises NoSuchColumn or NoTextColumn."""
    columns = guess_columns(table.header) if table.has_header else columns_by_content(table)
    for name, column in given.items():
        if name not in table.header:
            raise NoSuchColumn(name, table.header)
        columns.pop(name, None)
        if column:
            columns = {other: each for other, each in columns.items() if each != column} | {name: column}
    if not {Column.TEXT, Column.PICTURES, Column.LINK} & set(columns.values()):
        raise NoTextColumn(table.header)
    return columns


def _content(path: Path) -> bytes:
    """Return the content of the table, one byte more than the limit at most."""
    try:
        with path.expanduser().open("rb") as file:
            return file.read(MAX_BYTES + 1)
    except OSError as error:
        raise UnreadableTable(path, error.strerror or str(error)) from error


def _files(folder: Path) -> dict[str, Any]:
    try:
        return dict(folder_files(folder.expanduser()))
    except OSError as error:
        raise UnreadableTable(folder, error.strerror or str(error)) from error


def _write(path: Path, content: bytes) -> None:
    try:
        path.expanduser().write_bytes(content)
    except OSError as error:
        raise UnreadableTable(path, error.strerror or str(error)) from error


def _progress(err: TextIO) -> Any:
    def show(progress: LoadProgress) -> None:
        end = "\n" if progress.done == progress.total else ""
        print(f"\r{progress.done:,} of {progress.total:,} posts", end=end, file=err, flush=True)

    return show


def _summary(total: int, undone: int, checked: DryRun, only_dry_run: bool) -> str:
    verb = "would be scheduled" if only_dry_run else "scheduled"
    there = checked.count("there")
    parts = [f"{plural(total, 'post')} {verb}"]
    parts += [f"{there:,} already there"] if there else []
    parts += [f"{undone:,} not"] if undone else []
    return f"{', '.join(parts)}.{' Nothing was written.' if only_dry_run else ''}"


def _print(rows: list[dict[str, str]], options: argparse.Namespace, out: TextIO, summary: str) -> None:
    if options.json:
        print(json.dumps(rows), file=out)
        return
    width = max(map(len, RESULTS.values()))
    for row in rows:
        due = row["due_at"] or row["repeats"]
        line = f"{row['row']:>6}  {row['result']:{width}}  {due:20}  {excerpt(row['text'], EXCERPT_LENGTH)}"
        print(printable(line.rstrip()), file=out)
        if row["reason"]:
            print(printable(f"        {row['reason']} {row['remedy']}".rstrip()), file=out)
        if row["link_card"]:
            print(printable(f"        Link card: {excerpt(row['link_card'], EXCERPT_LENGTH)}"), file=out)
        if row["no_link_card"]:
            print(printable(f"        No link card: {row['no_link_card']}"), file=out)
        if row["cautions"]:
            print(printable(f"        Caution: {row['cautions']}"), file=out)
    print(summary, file=out)
