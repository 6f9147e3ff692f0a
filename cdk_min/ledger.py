"""The ledger's table: plans, results and the fence."""

from aws_cdk import RemovalPolicy
from aws_cdk import aws_dynamodb as dynamodb
from constructs import Construct

INDEXES = {"listing": ("listing", "listed_at"), "due": ("due_list", "due_at")}
"""For each index, the attribute that names a list and the attribute that orders it.

An index holds only the keys of items with both attributes, so no request scans the table.
"""


def create_table(scope: Construct, name: str) -> dynamodb.Table:
    """Create the table. It outlives the stack, because only it records which posts are published.

    A first deployment that fails deletes it again.
    """
    table = dynamodb.Table(
        scope,
        name,
        partition_key=_text("pk"),
        sort_key=_text("sk"),
        billing_mode=dynamodb.BillingMode.PAY_PER_REQUEST,
        point_in_time_recovery_specification=dynamodb.PointInTimeRecoverySpecification(
            point_in_time_recovery_enabled=True
        ),
        time_to_live_attribute="expires_at",
        removal_policy=RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE,
    )
    for index, (list_attribute, order_attribute) in INDEXES.items():
        table.add_global_secondary_index(
            index_name=index,
            partition_key=_text(list_attribute),
            sort_key=_text(order_attribute),
            projection_type=dynamodb.ProjectionType.KEYS_ONLY,
        )
    return table


def arns(table: dynamodb.ITable) -> list[str]:
    """Return the ARNs of the table and of its indexes, also of a table of another stack."""
    return [table.table_arn, *(f"{table.table_arn}/index/{name}" for name in INDEXES)]


def _text(name: str) -> dynamodb.Attribute:
    return dynamodb.Attribute(name=name, type=dynamodb.AttributeType.STRING)
