"""Counts of posts that did not go out, as log lines from which CloudWatch makes metrics.

Source of the format: CloudWatch_Embedded_Metric_Format_Specification.html in
docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring.
"""

from datetime import datetime
from typing import Any

NAMESPACE = "Punctual"
METRICS = {"missed": "Missed", "failed": "Failed"}
"""The metric of each kind of receipt that ends an occurrence without a post.

The last attempt of Lambda is not counted, because no event tells its number; it leaves the receipt `attempt_failed`.
With an on-failure queue, a redelivery past the late limit leaves `failed`. Without one, Lambda's own metric
`AsyncEventsDropped` counts the post. An unreadable event counts as failed if no dead-letter queue keeps it.
"""


def failure_metric(kind: str, stack: str, at: datetime) -> dict[str, Any] | None:
    """Return the line that counts one receipt of this kind for a stack, or None if its kind is not counted."""
    name = METRICS.get(kind)
    if name is None:
        return None
    metric = {"Namespace": NAMESPACE, "Dimensions": [["Stack"]], "Metrics": [{"Name": name, "Unit": "Count"}]}
    described = {"Timestamp": int(at.timestamp() * 1000), "CloudWatchMetrics": [metric]}
    return {"_aws": described, "Stack": stack, name: 1}
