"""Validation of request parameters against the shapes of botocore's service model.

It covers types, required members, lengths, ranges, patterns and enums. The rules come from the installed botocore.
"""

import math
import re
from collections.abc import Callable
from typing import Any

from botocore.model import ListShape, MapShape, Shape, StructureShape

from core.engine.api_errors import MalformedRequest

Validator = Callable[[Any, str, list[str]], Any]
"""Takes a value, its path and a list of violations. Adds violations; returns the value without unknown members."""

_TIMESTAMP_LIMIT = 253_370_764_800
"""The start of the year 9999 in epoch seconds. Near its end, an instant has no date in some zones."""


def validator(shape: Shape) -> Validator:
    """Return the validator of a shape, which also validates the shapes within it."""
    if isinstance(shape, StructureShape):
        return _structure(shape)
    if isinstance(shape, ListShape):
        return _list(shape)
    if isinstance(shape, MapShape):
        return _map(shape)
    return _VALIDATORS.get(shape.type_name, _accept_any)(shape)


def add_violation(violations: list[str], value: Any, path: str, constraint: str) -> None:
    """Add a violation to the list, in AWS's wording."""
    shown = "null" if value is None else f"'{value}'"
    violations.append(f"Value {shown} at '{path}' failed to satisfy constraint: Member must {constraint}")


def member_path(path: str, name: str) -> str:
    """Return the path of a structure's member in AWS's form: `target.roleArn`."""
    member = name[:1].lower() + name[1:]
    return f"{path}.{member}" if path else member


def _structure(shape: StructureShape) -> Validator:
    members = {name: validator(member) for name, member in shape.members.items()}
    required = frozenset(shape.required_members)

    def validate(value: Any, path: str, violations: list[str]) -> Any:
        if not isinstance(value, dict):
            raise _wrong_type(value, "structure")
        validated = {}
        for name, validate_member in members.items():
            if value.get(name) is not None:
                validated[name] = validate_member(value[name], member_path(path, name), violations)
            elif name in required:
                add_violation(violations, None, member_path(path, name), "not be null")
        return validated

    return validate


def _list(shape: ListShape) -> Validator:
    validate_item = validator(shape.member)
    validate_size = _size(shape)

    def validate(value: Any, path: str, violations: list[str]) -> Any:
        if not isinstance(value, list):
            raise _wrong_type(value, "list")
        validate_size(value, path, violations)
        return [validate_item(item, f"{path}.{number}.member", violations) for number, item in enumerate(value, 1)]

    return validate


def _map(shape: MapShape) -> Validator:
    validate_key, validate_value, validate_size = validator(shape.key), validator(shape.value), _size(shape)

    def validate(value: Any, path: str, violations: list[str]) -> Any:
        if not isinstance(value, dict):
            raise _wrong_type(value, "map")
        validate_size(value, path, violations)
        return {
            validate_key(key, f"{path}.{key}.key", violations): validate_value(item, f"{path}.{key}.member", violations)
            for key, item in value.items()
        }

    return validate


def _string(shape: Shape) -> Validator:
    validate_size = _size(shape)
    pattern = shape.metadata.get("pattern")
    matches = re.compile(pattern, re.ASCII).fullmatch if pattern else None
    values = shape.metadata.get("enum")

    def validate(value: Any, path: str, violations: list[str]) -> Any:
        if not isinstance(value, str):
            raise _wrong_type(value, "String")
        validate_size(value, path, violations)
        if matches and not matches(value):
            add_violation(violations, value, path, f"satisfy regular expression pattern: {pattern}")
        if values and value not in values:
            add_violation(violations, value, path, f"satisfy enum value set: [{', '.join(values)}]")
        return value

    return validate


def _integer(shape: Shape) -> Validator:
    least, most = shape.metadata.get("min", -math.inf), shape.metadata.get("max", math.inf)

    def validate(value: Any, path: str, violations: list[str]) -> Any:
        if not isinstance(value, int) or isinstance(value, bool):
            raise _wrong_type(value, "Integer")
        if value < least:
            add_violation(violations, value, path, f"have value greater than or equal to {least}")
        if value > most:
            add_violation(violations, value, path, f"have value less than or equal to {most}")
        return value

    return validate


def _boolean(shape: Shape) -> Validator:
    def validate(value: Any, path: str, violations: list[str]) -> Any:
        if not isinstance(value, bool):
            raise _wrong_type(value, "Boolean")
        return value

    return validate


def _timestamp(shape: Shape) -> Validator:
    def validate(value: Any, path: str, violations: list[str]) -> Any:
        if not isinstance(value, int | float) or isinstance(value, bool):
            raise _wrong_type(value, "Timestamp")
        if not 0 <= value < _TIMESTAMP_LIMIT:
            add_violation(violations, value, path, f"be between 0 and {_TIMESTAMP_LIMIT} seconds")
        return value

    return validate


def _accept_any(shape: Shape) -> Validator:
    """Return a validator that accepts every value, for a type that today's model does not have."""
    return lambda value, path, violations: value


_VALIDATORS = {
    "string": _string,
    "integer": _integer,
    "long": _integer,
    "boolean": _boolean,
    "timestamp": _timestamp,
}


def _size(shape: Shape) -> Callable[[Any, str, list[str]], None]:
    least, most = shape.metadata.get("min", 0), shape.metadata.get("max", math.inf)

    def validate(value: Any, path: str, violations: list[str]) -> None:
        if len(value) < least:
            add_violation(violations, value, path, f"have length greater than or equal to {least}")
        if len(value) > most:
            add_violation(violations, value, path, f"have length less than or equal to {most}")

    return validate


def _wrong_type(value: Any, expected: str) -> MalformedRequest:
    kind = {bool: "BOOLEAN_VALUE", int: "NUMBER_VALUE", float: "NUMBER_VALUE", str: "STRING_VALUE"}
    name = kind.get(type(value), "Structure or list")
    return MalformedRequest(f"{name} cannot be converted to {expected}")
