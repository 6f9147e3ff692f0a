"""The table that holds the ledger: what was planned, what became of it, and the fence."""

from aws_cdk import aws_dynamodb as dynamodb
from constructs import Construct

INDEX = "listing"
"""Holds only the items that name a list they stand in, in order of time: nothing is ever scanned."""


def ledger_table(scope: Construct) -> dynamodb.Table:
    """Return the table. It outlives the stack, since it alone knows what was published already."""
    text = dynamodb.AttributeType.STRING
    table = dynamodb.Table(
        scope,
        "Ledger",
        partition_key=dynamodb.Attribute(name="pk", type=text),
        sort_key=dynamodb.Attribute(name="sk", type=text),
        billing_mode=dynamodb.BillingMode.PAY_PER_REQUEST,
        point_in_time_recovery_specification=dynamodb.PointInTimeRecoverySpecification(
            point_in_time_recovery_enabled=True
        ),
        time_to_live_attribute="expires_at",
    )
    table.add_global_secondary_index(
        index_name=INDEX,
        partition_key=dynamodb.Attribute(name="listing", type=text),
        sort_key=dynamodb.Attribute(name="listed_at", type=text),
    )
    return table
