"""The ARNs of the engine's tests."""

FUNCTION = "arn:aws:lambda:us-east-1:000000000000:function:relay"
ROLE = "arn:aws:iam::000000000000:role/scheduler"
