"""The bucket that holds the pictures and videos of posts."""

from aws_cdk import Acknowledgment, RemovalPolicy, Stack, Validations
from aws_cdk import aws_s3 as s3
from constructs import Construct

MEDIA = "media/*"
"""What the objects are called: `media/` and the SHA-256 of their content."""


def media_bucket(scope: Construct) -> s3.Bucket:
    """Return a bucket of this account's alone. It outlives the stack, since posts that are out point at what it holds.

    The dashboard deletes what no post refers to.
    """
    bucket = s3.Bucket(
        scope,
        "Media",
        block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
        encryption=s3.BucketEncryption.S3_MANAGED,
        enforce_ssl=True,
        removal_policy=RemovalPolicy.RETAIN,
    )
    Validations.of(bucket).acknowledge(
        Acknowledgment(
            id="AwsSolutions-S1",
            reason="Two roles of this account read it, and a log of that would be another bucket to look after.",
        )
    )
    return bucket


def named_by_content(bucket: s3.Bucket) -> Acknowledgment:
    """Tell cdk-nag why a policy names the objects of the bucket by a wildcard."""
    logical_id = Stack.of(bucket).get_logical_id(bucket.node.default_child)
    return Acknowledgment(
        id=f"AwsSolutions-IAM5[Resource::<{logical_id}.Arn>/{MEDIA}]",
        reason="Objects are named after their content, when people attach them.",
    )
