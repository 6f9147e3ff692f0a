"""AWS's REST-JSON protocol: the operation and the parameters of a request."""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any
from urllib.parse import parse_qs, unquote

from botocore.model import OperationModel, ServiceModel, Shape

from core.engine.api_errors import ApiError, InvalidRequest, MalformedRequest
from core.engine.constraints import Validator, validator
from core.engine.service_models import service_models

Parameters = dict[str, Any]

# int() also accepts `1_0`, `+1` and digits of other scripts, but no more than 4,300 digits.
_DIGITS = re.compile("-?[0-9]{1,4000}")


@dataclass(frozen=True, kw_only=True, slots=True)
class Operation:
    """An operation of the service model: it locates and validates the parameters of a request."""

    name: str
    validate: Validator
    label: str | None
    """The member whose value is the path after the resource, or None."""
    query: dict[str, tuple[str, Callable[[list[str]], Any]]]
    """The member of each query parameter, and the function that parses its values."""

    def parameters(self, label: str, query: str, body: bytes) -> Parameters:
        """Return a request's parameters. Raises MalformedRequest, or InvalidRequest with all violations."""
        given = read_json(body) if body else {}
        if not isinstance(given, dict):
            raise MalformedRequest("The request body must be a JSON object")
        if self.label:
            given[self.label] = label
        if query:
            self._add_query(given, query)
        return self.checked(given)

    def checked(self, given: Parameters) -> Parameters:
        """Return parameters that satisfy the service model. Raises InvalidRequest with all violations."""
        violations: list[str] = []
        parameters: Parameters = self.validate(given, "", violations)
        if violations:
            plural = "s" if len(violations) > 1 else ""
            raise InvalidRequest(f"{len(violations)} validation error{plural} detected: {'; '.join(violations)}")
        return parameters

    def _add_query(self, given: Parameters, query: str) -> None:
        try:
            fields = parse_qs(query, keep_blank_values=True, errors="strict")
        except ValueError as error:
            raise MalformedRequest(f"The query cannot be read: {error}") from error
        for name, values in fields.items():
            if name in self.query:
                member, parse = self.query[name]
                given[member] = parse(values)


class Operations:
    """The operations of a service, by method and path."""

    def __init__(self, service: str) -> None:
        model = ServiceModel(service_models().load_service_model(service, "service-2"), service)
        self._by_route = {
            _route(operation): _operation(operation) for operation in map(model.operation_model, model.operation_names)
        }

    def find(self, method: str, path: str) -> tuple[Operation, str]:
        """Return the operation for a method and a percent-encoded path, and the path's decoded label.

        Raises ApiError.
        """
        resource, slash, label = path.removeprefix("/").partition("/")
        operation = self._by_route.get((method, resource, bool(slash)))
        if operation is None:
            raise ApiError(f"There is no operation {method} {path[:200]}", "UnknownOperationException", 404)
        return operation, unquote(label, errors="replace")


def read_json(data: bytes) -> Any:
    """Parse JSON strictly, as its specification requires. Raises MalformedRequest."""
    try:
        text = data.decode()
        value = json.loads(text, parse_constant=refuse_constant)
        if "\\ud" in text.lower():
            json.dumps(value, ensure_ascii=False).encode()  # fails for half of a surrogate pair
    except (ValueError, RecursionError) as error:
        raise MalformedRequest(f"The request body is not valid JSON: {str(error)[:200]}") from error
    return value


@cache
def operations_of(service: str) -> Operations:
    """Return the operations of an AWS service. The service model is loaded once per process."""
    return Operations(service)


def _route(operation: OperationModel) -> tuple[str, str, bool]:
    resource, slash, _ = operation.http["requestUri"].removeprefix("/").partition("/")
    return operation.http["method"], resource, bool(slash)


def _operation(model: OperationModel) -> Operation:
    members = model.input_shape.members
    located = {name: member.serialization.get("location") for name, member in members.items()}
    return Operation(
        name=model.name,
        validate=validator(model.input_shape),
        label=next((name for name, location in located.items() if location == "uri"), None),
        query={
            members[name].serialization["name"]: (name, _query_parser(members[name]))
            for name, location in located.items()
            if location == "querystring"
        },
    )


def _query_parser(shape: Shape) -> Callable[[list[str]], Any]:
    if shape.type_name == "list":
        return list
    if shape.type_name == "integer":
        return _integer
    return lambda values: values[0]


def _integer(values: list[str]) -> int:
    if not _DIGITS.fullmatch(values[0]):
        raise MalformedRequest(f"{values[0][:50]!r} cannot be converted to Integer")
    return int(values[0])


def refuse_constant(name: str) -> Any:
    """Raise ValueError for NaN and Infinity, which `json.loads` accepts although JSON does not contain them."""
    raise ValueError(f"{name} is not in JSON")
