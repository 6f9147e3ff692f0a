"""The package as deployed: it needs nothing but Python, and imports quickly."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import lambda_pkg

SOURCE = Path(lambda_pkg.__file__).parent
SLOW_IMPORTS = {"asyncio", "boto3", "email", "http.client", "logging", "socket", "ssl", "urllib.request"}
"""Each of them lengthens a cold start."""


@pytest.fixture
def package_folder(tmp_path: Path) -> Path:
    """Return a folder that holds the package and nothing else."""
    shutil.copytree(SOURCE, tmp_path / "lambda_pkg", ignore=shutil.ignore_patterns("__pycache__"))
    return tmp_path


def python(folder: Path, code: str) -> str:
    """Run `code` in an interpreter that finds the standard library and `folder` only, and return its output."""
    path = f"import sys; sys.path.append({str(folder)!r}); "
    return subprocess.run([sys.executable, "-I", "-S", "-c", path + code], check=True, text=True, stdout=-1).stdout


def test_the_package_imports_without_site_packages(package_folder):
    python(package_folder, "import lambda_pkg.relay, lambda_pkg.handler, lambda_pkg.http_client")


@pytest.mark.parametrize("module", ["relay", "handler"])
def test_a_module_imports_nothing_that_only_a_request_needs(package_folder, module):
    code = f"import lambda_pkg.{module}; print(*sys.modules)"
    assert not SLOW_IMPORTS & set(python(package_folder, code).split())
