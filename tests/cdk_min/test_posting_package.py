"""The posting server's package: built for Lambda's processor, complete and minimal."""

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
RUNTIME_PACKAGES = ("boto3", "botocore", "s3transfer", "jmespath", "dateutil", "six")
"""boto3 and its requirements in Lambda's Python. urllib3 is in the package, which precedes the runtime's."""
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
    """Open the deployed zip."""
    with zipfile.ZipFile(package("PostingServer")) as archive:
        yield archive


@pytest.fixture(scope="module")
def built_here(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the same package, unpacked, for this machine's processor and Python."""
    return posting_package(tmp_path_factory.mktemp("builds"), platform=())


@pytest.fixture
def runtime(tmp_path: Path) -> Path:
    """Return a folder with the packages of Lambda's runtime."""
    for name in RUNTIME_PACKAGES:
        origin = Path(importlib.util.find_spec(name).origin)
        origin = origin.parent if origin.name == "__init__.py" else origin
        (tmp_path / origin.name).symlink_to(origin)
    return tmp_path


def test_every_compiled_file_has_the_functions_processor_and_python(archive):
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


def test_the_function_has_the_python_and_processor_of_the_wheels(properties_of):
    function = properties_of("AWS::Lambda::Function", "PostingServer")
    assert (function["Runtime"], function["Architectures"]) == (f"python{PYTHON}", ["arm64"])


def test_the_package_holds_only_the_modules_of_publishing(archive):
    ours = {name for name in archive.namelist() if name.startswith(("core/", "lambda_pkg/")) and name.endswith(".py")}
    assert all((REPOSITORY / name).is_file() for name in ours)
    assert {str(path.relative_to(REPOSITORY)) for path in network_modules()} <= ours
    assert not [name for name in ours if re.match(r"core/(engine|health|application|cli|settings|backends/aws)", name)]
    top = {name.split("/")[0] for name in archive.namelist()}
    assert not top & {"streamlit", "pandas", "boto3", "botocore", "starlette", "tests", "ui", "pages", "bin"}


def network_modules() -> list[Path]:
    return list((REPOSITORY / "core/publishing/networks").glob("*/*.py"))


def test_the_package_holds_every_imported_module(archive):
    top = {name.split("/")[0].removesuffix(".py") for name in archive.namelist()}
    available = top | sys.stdlib_module_names | set(RUNTIME_PACKAGES)
    for name in archive.namelist():
        if name.startswith(("core/", "lambda_pkg/")) and name.endswith(".py"):
            assert imported_packages(archive.read(name)) <= available, name


def imported_packages(source: bytes) -> set[str]:
    """Return the top-level packages that a module imports at any place."""
    nodes = list(ast.walk(ast.parse(source)))
    plain = {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}
    named = {node.module for node in nodes if isinstance(node, ast.ImportFrom) and node.module}
    return {name.split(".")[0] for name in plain | named}


def test_the_package_is_far_below_lambdas_size_limit(archive):
    assert sum(file.file_size for file in archive.infolist()) < 80_000_000  # the limit is 250 MB
    assert Path(archive.filename).stat().st_size < 25_000_000


def test_the_package_publishes_a_signed_request_without_other_packages(built_here, runtime):
    body = json.dumps(POST, ensure_ascii=False)
    headers = signed_headers(POST["post_id"], datetime.now(UTC), body.encode(), [SECRET])
    event = {
        "version": "2.0",
        "requestContext": {"http": {"method": "POST"}},
        "headers": headers,
        "body": body,
        "isBase64Encoded": False,
    }
    script = [str(Path(__file__).with_name("invoke_package.py")), str(built_here), str(runtime)]
    finished = subprocess.run(
        [sys.executable, "-I", "-S", *script], input=json.dumps(event), capture_output=True, text=True, timeout=30
    )
    assert finished.returncode == 0, finished.stderr
    response = json.loads(finished.stdout.splitlines()[-1])["response"]
    assert response["statusCode"] == 200
    [result] = json.loads(response["body"])["results"]
    assert (result["destination"], result["state"]) == ("outbox", "published")
    assert finished.stderr.splitlines()[0] == "GetParameter"


def test_the_same_content_is_built_once(built_here):
    assert posting_package(built_here.parent, platform=()) == built_here
    assert [folder.name for folder in built_here.parent.iterdir()] == [built_here.name]


def test_the_error_of_missing_wheels_is_one_line(tmp_path):
    with pytest.raises(PackageNotBuilt, match="pip failed: ERROR: ") as failed:
        posting_package(tmp_path, platform=["--no-index", "--find-links", str(tmp_path)])
    assert "\n" not in str(failed.value)
    assert not list(tmp_path.iterdir())


def test_the_requirements_are_a_subset_of_the_dashboards():
    def lines(path: str) -> set[str]:
        text = (REPOSITORY / path).read_text()
        return {line.partition("#")[0].strip() for line in text.splitlines() if line.partition("#")[0].strip()}

    assert set() < lines("cdk_min/posting_server_requirements.txt") < lines("requirements.txt")
