"""The values of `--repeat`."""

import argparse

from core.posts.repeat_rules import RepeatRule
from core.posts.repeat_syntax import REPEAT_SYNTAX
from core.posts.written_rules import UnreadableRule, read_rule


def parse_repeat(text: str) -> RepeatRule:
    """Return the rule of a `--repeat` value. Raises argparse.ArgumentTypeError, whose text gives the syntax."""
    try:
        return read_rule(text)
    except UnreadableRule as error:
        raise argparse.ArgumentTypeError(f"{error} Give {REPEAT_SYNTAX}") from None
