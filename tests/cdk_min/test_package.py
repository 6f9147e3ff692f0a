"""The zip that is deployed."""

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

import lambda_pkg

SOURCE = Path(lambda_pkg.__file__).parent


@pytest.fixture
def relay(package):
    return package("Relay")


def test_the_zip_holds_lambda_pkg_and_nothing_else(relay):
    with zipfile.ZipFile(relay) as archive:
        names = {name for name in archive.namelist() if not name.endswith("/")}
        assert names == {f"lambda_pkg/{file.name}" for file in SOURCE.glob("*.py")}
        assert all(archive.read(name) == (SOURCE.parent / name).read_bytes() for name in names)


def test_the_zip_is_small(relay):
    assert relay.stat().st_size < 30_000


def test_the_zip_imports_on_its_own(relay, template, tmp_path):
    zipfile.ZipFile(relay).extractall(tmp_path)
    [handler] = [
        each["Properties"]["Handler"] for each in template["Resources"].values() if "Handler" in each["Properties"]
    ]
    module, _, function = handler.rpartition(".")
    code = f"import sys; sys.path.append({str(tmp_path)!r}); from {module} import {function}"
    subprocess.run([sys.executable, "-I", "-S", "-c", code], check=True, cwd=tmp_path)
