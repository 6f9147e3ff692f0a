"""The stack's table, compared with the table definition of the ledger."""

from typing import Any

import pytest

from core.ledger import dynamodb_layout as layout


@pytest.fixture
def synthesis(syntheses: Any) -> Any:
    return syntheses["full"]


def test_the_stacks_table_has_the_ledgers_definition(template):
    (actual,) = (
        each["Properties"] for each in template["Resources"].values() if each["Type"] == "AWS::DynamoDB::Table"
    )
    expected = layout.table_definition("any")
    assert actual["BillingMode"] == expected["BillingMode"]
    assert actual["KeySchema"] == expected["KeySchema"]
    assert by_name(actual["AttributeDefinitions"]) == by_name(expected["AttributeDefinitions"])
    assert by_name(actual["GlobalSecondaryIndexes"]) == by_name(expected["GlobalSecondaryIndexes"])
    assert actual["TimeToLiveSpecification"] == {"AttributeName": layout.EXPIRY, "Enabled": True}


def by_name(described: list[dict]) -> dict[str, dict]:
    return {each.get("AttributeName") or each["IndexName"]: each for each in described}
