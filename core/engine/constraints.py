"""Checks that a value obeys a shape of botocore's service model: types, required members, lengths, ranges, patterns
and enums. A newer botocore brings its own rules.
"""

import math
import re
from collections.abc import Callable
from typing import Any

from botocore.model import ListShape, MapShape, Shape, StructureShape

from core.engine.api_errors import Unreadable

Check = Callable[[Any, str, list[str]], Any]
"""Takes a value, its path and the list of violations so far; returns the value with what the model knows of it."""

_LAST_INSTANT = 253_370_764_800
"""The end of the year 9998 in epoch seconds: later ones have no date in every zone."""


def checker(shape: Shape) -> Check:
    """Return the check of a shape, with the checks of all that it is made of."""
    if isinstance(shape, StructureShape):
        return _structure(shape)
    if isinstance(shape, ListShape):
        return _list(shape)
    if isinstance(shape, MapShape):
        return _map(shape)
    return _CHECKERS.get(shape.type_name, _anything)(shape)


def complain(found: list[str], value: Any, path: str, constraint: str) -> None:
    """Note a violation in AWS's words."""
    shown = "null" if value is None else f"'{value}'"
    found.append(f"Value {shown} at '{path}' failed to satisfy constraint: Member must {constraint}")


def member_path(path: str, name: str) -> str:
    """Return the path of a structure's member as AWS writes it: `target.roleArn`."""
    member = name[:1].lower() + name[1:]
    return f"{path}.{member}" if path else member


def _structure(shape: StructureShape) -> Check:
    members = {name: checker(member) for name, member in shape.members.items()}
    required = frozenset(shape.required_members)

    def check(value: Any, path: str, found: list[str]) -> Any:
        if not isinstance(value, dict):
            raise _wrong_type(value, "structure")
        known = {}
        for name, check_member in members.items():
            if value.get(name) is not None:
                known[name] = check_member(value[name], member_path(path, name), found)
            elif name in required:
                complain(found, None, member_path(path, name), "not be null")
        return known

    return check


def _list(shape: ListShape) -> Check:
    check_item = checker(shape.member)
    check_size = _size(shape)

    def check(value: Any, path: str, found: list[str]) -> Any:
        if not isinstance(value, list):
            raise _wrong_type(value, "list")
        check_size(value, path, found)
        return [check_item(item, f"{path}.{number}.member", found) for number, item in enumerate(value, 1)]

    return check


def _map(shape: MapShape) -> Check:
    check_key, check_value, check_size = checker(shape.key), checker(shape.value), _size(shape)

    def check(value: Any, path: str, found: list[str]) -> Any:
        if not isinstance(value, dict):
            raise _wrong_type(value, "map")
        check_size(value, path, found)
        return {
            check_key(key, f"{path}.{key}.key", found): check_value(item, f"{path}.{key}.member", found)
            for key, item in value.items()
        }

    return check


def _string(shape: Shape) -> Check:
    check_size = _size(shape)
    pattern = shape.metadata.get("pattern")
    matches = re.compile(pattern, re.ASCII).fullmatch if pattern else None
    values = shape.metadata.get("enum")

    def check(value: Any, path: str, found: list[str]) -> Any:
        if not isinstance(value, str):
            raise _wrong_type(value, "String")
        check_size(value, path, found)
        if matches and not matches(value):
            complain(found, value, path, f"satisfy regular expression pattern: {pattern}")
        if values and value not in values:
            complain(found, value, path, f"satisfy enum value set: [{', '.join(values)}]")
        return value

    return check


def _integer(shape: Shape) -> Check:
    least, most = shape.metadata.get("min", -math.inf), shape.metadata.get("max", math.inf)

    def check(value: Any, path: str, found: list[str]) -> Any:
        if not isinstance(value, int) or isinstance(value, bool):
            raise _wrong_type(value, "Integer")
        if value < least:
            complain(found, value, path, f"have value greater than or equal to {least}")
        if value > most:
            complain(found, value, path, f"have value less than or equal to {most}")
        return value

    return check


def _boolean(shape: Shape) -> Check:
    def check(value: Any, path: str, found: list[str]) -> Any:
        if not isinstance(value, bool):
            raise _wrong_type(value, "Boolean")
        return value

    return check


def _timestamp(shape: Shape) -> Check:
    def check(value: Any, path: str, found: list[str]) -> Any:
        if not isinstance(value, int | float) or isinstance(value, bool):
            raise _wrong_type(value, "Timestamp")
        if not 0 <= value < _LAST_INSTANT:
            complain(found, value, path, f"be between 0 and {_LAST_INSTANT} seconds")
        return value

    return check


def _anything(shape: Shape) -> Check:
    """What a newer model may have; this one has no such type."""
    return lambda value, path, found: value


_CHECKERS = {
    "string": _string,
    "integer": _integer,
    "long": _integer,
    "boolean": _boolean,
    "timestamp": _timestamp,
}


def _size(shape: Shape) -> Callable[[Any, str, list[str]], None]:
    least, most = shape.metadata.get("min", 0), shape.metadata.get("max", math.inf)

    def check(value: Any, path: str, found: list[str]) -> None:
        if len(value) < least:
            complain(found, value, path, f"have length greater than or equal to {least}")
        if len(value) > most:
            complain(found, value, path, f"have length less than or equal to {most}")

    return check


def _wrong_type(value: Any, expected: str) -> Unreadable:
    kind = {bool: "BOOLEAN_VALUE", int: "NUMBER_VALUE", float: "NUMBER_VALUE", str: "STRING_VALUE"}
    name = kind.get(type(value), "Structure or list")
    return Unreadable(f"{name} cannot be converted to {expected}")
