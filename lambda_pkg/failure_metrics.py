"""Counts of posts that did not go out, as log lines from which CloudWatch makes metrics.

Source of the format: CloudWatch_Embedded_Metric_Format_Specification.html in
docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring.
"""

import json
from datetime import datetime

NAMESPACE = "Punctual"
METRICS = {"missed": "Missed", "failed": "Failed"}
"""The metric of each kind of receipt that ends an occurrence without a post.

An attempt after which Lambda tries no more is not counted, because no event tells its number. It leaves the receipt
`attempt_failed`, and where the stack has queues, a redelivery past the late limit leaves `failed`.
"""


def metric_line(kind: str, stack: str, at: datetime) -> str | None:
    """Return the line that counts one receipt of this kind for a stack, or None if its kind is not counted."""
    name = METRICS.get(kind)
    if name is None:
        return None
    metric = {"Namespace": NAMESPACE, "Dimensions": [["Stack"]], "Metrics": [{"Name": name, "Unit": "Count"}]}
    described = {"Timestamp": int(at.timestamp() * 1000), "CloudWatchMetrics": [metric]}
    return json.dumps({"_aws": described, "Stack": stack, name: 1})
