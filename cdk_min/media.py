"""The bucket of the posts' pictures and videos."""

from aws_cdk import Acknowledgment, RemovalPolicy, Stack, Validations
from aws_cdk import aws_s3 as s3
from constructs import Construct, IConstruct

MEDIA_KEYS = "media/*"
"""The keys of the objects: `media/` and the SHA-256 of the content."""


def create_bucket(scope: Construct, name: str) -> s3.Bucket:
    """Create a private bucket. It outlives the stack with its policy, because published posts refer to its objects.

    A first deployment that fails deletes it again. The dashboard deletes objects without a post.
    """
    bucket = s3.Bucket(
        scope,
        name,
        block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
        encryption=s3.BucketEncryption.S3_MANAGED,
        enforce_ssl=True,
        removal_policy=RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE,
    )
    bucket.policy.apply_removal_policy(RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE)
    Validations.of(bucket).acknowledge(
        Acknowledgment(
            id="AwsSolutions-S1",
            reason="Two roles of this account read the bucket, and access logs would need a second bucket.",
        )
    )
    return bucket


def acknowledge_media_keys(policy: IConstruct, bucket: s3.IBucket) -> None:
    """Give cdk-nag the reason of the wildcard in a policy for the bucket's objects."""
    created = bucket.node.default_child
    arn = f"<{Stack.of(bucket).get_logical_id(created)}.Arn>" if created else _arn_of_existing(bucket)
    Validations.of(policy).acknowledge(
        Acknowledgment(
            id=f"AwsSolutions-IAM5[Resource::{arn}/{MEDIA_KEYS}]",
            reason="The hash of an object's content is its name, which is unknown at deployment.",
        )
    )


def _arn_of_existing(bucket: s3.IBucket) -> str:
    return f"arn:<AWS::Partition>:s3:::{bucket.bucket_name}"
