"""AWS's REST-JSON on the wire: which operation a request means, and with which parameters."""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any
from urllib.parse import parse_qs, unquote

import botocore.loaders
from botocore.model import OperationModel, ServiceModel, Shape

from core.engine.api_errors import Invalid, UnknownOperation, Unreadable
from core.engine.constraints import Check, checker

Parameters = dict[str, Any]

_DIGITS = re.compile("-?[0-9]{1,4000}")  # int() takes 1_0, +1 and digits of other scripts as well, but no longer ones


@dataclass(frozen=True, kw_only=True, slots=True)
class Operation:
    """An operation of the service model: where its parameters are in a request, and what they must obey."""

    name: str
    check: Check
    label: str | None
    """The member that is the rest of the path."""
    query: dict[str, tuple[str, Callable[[list[str]], Any]]]
    """For each query parameter the member it fills, and how it is read."""

    def parameters(self, label: str, query: str, body: bytes) -> Parameters:
        """Read a request's parameters. Raises Unreadable, or Invalid with every violation of the model."""
        given = read_json(body) if body else {}
        if not isinstance(given, dict):
            raise Unreadable("The request body must be a JSON object")
        if self.label:
            given[self.label] = label
        if query:
            self._add_query(given, query)
        violations: list[str] = []
        known: Parameters = self.check(given, "", violations)
        if violations:
            plural = "s" if len(violations) > 1 else ""
            raise Invalid(f"{len(violations)} validation error{plural} detected: {'; '.join(violations)}")
        return known

    def _add_query(self, given: Parameters, query: str) -> None:
        try:
            fields = parse_qs(query, keep_blank_values=True, errors="strict")
        except ValueError as error:
            raise Unreadable(f"The query cannot be read: {error}") from error
        for name, values in fields.items():
            if name in self.query:
                member, read = self.query[name]
                given[member] = read(values)


class Operations:
    """The operations of a service, found by method and path."""

    def __init__(self, service: str) -> None:
        model = ServiceModel(botocore.loaders.create_loader().load_service_model(service, "service-2"), service)
        self._by_route = {
            _route(operation): _operation(operation) for operation in map(model.operation_model, model.operation_names)
        }

    def find(self, method: str, path: str) -> tuple[Operation, str]:
        """Return the operation that a method and a path, percent-encoded, mean, and the path's label, decoded.

        Raises UnknownOperation.
        """
        resource, slash, label = path.removeprefix("/").partition("/")
        operation = self._by_route.get((method, resource, bool(slash)))
        if operation is None:
            raise UnknownOperation(f"There is no operation {method} {path[:200]}")
        return operation, unquote(label, errors="replace")


def read_json(data: bytes) -> Any:
    """Read JSON as strictly as its specification says. Raises Unreadable."""
    try:
        text = data.decode()
        value = json.loads(text, parse_constant=_refuse_constant)
        if "\\ud" in text.lower():
            json.dumps(value, ensure_ascii=False).encode()  # half of a surrogate pair is no text
    except (ValueError, RecursionError) as error:
        raise Unreadable(f"The request body is not valid JSON: {str(error)[:200]}") from error
    return value


@cache
def operations_of(service: str) -> Operations:
    """Return the operations of an AWS service; its model is read once a process."""
    return Operations(service)


def _route(operation: OperationModel) -> tuple[str, str, bool]:
    resource, slash, _ = operation.http["requestUri"].removeprefix("/").partition("/")
    return operation.http["method"], resource, bool(slash)


def _operation(model: OperationModel) -> Operation:
    members = model.input_shape.members
    located = {name: member.serialization.get("location") for name, member in members.items()}
    return Operation(
        name=model.name,
        check=checker(model.input_shape),
        label=next((name for name, location in located.items() if location == "uri"), None),
        query={
            members[name].serialization["name"]: (name, _reader(members[name]))
            for name, location in located.items()
            if location == "querystring"
        },
    )


def _reader(shape: Shape) -> Callable[[list[str]], Any]:
    if shape.type_name == "list":
        return list
    if shape.type_name == "integer":
        return _integer
    return lambda values: values[0]


def _integer(values: list[str]) -> int:
    if not _DIGITS.fullmatch(values[0]):
        raise Unreadable(f"{values[0][:50]!r} cannot be converted to Integer")
    return int(values[0])


def _refuse_constant(name: str) -> Any:
    raise ValueError(f"{name} is not in JSON")
