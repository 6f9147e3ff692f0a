"""The full stack: also the AWS resources with which several machines share posts, and posts need no machine."""

from pathlib import Path

from accounts import AccountsPath
from alarms import Alarms
from aws_cdk import Stage
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_s3 as s3
from ledger import create_table
from media import create_bucket
from options import Options
from posting_package import posting_package
from posting_server import PostingServer
from queues import DeadLetterQueue, OnFailureQueue
from stack import PAYLOAD_MEMBERS, PunctualStack


class FullStack(PunctualStack):
    """The small stack with a table, a bucket, a path of accounts and queues; with a posting server if one is wanted."""

    def __init__(self, scope: Stage, options: Options) -> None:
        super().__init__(scope, options)
        self._table = self._existing_table(options.table) if options.table else create_table(self, "Ledger")
        self._bucket = self._existing_bucket(options.bucket) if options.bucket else create_bucket(self, "Media")
        self._accounts = AccountsPath(self)
        self._undelivered = DeadLetterQueue(self, "Undelivered")
        self._dead_letters = DeadLetterQueue(self._relay, "DeadLetters")
        self._failures = OnFailureQueue(self._relay, "Failures", self._dead_letters)
        self._group.keep_undelivered(self._undelivered)
        self._relay.redeliver(self._failures, self._dead_letters)
        self._relay.keep_receipts(self._table)
        self._policy.allow_ledger(self._table)
        self._policy.allow_media(self._bucket)
        self._policy.allow_accounts(self._accounts)
        self._policy.allow_failure_queues(self._failures, [self._dead_letters, self._undelivered])
        self._add_outputs(
            TableName=self._table.table_name,
            MediaBucketName=self._bucket.bucket_name,
            AccountsPath=self._accounts.name,
            UndeliveredQueueArn=self._undelivered.queue_arn,
            UndeliveredQueueUrl=self._undelivered.queue_url,
            FailuresQueueUrl=self._failures.queue_url,
            DeadLettersQueueUrl=self._dead_letters.queue_url,
        )
        self._server: PostingServer | None = None
        if options.posting_server:
            self._server = self._posting_server(Path(scope.outdir), options.concurrency)
            self._policy.allow_posting_server_checks(self._server.function)
            self._post_to(self._server.url, f"{self._server.url}prepare")  # the URL of a function ends with /
            self._add_outputs(PostingFunctionArn=self._server.function.function_arn)

    def watch(self, alarms: Alarms) -> None:
        """Let alarms report what the stack could lose or delay, also in its posting server."""
        super().watch(alarms)
        if self._server:
            alarms.watch_function("PostingServer", self._server.function, errors=1)

    def _watch_failed_posts(self, alarms: Alarms) -> None:
        alarms.watch_redelivery(self._failures)
        for queue in (self._undelivered, self._dead_letters):
            alarms.report(queue.alarm)

    def _posting_server(self, builds: Path, concurrency: int | None) -> PostingServer:
        server = PostingServer(
            self,
            "PostingServer",
            package=posting_package(builds),
            concurrency=concurrency,
            environment={
                "TABLE_NAME": self._table.table_name,
                "MEDIA_BUCKET": self._bucket.bucket_name,
                "ACCOUNTS_PATH": self._accounts.name,
                "PAYLOAD_MEMBERS": PAYLOAD_MEMBERS,
            },
        )
        self._secret.allow_reading(server)
        server.allow_ledger(self._table)
        server.allow_media(self._bucket)
        server.allow_accounts(self._accounts)
        server.admit(self._relay)
        return server

    def _existing_table(self, name: str) -> dynamodb.ITable:
        return dynamodb.Table.from_table_name(self, "Ledger", name)

    def _existing_bucket(self, name: str) -> s3.IBucket:
        return s3.Bucket.from_bucket_name(self, "Media", name)
