"""The README, compared with the stack."""

import re
from pathlib import Path

import pytest

README = (Path(__file__).resolve().parent.parent.parent / "cdk_min" / "README.md").read_text()


@pytest.mark.parametrize("name", ["clean", "lambda"])
def test_the_readme_explains_every_output(syntheses, name):
    template = syntheses[name].read("Punctual.template.json")
    assert set(template["Outputs"]) <= set(re.findall(r"`(\w+)`", README))


@pytest.mark.parametrize(
    "name", ["posting_url", "prepare_url", "posting_server", "posting_concurrency", "allowed_hosts", "group", "stack"]
)
def test_the_readme_explains_every_option(name):
    assert f"| `{name}` |" in README


def test_the_readme_states_the_size_of_the_zip(package):
    [kilobytes] = re.findall(r"the zip is (\d+) KB", README)
    assert abs(package("Relay").stat().st_size / 1000 - int(kilobytes)) < 1.5
