"""The package as it is deployed: small, quick to import, and in need of nothing but Python."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import lambda_pkg

SOURCE = Path(lambda_pkg.__file__).parent


@pytest.fixture
def alone(tmp_path: Path) -> Path:
    """A folder that holds the package and nothing else."""
    shutil.copytree(SOURCE, tmp_path / "lambda_pkg", ignore=shutil.ignore_patterns("__pycache__"))
    return tmp_path


def python(folder: Path, code: str) -> str:
    """Run `code` in a bare interpreter that finds `folder` alone, and return what it prints."""
    path = f"import sys; sys.path.append({str(folder)!r}); "
    return subprocess.run([sys.executable, "-I", "-S", "-c", path + code], check=True, text=True, stdout=-1).stdout


def test_the_package_imports_alone_without_site_packages(alone):
    python(alone, "import lambda_pkg.relay, lambda_pkg.handler")


@pytest.mark.parametrize("module", ["relay", "handler"])
def test_it_imports_in_under_50_milliseconds(alone, module):
    """Measured as the processor's time, which other programs on the machine do not lengthen."""
    code = f"import time; began = time.process_time(); import lambda_pkg.{module}; print(time.process_time() - began)"
    python(alone, code)  # compiles
    assert min(float(python(alone, code)) for _ in range(5)) < 0.050
