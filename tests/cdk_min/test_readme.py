"""The README against the stack that it describes."""

import re
from pathlib import Path

import pytest

README = (Path(__file__).resolve().parent.parent.parent / "cdk_min" / "README.md").read_text()


@pytest.mark.parametrize("name", ["clean", "lambda"])
def test_every_output_is_explained(syntheses, name):
    template = syntheses[name].read("Punctual.template.json")
    assert set(template["Outputs"]) <= set(re.findall(r"`(\w+)`", README))


@pytest.mark.parametrize(
    "name", ["posting_url", "posting_server", "posting_concurrency", "allowed_hosts", "group", "stack"]
)
def test_every_choice_is_explained(name):
    assert f"| `{name}` |" in README


def test_the_size_it_claims_is_the_size_of_the_zip(package):
    [kilobytes] = re.findall(r"the zip is (\d+) KB", README)
    assert abs(package("Relay").stat().st_size / 1000 - int(kilobytes)) < 1.5
