"""The stack's table beside the one that core/ledger/items.py asks for."""

from core.ledger import items


def test_the_stack_makes_the_table_that_the_ledger_is_written_for(template):
    (made,) = (each["Properties"] for each in template["Resources"].values() if each["Type"] == "AWS::DynamoDB::Table")
    wanted = items.table_definition("any")
    assert made["BillingMode"] == wanted["BillingMode"]
    assert made["KeySchema"] == wanted["KeySchema"]
    assert by_name(made["AttributeDefinitions"]) == by_name(wanted["AttributeDefinitions"])
    assert by_name(made["GlobalSecondaryIndexes"]) == by_name(wanted["GlobalSecondaryIndexes"])
    assert made["TimeToLiveSpecification"] == {"AttributeName": items.EXPIRY, "Enabled": True}


def by_name(described: list[dict]) -> dict[str, dict]:
    return {each.get("AttributeName") or each["IndexName"]: each for each in described}
