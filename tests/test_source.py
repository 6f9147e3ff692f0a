"""Rules that hold for every file of the source, beside those of the linter and the type checker."""

import ast
import sys
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
FOLDERS = ("cdk_min", "core", "lambda_pkg", "ui", "pages")
DEPLOYMENT_WRITES = {".venv", "cdk.out"}
"""The folders that a deployment creates in cdk_min."""
READ_THE_CLOCK = {"core/time/instants.py", "lambda_pkg/handler.py"}
"""The clock of the product, and the relay's entry on AWS, which imports nothing of ours."""
RELAY_ON_AWS = {f"lambda_pkg/{name}.py" for name in ("clients", "handler", "iam_signature")}
"""The modules of the relay that use boto3."""
LONGEST_MODULE = 300
"""Lines."""


@cache
def sources() -> dict[str, ast.Module]:
    """Map the path of every file of the source, relative to the repository, to its syntax tree."""
    files = [path for folder in FOLDERS for path in (ROOT / folder).rglob("*.py")] + [ROOT / "dashboard.py"]
    ours = [path.relative_to(ROOT) for path in files if not DEPLOYMENT_WRITES & set(path.parts)]
    return {path.as_posix(): ast.parse((ROOT / path).read_text(encoding="utf-8")) for path in ours}


def imported(nodes: object) -> set[str]:
    """Return the top-level names of the packages that these nodes import."""
    found = set()
    for node in nodes:
        if isinstance(node, ast.Import):
            found |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            found.add(str(node.module).partition(".")[0])
    return found


@pytest.mark.parametrize("folder", ["cdk_min", "core", "lambda_pkg"])
def test_only_pages_and_ui_import_streamlit(folder):
    within = [path for path in sources() if path.startswith(f"{folder}/")]
    assert within
    assert not [path for path in within if "streamlit" in imported(ast.walk(sources()[path]))]


def test_pages_import_no_other_page():
    assert not [path for path in sources() if "pages" in imported(ast.walk(sources()[path]))]


def test_the_relay_needs_only_the_standard_library_and_boto3():
    """Lambda's runtime brings boto3 and botocore. Importing them takes long, so it happens before any invocation."""
    relay = {path: tree for path, tree in sources().items() if path.startswith("lambda_pkg/")}
    assert relay
    for tree in relay.values():
        assert imported(ast.walk(tree)) <= sys.stdlib_module_names | {"lambda_pkg", "boto3", "botocore"}
    on_import, at_any_time = ({path for path in relay if uses_boto3(nodes(relay[path]))} for nodes in (body, ast.walk))
    assert on_import == at_any_time == RELAY_ON_AWS


def test_one_machine_does_not_import_boto3_by_the_relay():
    names = {path.removesuffix(".py").replace("/", ".") for path in RELAY_ON_AWS}
    users = {
        path
        for path, tree in sources().items()
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and node.module in names and not path.startswith("lambda_pkg/")
    }
    assert users == {"core/backends/posting_function.py"}


def uses_boto3(nodes: object) -> bool:
    return bool(imported(nodes) & {"boto3", "botocore"})


def body(tree: ast.Module) -> list[ast.stmt]:
    """Return the statements that run when the module is imported."""
    return tree.body


def test_the_stack_imports_nothing_else_of_the_repository():
    stack = [tree for path, tree in sources().items() if path.startswith("cdk_min/")]
    assert stack
    assert not [tree for tree in stack if imported(ast.walk(tree)) & {"core", "lambda_pkg", "ui", "pages"}]


def test_only_the_clock_reads_the_time():
    clocks = {("datetime", "now"), ("datetime", "utcnow"), ("datetime", "today"), ("date", "today"), ("time", "time")}
    readers = {
        path
        for path, tree in sources().items()
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and (node.value.id, node.attr) in clocks
    }
    assert readers == READ_THE_CLOCK


def test_modules_have_at_most_300_lines():
    assert not [path for path in sources() if len((ROOT / path).read_text().splitlines()) > LONGEST_MODULE]


def test_a_class_name_has_one_meaning():
    places: dict[str, list[str]] = {}
    for path, tree in sources().items():
        for node in ast.walk(tree):
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                places.setdefault(node.name, []).append(path)
    assert not {name: paths for name, paths in places.items() if len(paths) > 1}


@pytest.mark.parametrize("name", ["utils", "helpers", "common", "manager", "misc", "base"])
def test_files_are_named_after_what_they_give(name):
    assert not [path for path in sources() if Path(path).stem == name]
