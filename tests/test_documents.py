"""The documents say what is true."""

import re
import shlex
from pathlib import Path

import pytest

from core.command_line import parser
from core.settings import PREFIX, Settings

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text()


def table_rows(text: str, heading: str) -> dict[str, str]:
    """The first two columns of the table under a heading."""
    section = text.split(f"## {heading}\n", 1)[1].split("\n## ", 1)[0]
    return dict(re.findall(r"^\| `([^`]+)` \| ([^|]+) \|", section, flags=re.MULTILINE))


def test_the_settings_table_names_every_setting_and_no_other():
    documented = table_rows(README, "Settings")
    assert set(documented) == {PREFIX + name.upper() for name in Settings.model_fields}


def test_the_settings_table_gives_the_true_defaults():
    documented = table_rows(README, "Settings")
    defaults = Settings.read({})
    for name in ("late_after_minutes", "workers", "group", "timezone", "local_account"):
        assert documented[PREFIX + name.upper()].strip("` ") == str(getattr(defaults, name))
    delays = documented[f"{PREFIX}RETRY_DELAYS"].strip("` ").split(",")
    assert tuple(map(float, delays)) == defaults.retry_delays
    assert float(documented[f"{PREFIX}REDELIVERY_SECONDS"].strip("` ")) == defaults.redelivery_seconds


@pytest.mark.parametrize("command", re.findall(r"^python -m core (.+)$", README, flags=re.MULTILINE))
def test_every_command_in_the_readme_is_understood(command):
    assert parser().parse_args(shlex.split(command)).command


def test_every_link_into_the_repository_leads_somewhere():
    for document in [*ROOT.glob("*.md"), *ROOT.glob("docs/*.md")]:
        for target in re.findall(r"\]\((?!https?://|#)([^)#]+)", document.read_text()):
            assert (document.parent / target).exists(), f"{document.name} links to {target}"


def test_the_readme_stays_under_150_lines():
    assert len(README.splitlines()) < 150
