"""The README, compared with the stack."""

import re
import shlex
import subprocess
from pathlib import Path

import pytest

from cdk_min.options import Options
from core.cli.parser import build_parser
from core.storage.home import is_signing_secret, new_signing_secret

README = (Path(__file__).resolve().parent.parent.parent / "cdk_min" / "README.md").read_text()
BLOCKS = [block.splitlines() for block in re.findall(r"```sh\n(.+?)```", README, flags=re.DOTALL)]
NAMED = [code for code in re.findall(r"(?<!`)`([^`\n]+)`(?!`)", README) if " " in code or code.startswith("make")]
"""The commands within sentences."""
MADE_BY_DEPLOY = ".venv/bin/python"


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


@pytest.mark.parametrize("line", [*(line for block in BLOCKS for line in block), *NAMED])
def test_each_command_begins_with_a_program_of_a_bare_machine_or_of_the_dashboards_environment(line):
    program = shlex.split(line, comments=True)[0]
    assert program in ("make", "export", MADE_BY_DEPLOY) or program.startswith(".venv/bin/")


def test_a_tool_that_no_deployment_installs_is_installed_by_the_line_before():
    for block in BLOCKS:
        for number, line in enumerate(block):
            program, *words = shlex.split(line, comments=True)
            if program.startswith(".venv/bin/") and program != MADE_BY_DEPLOY:
                assert any(before.startswith("make check") for before in block[:number]), line


@pytest.mark.parametrize("block", [block for block in BLOCKS if any("-m core" in line for line in block)])
def test_the_commands_of_punctual_are_valid_and_act_on_the_deployment(block):
    lines = [shlex.split(line, comments=True) for line in block]
    assert lines[0] == ["export", "PUNCTUAL_MODE=aws", "PUNCTUAL_STACK=Punctual"]
    for program, *words in lines:
        if program == MADE_BY_DEPLOY:
            assert words[:2] == ["-m", "core"]
            assert vars(build_parser().parse_args(words[2:])).keys() & {"command", "server"}


def test_the_lines_that_change_the_signing_secret_work_in_a_bare_shell(tmp_path):
    (tmp_path / ".punctual").mkdir()
    (tmp_path / ".punctual" / "signing-secret").write_text(old := new_signing_secret())
    first, last = (line for block in BLOCKS for line in block if line.startswith("export PUNCTUAL_SIGNING_SECRET="))
    shown = 'echo "$PUNCTUAL_SIGNING_SECRET"'
    shell = ["/bin/sh", "-ec", "\n".join([first, shown, last, shown])]
    environment = {"PATH": "/usr/bin:/bin", "HOME": str(tmp_path)}
    printed = subprocess.run(shell, env=environment, capture_output=True, text=True, check=True).stdout
    both, alone = (secrets.split() for secrets in printed.splitlines())
    assert both == [*alone, old]
    assert len(alone) == 1
    assert all(map(is_signing_secret, both))
