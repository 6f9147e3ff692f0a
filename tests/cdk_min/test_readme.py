"""The README, compared with the stack."""

import re
from pathlib import Path

import pytest

from cdk_min.options import Options

README = (Path(__file__).resolve().parent.parent.parent / "cdk_min" / "README.md").read_text()


@pytest.mark.parametrize("name", ["small", "full", "lambda"])
def test_the_readme_explains_every_output(syntheses, name):
    template = syntheses[name].read("Punctual.template.json")
    assert set(template["Outputs"]) <= set(re.findall(r"`(\w+)`", README))


def test_the_readme_explains_every_option():
    options: list[str] = []
    Options.read(options.append)
    explained = re.findall(r"^\| `(\w+)` \| .* \| .* \|$", README, re.MULTILINE)
    assert sorted(explained) == sorted(options)


def test_the_readme_names_the_number_of_resources(template):
    assert f"{len(template['Resources'])} resources" in README


def test_the_readme_states_the_size_of_the_zip(package):
    [kilobytes] = re.findall(r"the zip is (\d+) KB", README)
    assert abs(package("Relay").stat().st_size / 1000 - int(kilobytes)) < 1.5
