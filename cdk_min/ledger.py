"""The table that holds the ledger: what was planned, what became of it, and the fence."""

from aws_cdk import aws_dynamodb as dynamodb
from constructs import Construct

INDEXES = {"listing": ("listing", "listed_at"), "due": ("due_list", "due_at")}
"""Each with the attribute that names a list, and the one that is a place in it. Nothing is ever scanned: an index holds
only the items that name a list they stand in, in order of time, and of those no more than their keys."""


def ledger_table(scope: Construct) -> dynamodb.Table:
    """Return the table. It outlives the stack, since it alone knows what was published already."""
    table = dynamodb.Table(
        scope,
        "Ledger",
        partition_key=_text("pk"),
        sort_key=_text("sk"),
        billing_mode=dynamodb.BillingMode.PAY_PER_REQUEST,
        point_in_time_recovery_specification=dynamodb.PointInTimeRecoverySpecification(
            point_in_time_recovery_enabled=True
        ),
        time_to_live_attribute="expires_at",
    )
    for name, (lists, places) in INDEXES.items():
        table.add_global_secondary_index(
            index_name=name,
            partition_key=_text(lists),
            sort_key=_text(places),
            projection_type=dynamodb.ProjectionType.KEYS_ONLY,
        )
    return table


def _text(name: str) -> dynamodb.Attribute:
    return dynamodb.Attribute(name=name, type=dynamodb.AttributeType.STRING)
