"""Arrows point down: which folder and module may import which, and what else holds for every file of the source."""

import ast
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
MAY_IMPORT = {
    "dashboard": {"ui", "core"},
    "pages": {"ui", "core"},
    "ui": {"core"},
    "core": {"lambda_pkg"},
    "lambda_pkg": set(),
    "cdk_min": set(),
}
"""What each folder may import of ours, besides itself."""

CORE = [
    ["core.errors"],
    ["core.moments", "core.processes", "core.database", "core.home", "core.faults"],
    ["core.models"],
    ["core.wire", "core.settings", "core.accounts", "core.media.port"],
    ["core.ledger", "core.outbox"],
    ["core.publishing"],
    ["core.queue", "core.putting", "core.arming", "core.schedules"],
    ["core.one_machine", "core.place"],
    ["core.application"],
    ["core.command_line", "core.health"],
]
"""The spine of core: what stands further down imports nothing that stands above it. Entries (`__main__`) stand last."""

ENGINE_MAY_IMPORT = {"core.engine", "core.errors", "core.moments", "core.database", "core.processes"}
READS_THE_REAL_CLOCK = {"core.moments", "lambda_pkg.handler"}
"""The one clock of ours, and the entry on AWS, which imports nothing of ours."""


@cache
def sources() -> dict[str, Path]:
    """Every module of ours, by its name."""
    files = [path for folder in MAY_IMPORT for path in (ROOT / folder).rglob("*.py")] + [ROOT / "dashboard.py"]
    return {".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): path for path in files}


@cache
def tree(module: str) -> ast.Module:
    return ast.parse(sources()[module].read_text(encoding="utf-8"))


@cache
def imports(module: str) -> frozenset[str]:
    """The names of all modules that one imports, wherever in it that stands."""
    found = set()
    for node in ast.walk(tree(module)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{module} imports relatively"
            below = {f"{node.module}.{alias.name}" for alias in node.names}
            found |= {name if name in sources() else str(node.module) for name in below}
    return frozenset(found)


def arrows() -> Iterator[tuple[str, str]]:
    """Every import of a module of ours by another one."""
    for module in sources():
        for imported in imports(module) & sources().keys():
            yield module, imported


def folder(module: str) -> str:
    return module.partition(".")[0]


def within(module: str, package: str) -> bool:
    return module == package or module.startswith(f"{package}.")


def is_entry(module: str) -> bool:
    return module.endswith(".__main__")


def test_folders_import_only_downwards():
    upwards = {
        f"{module} imports {imported}"
        for module, imported in arrows()
        if folder(imported) not in MAY_IMPORT[folder(module)] | {folder(module)}
    }
    assert not upwards


def test_pages_import_no_other_page():
    assert not [arrow for arrow in arrows() if folder(arrow[1]) == "pages"]


def test_the_spine_of_core_imports_only_downwards():
    place = {name: number for number, names in enumerate(CORE) for name in names}

    def height(module: str) -> int | None:
        return next((number for name, number in place.items() if within(module, name)), None)

    upwards = {
        f"{module} imports {imported}"
        for module, imported in arrows()
        if not is_entry(module)
        and (above := height(imported)) is not None
        and (own := height(module)) is not None
        and above > own
    }
    assert not upwards
    assert set(place) <= sources().keys(), "the spine names a module that is not there"


def test_the_engine_imports_nothing_of_the_product():
    foreign = {
        f"{module} imports {imported}"
        for module, imported in arrows()
        if within(module, "core.engine")
        and not is_entry(module)
        and not any(within(imported, allowed) for allowed in ENGINE_MAY_IMPORT)
    }
    assert not foreign


def test_no_module_imports_itself_by_a_detour():
    rest = {module: imports(module) & sources().keys() - {module} for module in sources()}
    while free := [module for module, needed in rest.items() if not needed & rest.keys()]:
        for module in free:
            del rest[module]
    assert not rest, f"a circle among {sorted(rest)}"


@pytest.mark.parametrize("package", ["core", "lambda_pkg", "cdk_min"])
def test_only_the_pages_and_ui_know_streamlit(package):
    assert not [module for module in sources() if folder(module) == package and "streamlit" in imports(module)]


def test_the_relay_needs_only_the_standard_library_and_what_lambda_has():
    """boto3 and botocore come with Lambda's runtime; they are imported where needed, since that takes its time."""
    for module in sources():
        if folder(module) != "lambda_pkg":
            continue
        foreign = {folder(name) for name in imports(module)} - sys.stdlib_module_names - {"lambda_pkg"}
        assert foreign <= {"boto3", "botocore"}, module
        at_once = {node for node in tree(module).body if isinstance(node, ast.Import | ast.ImportFrom)}
        named = {folder(getattr(node, "module", None) or node.names[0].name) for node in at_once}
        assert not named & {"boto3", "botocore"}, module


def test_the_time_is_asked_for_at_the_entries_alone():
    asks = {
        module
        for module in sources()
        for node in ast.walk(tree(module))
        if isinstance(node, ast.Attribute)
        and isinstance(node.value, ast.Name)
        and (node.value.id, node.attr)
        in {("datetime", "now"), ("datetime", "utcnow"), ("datetime", "today"), ("date", "today"), ("time", "time")}
    }
    assert asks <= READS_THE_REAL_CLOCK


def test_the_roots_of_packages_are_empty():
    assert not [str(path) for path in sources().values() if path.name == "__init__.py" and path.read_text()]


def test_every_module_says_what_it_is_and_none_is_longer_than_300_lines():
    for module, path in sources().items():
        text = path.read_text(encoding="utf-8")
        assert not text or ast.get_docstring(tree(module)), f"{module} has no docstring"
        assert len(text.splitlines()) <= 300, f"{module} is too long"


@pytest.mark.parametrize("name", ["utils", "helpers", "common", "manager", "misc", "base"])
def test_files_are_named_after_what_they_give(name):
    assert not [module for module in sources() if module.rpartition(".")[2] == name]
