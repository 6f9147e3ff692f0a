"""The deployed zip of the relay."""

import importlib.util
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

import lambda_pkg

SOURCE = Path(lambda_pkg.__file__).parent


@pytest.fixture
def relay_zip(package):
    return package("Relay")


def test_the_zip_holds_lambda_pkg_only(relay_zip):
    with zipfile.ZipFile(relay_zip) as archive:
        names = {name for name in archive.namelist() if not name.endswith("/")}
        assert names == {f"lambda_pkg/{file.name}" for file in SOURCE.glob("*.py")}
        assert all(archive.read(name) == (SOURCE.parent / name).read_bytes() for name in names)


def test_the_zip_is_small(relay_zip):
    assert relay_zip.stat().st_size < 30_000


def test_the_zip_imports_with_the_packages_of_the_runtime_alone(relay_zip, template, tmp_path):
    zipfile.ZipFile(relay_zip).extractall(tmp_path)
    for name in ("boto3", "botocore", "s3transfer", "jmespath", "dateutil", "six", "urllib3"):
        origin = Path(importlib.util.find_spec(name).origin)
        origin = origin.parent if origin.name == "__init__.py" else origin
        (tmp_path / origin.name).symlink_to(origin)
    [handler] = [
        each["Properties"]["Handler"] for each in template["Resources"].values() if "Handler" in each["Properties"]
    ]
    module, _, function = handler.rpartition(".")
    code = f"import sys; sys.path.append({str(tmp_path)!r}); from {module} import {function}"
    subprocess.run([sys.executable, "-I", "-S", "-c", code], check=True, cwd=tmp_path)
