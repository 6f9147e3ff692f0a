"""The posting server's package: made for Lambda's processor, with nothing missing and nothing left over."""

import ast
import importlib.util
import json
import re
import struct
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from cdk_min.posting_package import LAMBDA_ON_ARM, PYTHON, PackageNotBuilt, posting_package
from lambda_pkg.signature import signed_headers

pytestmark = pytest.mark.wheels

REPOSITORY = Path(__file__).resolve().parent.parent.parent
AARCH64 = 183
"""`e_machine` in the header of an ELF file (refspecs.linuxfoundation.org/elf, as extended by Arm)."""
OF_THE_RUNTIME = ("boto3", "botocore", "s3transfer", "jmespath", "dateutil", "six")
"""What Lambda's own Python brings along of boto3; urllib3 is in the package, and comes first."""
SECRET = "whsec_YSBrZXkgdGhhdCBvbmx5IHRlc3RzIGtub3c="
POST = {
    "version": 1,
    "post_id": "k3v9q2m4cx7a",
    "revision": 1,
    "occurrence": "2026-11-24T08:00:00Z",
    "due_at": "2026-11-24T08:00:00Z",
    "zone": "Europe/Berlin",
    "wall": "2026-11-24T09:00:00",
    "text": "Grüße aus Köln 🎉",
    "variants": {},
    "destinations": ["outbox"],
    "media": [],
    "late_after_minutes": 60,
}


@pytest.fixture
def synthesis(syntheses: Any) -> Any:
    return syntheses["lambda"]


@pytest.fixture
def archive(package: Any) -> Iterator[zipfile.ZipFile]:
    """The zip that is deployed."""
    with zipfile.ZipFile(package("PostingServer")) as archive:
        yield archive


@pytest.fixture(scope="module")
def built_here(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same package for this machine and the Python that runs the tests, unpacked as Lambda unpacks it."""
    return posting_package(tmp_path_factory.mktemp("builds"), platform=())


@pytest.fixture
def runtime(tmp_path: Path) -> Path:
    """What Lambda's runtime holds besides the standard library."""
    for name in OF_THE_RUNTIME:
        origin = Path(importlib.util.find_spec(name).origin)
        origin = origin.parent if origin.name == "__init__.py" else origin
        (tmp_path / origin.name).symlink_to(origin)
    return tmp_path


def test_every_compiled_file_is_for_the_functions_processor_and_python(archive):
    compiled = [name for name in archive.namelist() if archive.read(name)[:4] == b"\x7fELF"]
    assert {name.split("/")[0] for name in compiled} >= {"pydantic_core", "regex"}
    for name in compiled:
        [machine] = struct.unpack_from("<H", archive.read(name), 18)
        assert machine == AARCH64, name
    extensions = [name for name in compiled if ".cpython-" in name]
    assert all(f".cpython-{PYTHON.replace('.', '')}-aarch64-linux-gnu.so" in name for name in extensions)


def test_every_wheel_runs_on_lambdas_linux(archive):
    wheels = [archive.read(name).decode() for name in archive.namelist() if name.endswith(".dist-info/WHEEL")]
    tags = [set(re.findall(r"^Tag: \S+-(\S+)$", wheel, re.MULTILINE)) for wheel in wheels]
    assert len(tags) > 7
    assert all(each & {"any", *LAMBDA_ON_ARM} for each in tags)


def test_the_function_runs_what_the_wheels_are_for(only):
    function = only("AWS::Lambda::Function", "PostingServer")
    assert (function["Runtime"], function["Architectures"]) == (f"python{PYTHON}", ["arm64"])


def test_nothing_of_ours_is_in_it_but_what_publishing_needs(archive):
    ours = {name for name in archive.namelist() if name.startswith(("core/", "lambda_pkg/")) and name.endswith(".py")}
    assert all((REPOSITORY / name).is_file() for name in ours)
    assert {f"core/publishing/networks/{path.name}" for path in networks()} <= ours
    assert not [name for name in ours if re.match(r"core/(engine|health|application|command_line|settings)", name)]
    top = {name.split("/")[0] for name in archive.namelist()}
    assert not top & {"streamlit", "pandas", "boto3", "botocore", "starlette", "tests", "ui", "pages", "bin"}


def networks() -> list[Path]:
    return list((REPOSITORY / "core/publishing/networks").glob("*.py"))


def test_everything_that_is_imported_now_or_later_is_in_it(archive):
    top = {name.split("/")[0].removesuffix(".py") for name in archive.namelist()}
    there = top | sys.stdlib_module_names | set(OF_THE_RUNTIME)
    for name in archive.namelist():
        if name.startswith(("core/", "lambda_pkg/")) and name.endswith(".py"):
            assert imported(archive.read(name)) <= there, name


def imported(source: bytes) -> set[str]:
    """Return the top-level names that a module imports, wherever in it."""
    nodes = list(ast.walk(ast.parse(source)))
    plain = {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}
    named = {node.module for node in nodes if isinstance(node, ast.ImportFrom) and node.module}
    return {name.split(".")[0] for name in plain | named}


def test_its_size_is_far_from_lambdas_limit(archive):
    assert sum(file.file_size for file in archive.infolist()) < 80_000_000  # the limit is 250 MB
    assert Path(archive.filename).stat().st_size < 25_000_000


def test_it_answers_a_signed_request_with_nothing_else_installed(built_here, runtime):
    body = json.dumps(POST, ensure_ascii=False)
    headers = signed_headers(POST["post_id"], datetime.now(UTC), body.encode(), [SECRET])
    event = {
        "version": "2.0",
        "requestContext": {"http": {"method": "POST"}},
        "headers": headers,
        "body": body,
        "isBase64Encoded": False,
    }
    script = [str(Path(__file__).with_name("answering.py")), str(built_here), str(runtime)]
    ended = subprocess.run(
        [sys.executable, "-I", "-S", *script], input=json.dumps(event), capture_output=True, text=True, timeout=30
    )
    assert ended.returncode == 0, ended.stderr
    answer = json.loads(ended.stdout.splitlines()[-1])["answer"]
    assert answer["statusCode"] == 200
    [result] = json.loads(answer["body"])["results"]
    assert (result["destination"], result["state"]) == ("outbox", "published")
    assert ended.stderr.splitlines()[0] == "GetSecretValue"


def test_a_package_is_built_once_for_the_same_content(built_here):
    assert posting_package(built_here.parent, platform=()) == built_here
    assert [folder.name for folder in built_here.parent.iterdir()] == [built_here.name]


def test_wheels_that_do_not_exist_end_in_one_line(tmp_path):
    with pytest.raises(PackageNotBuilt, match="pip says: ERROR: ") as failed:
        posting_package(tmp_path, platform=["--no-index", "--find-links", str(tmp_path)])
    assert "\n" not in str(failed.value)
    assert not list(tmp_path.iterdir())


def test_its_requirements_are_those_of_the_dashboard():
    def lines(path: str) -> set[str]:
        text = (REPOSITORY / path).read_text()
        return {line.partition("#")[0].strip() for line in text.splitlines() if line.partition("#")[0].strip()}

    assert set() < lines("cdk_min/posting_server_requirements.txt") < lines("requirements.txt")
