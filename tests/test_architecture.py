"""The rooms of the house: which room may import which."""

import ast
from functools import cache
from pathlib import Path

ROOMS = """
cdk_min  core.errors
core.time
core.storage
core.engine  lambda_pkg
core.serving
core.worker
core.aws_errors
core.posts
core.settings
core.accounts
core.media
core.ledger
core.outbox  core.drafts  core.timetable  core.labels
core.scheduling
core.publishing
core.maintenance
core.backends
core.notifications
core.outward_services
core.application
core.transfer  core.bulk
core.health
core.cli
core.__main__
ui.frame
ui.connect  ui.timetable  ui.bulk
ui.preview
ui.compose
ui.posts
ui.calendar
pages
dashboard
"""
"""The rooms from the ground up, one floor a line. A room imports itself and rooms of lower floors only."""

ROOT = Path(__file__).parent.parent
FLOORS = {room: number for number, floor in enumerate(ROOMS.split("\n")) for room in floor.split()}
FOLDERS = {room.partition(".")[0] for room in FLOORS}


@cache
def sources() -> dict[str, Path]:
    """Map the name of every module of the source to its file."""
    files = [
        path
        for folder in FOLDERS
        for path in (*(ROOT / folder).rglob("*.py"), ROOT / f"{folder}.py")
        if path.exists() and not {".venv", "cdk.out"} & set(path.parts)  # a deployment creates these in cdk_min
    ]
    return {".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): path for path in files}


@cache
def imports(module: str) -> frozenset[str]:
    """Return every module of the source that `module` imports, at its top or inside a function."""
    found = set()
    for node in ast.walk(ast.parse(sources()[module].read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{module} imports relatively"
            below = {f"{node.module}.{alias.name}" for alias in node.names}
            found |= {name if name in sources() else str(node.module) for name in below}
    return frozenset(found & sources().keys() - {module})


def room_of(module: str) -> str | None:
    return next((room for room in FLOORS if module == room or module.startswith(f"{room}.")), None)


def test_every_module_is_in_a_room_and_package_roots_are_empty():
    homeless = [module for module in sources() if room_of(module) is None]
    roots = [module for module in sources() if sources()[module].name == "__init__.py"]
    assert set(homeless) <= set(roots)
    assert not [module for module in roots if sources()[module].read_text()]


def test_every_room_exists():
    assert FLOORS.keys() == {room_of(module) for module in sources()} - {None}


def test_imports_only_go_down():
    upwards = {
        f"{module} imports {imported}"
        for module in sources()
        for imported in imports(module)
        if (own := room_of(module)) != (other := room_of(imported)) and own and other and FLOORS[other] >= FLOORS[own]
    }
    assert not upwards


def test_no_import_runs_in_a_circle():
    rest = {module: set(imports(module)) for module in sources()}
    while free := [module for module, needed in rest.items() if not needed & rest.keys()]:
        for module in free:
            del rest[module]
    assert not rest, f"a circle among {sorted(rest)}"
