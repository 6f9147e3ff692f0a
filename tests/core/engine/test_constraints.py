"""A violation of any constraint of the service model is reported."""

from typing import Any

import botocore.session
import pytest
from botocore.model import ListShape, MapShape, Shape, StructureShape

from core.engine.api_errors import MalformedRequest
from core.engine.constraints import validator
from core.engine.protocol import operations_of

MODEL = botocore.session.get_session().get_service_model("scheduler")
SAMPLES = {
    "RoleArn": "arn:aws:iam::000000000000:role/x",
    "DeadLetterConfigArnString": "arn:aws:sqs:us-east-1:000000000000:x",
    "KmsKeyArn": "arn:aws:kms:us-east-1:000000000000:key/x",
    "TagResourceArn": "arn:aws:scheduler:us-east-1:000000000000:schedule-group/x",
}


def sample(shape: Shape) -> Any:
    """Return a valid value of the shape with only its required members."""
    if isinstance(shape, StructureShape):
        return {name: sample(shape.members[name]) for name in shape.required_members}
    if isinstance(shape, ListShape):
        return [sample(shape.member) for _ in range(shape.metadata.get("min", 0))]
    if isinstance(shape, MapShape):
        return {}
    if "enum" in shape.metadata:
        return shape.metadata["enum"][0]
    plain = {"integer": shape.metadata.get("min", 0), "boolean": True, "timestamp": 0}
    return plain.get(shape.type_name, SAMPLES.get(shape.name, "x" * max(1, shape.metadata.get("min", 0))))


def of_length(shape: Shape, length: int) -> Any:
    """Return a string, list or map of the given length."""
    if isinstance(shape, ListShape):
        return [sample(shape.member)] * length
    return {str(number): "x" for number in range(length)} if isinstance(shape, MapShape) else "x" * length


def own_violations(shape: Shape) -> list[tuple[Any, str]]:
    """Return values that violate the shape's own constraints, each with its constraint's text."""
    limits, found = shape.metadata, []
    if shape.type_name == "integer":
        if "max" in limits:
            found.append((limits["max"] + 1, f"have value less than or equal to {limits['max']}"))
        if "min" in limits:
            found.append((limits["min"] - 1, f"have value greater than or equal to {limits['min']}"))
    else:
        if limits.get("max"):
            found.append((of_length(shape, limits["max"] + 1), f"have length less than or equal to {limits['max']}"))
        if limits.get("min"):
            found.append((of_length(shape, limits["min"] - 1), f"have length greater than or equal to {limits['min']}"))
    if "pattern" in limits:
        found.append(("\u2603", f"satisfy regular expression pattern: {limits['pattern']}"))
    if "enum" in limits:
        found.append(("OTHER", "satisfy enum value set"))
    return found


def violations(shape: Shape) -> list[tuple[Any, str, str]]:
    """Return values with one violation, each with its path and its constraint's text."""
    found = []
    if isinstance(shape, StructureShape):
        for name, member in shape.members.items():
            path = name[:1].lower() + name[1:]
            inner = [(value, path, constraint) for value, constraint in own_violations(member)]
            inner += [(value, f"{path}.{below}", constraint) for value, below, constraint in violations(member)]
            found += [({**sample(shape), name: value}, where, constraint) for value, where, constraint in inner]
            if name in shape.required_members:
                without = {key: value for key, value in sample(shape).items() if key != name}
                found.append((without, path, "not be null"))
    if isinstance(shape, ListShape):
        inner = [(value, "1.member", constraint) for value, constraint in own_violations(shape.member)]
        inner += [(value, f"1.member.{below}", constraint) for value, below, constraint in violations(shape.member)]
        fill = [sample(shape.member)] * (shape.metadata.get("min", 1) - 1)
        found += [([value, *fill], where, constraint) for value, where, constraint in inner]
    return found


CASES = [
    pytest.param(name, value, path, constraint, id=f"{name}: {path} must {constraint[:60]}")
    for name in MODEL.operation_names
    for value, path, constraint in violations(MODEL.operation_model(name).input_shape)
]


def test_the_model_has_more_than_200_constraints():
    assert len(CASES) > 200


@pytest.mark.parametrize(("operation", "parameters", "path", "constraint"), CASES)
def test_a_violation_is_reported_with_its_path(operation, parameters, path, constraint):
    found: list[str] = []
    validator(MODEL.operation_model(operation).input_shape)(parameters, "", found)
    assert any(f"at '{path}' failed to satisfy constraint: Member must {constraint}" in each for each in found), found


@pytest.mark.parametrize("operation", MODEL.operation_names)
def test_the_smallest_valid_input_is_accepted(operation):
    shape = MODEL.operation_model(operation).input_shape
    found: list[str] = []
    assert validator(shape)(sample(shape), "", found) == sample(shape)
    assert found == []


@pytest.mark.parametrize(
    ("member", "value"),
    [
        ("Description", 5),
        ("Description", ["x"]),
        ("Target", "arn"),
        ("Target", []),
        ("StartDate", "2026-11-24T08:00:00Z"),
        ("StartDate", True),
        ("FlexibleTimeWindow", {"Mode": "FLEXIBLE", "MaximumWindowInMinutes": "5"}),
        ("FlexibleTimeWindow", {"Mode": "FLEXIBLE", "MaximumWindowInMinutes": 5.5}),
        ("FlexibleTimeWindow", {"Mode": "FLEXIBLE", "MaximumWindowInMinutes": True}),
    ],
)
def test_a_value_of_a_wrong_type_is_refused(member, value):
    shape = MODEL.operation_model("CreateSchedule").input_shape
    with pytest.raises(MalformedRequest, match="cannot be converted to"):
        validator(shape)({**sample(shape), member: value}, "", [])


def test_unknown_members_and_nulls_are_removed():
    shape = MODEL.operation_model("CreateSchedule").input_shape
    given = {**sample(shape), "Mood": "good", "Description": None}
    assert validator(shape)(given, "", []) == sample(shape)


@pytest.mark.parametrize(("kind", "value"), [("long", 5), ("double", 0.5), ("blob", "aGk="), ("invented", {"a": 1})])
def test_a_type_of_a_newer_model_accepts_every_value(kind, value):
    """An error here would prevent the start after an upgrade of boto3."""
    assert validator(Shape("New", {"type": kind}))(value, "", []) == value


def test_a_long_has_bounds_like_an_integer():
    found: list[str] = []
    validator(Shape("New", {"type": "long", "max": 4}))(5, "new", found)
    assert found == ["Value '5' at 'new' failed to satisfy constraint: Member must have value less than or equal to 4"]


def test_every_operation_of_the_model_has_a_route():
    for name in MODEL.operation_names:
        model = MODEL.operation_model(name)
        path = model.http["requestUri"].replace("{Name}", "x").replace("{ResourceArn}", "arn%3Aaws")
        assert operations_of("scheduler").find(model.http["method"], path)[0].name == name
