"""The package as deployed: its shared parts need nothing but Python, and its entry module leaves nothing to import."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import lambda_pkg

SOURCE = Path(lambda_pkg.__file__).parent
ON_AWS = {"clients", "handler", "iam_signature"}
"""The modules that use boto3 or botocore, which Lambda's runtime has. `core` imports none of them on one machine."""


@pytest.fixture
def package_folder(tmp_path: Path) -> Path:
    """Return a folder that holds the package and nothing else."""
    shutil.copytree(SOURCE, tmp_path / "lambda_pkg", ignore=shutil.ignore_patterns("__pycache__"))
    return tmp_path


def test_the_shared_modules_import_without_site_packages(package_folder):
    shared = {file.stem for file in SOURCE.glob("*.py")} - ON_AWS - {"__init__"}
    code = (
        f"import sys; sys.path.append({str(package_folder)!r}); "
        f"import {', '.join(f'lambda_pkg.{name}' for name in sorted(shared))}; print(*sys.modules)"
    )
    run = subprocess.run([sys.executable, "-I", "-S", "-c", code], check=True, text=True, stdout=-1)
    assert not {f"lambda_pkg.{name}" for name in ON_AWS} & set(run.stdout.split())


def test_the_start_of_the_function_imports_all_modules_and_connects_to_aws(
    start_server: Any, payload: dict[str, Any], secret: str
):
    """Lambda gives the function a whole processor until its entry module is imported, and then a fourteenth of one."""
    parameter = {"Name": "/Punctual/signing-secret", "Value": secret, "Type": "SecureString"}
    responses = {"Parameter": parameter, "Count": 0, "Items": [], "results": []}
    server = start_server(200, json.dumps(responses).encode())  # responds as each service of AWS, and as posting server
    variables = {
        "POSTING_URL": server.url,
        "POSTING_AUTH": "aws_iam",
        "AWS_REGION": "eu-central-1",
        "AWS_DEFAULT_REGION": "eu-central-1",
        "AWS_ENDPOINT_URL": f"http://127.0.0.1:{server.port}",
        "AWS_ACCESS_KEY_ID": "x",
        "AWS_SECRET_ACCESS_KEY": "x",
        "TABLE_NAME": "ledger",
        "SIGNING_SECRET_PARAMETER": parameter["Name"],
    }
    code = (
        "import json, sys; import lambda_pkg.handler as handler; known = set(sys.modules); "
        "handler.handle(json.load(sys.stdin), None); print(*set(sys.modules) - known)"
    )
    run = subprocess.run(
        [sys.executable, "-c", code],
        input=json.dumps({**payload, "due_at": "2026-01-01T00:00:00Z", "late_after_minutes": None}),
        check=True,
        text=True,
        stdout=-1,
        env={**os.environ, **variables},
        cwd=SOURCE.parent,
    )
    log, imported = run.stdout.splitlines()
    assert json.loads(log)["message"] == "handed_over"
    assert imported.split() == []
    operations = [headers.get("x-amz-target", "").rpartition(".")[2] for headers, _ in server.requests]
    assert operations == ["GetParameter", "Query", "Query", "", "PutItem", "PutItem"]
