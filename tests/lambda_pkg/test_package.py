"""The package as it is deployed: small, quick to import, and in need of nothing but Python."""

import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

import lambda_pkg

SOURCE = Path(lambda_pkg.__file__).parent


@pytest.fixture
def alone(tmp_path: Path) -> Path:
    """A folder that holds the package and nothing else."""
    shutil.copytree(SOURCE, tmp_path / "lambda_pkg", ignore=shutil.ignore_patterns("__pycache__"))
    return tmp_path


def python(folder: Path, code: str) -> float:
    """Run `code` in a bare interpreter that finds `folder` alone, and return the seconds that took."""
    began = time.perf_counter()
    subprocess.run(
        [sys.executable, "-I", "-S", "-c", f"import sys; sys.path.append({str(folder)!r}); {code}"], check=True
    )
    return time.perf_counter() - began


def test_the_package_imports_alone_without_site_packages(alone):
    python(alone, "import lambda_pkg.relay, lambda_pkg.handler")


@pytest.mark.parametrize("module", ["relay", "handler"])
def test_it_imports_in_under_50_milliseconds(alone, module):
    python(alone, f"import lambda_pkg.{module}")  # compiles
    bare = min(python(alone, "pass") for _ in range(5))
    assert min(python(alone, f"import lambda_pkg.{module}") for _ in range(5)) - bare < 0.050
