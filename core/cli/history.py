"""The command that lists past runs."""

import argparse
from typing import TextIO

from core.cli.ledger_reader import LedgerReader
from core.cli.printed_rows import print_rows, run_row
from core.ledger.history import runs


def list_history(reader: LedgerReader, options: argparse.Namespace, out: TextIO, err: TextIO) -> None:
    """Print past runs, latest due first."""
    rows = [run_row(run) for run in runs(reader.ledger, limit=options.limit)]
    print_rows(rows, out, as_json=options.json, empty="No post has been due yet.")
