"""The stack: every AWS resource of Punctual."""

from pathlib import Path

from accounts import AccountsPath
from aws_cdk import Acknowledgment, Annotations, CfnOutput, Stack, Stage, Validations
from aws_cdk import aws_iam as iam
from aws_cdk import aws_secretsmanager as secretsmanager
from dashboard_policy import DashboardPolicy
from ledger import ledger_table
from media import media_bucket
from options import Options
from posting_package import posting_package
from posting_server import PostingServer
from relay import Relay, dead_letter_queue
from schedule_group import ScheduleGroup

PAYLOAD_MEMBERS = "card,exceptions,focus,labels,options,written_parts"
"""The members of payloads that an earlier release did not know: LATER_MEMBERS of lambda_pkg/event.py."""


class PunctualStack(Stack):
    """The schedule group, the relay with its queues, the ledger, the media, the signing secret and the policy.

    The dashboard reads its configuration from the stack's outputs.
    """

    def __init__(self, scope: Stage, options: Options) -> None:
        super().__init__(scope, options.stack, description="Punctual: schedules social-media posts.")
        self._table, self._media, self._secret = ledger_table(self), media_bucket(self), self._signing_secret()
        self._accounts = AccountsPath(self)
        server = None if options.concurrency is None else self._posting_server(Path(scope.outdir), options.concurrency)
        posting_url = server.url if server else options.posting_url
        if not posting_url:
            Annotations.of(self).add_warning_v2(
                "punctual:posting_url",
                "No posting URL is set, so the relay will not post. Add -c posting_url=https://... or "
                "-c posting_server=lambda",
            )
        prepare_url = f"{server.url}prepare" if server else options.prepare_url  # the URL of a function ends with /
        relay = self._relay(posting_url, prepare_url, options.allowed_hosts)
        undelivered = dead_letter_queue(self, "Undelivered")
        group = ScheduleGroup(
            self, "Schedules", group_name=options.group, target=relay.function, dead_letters=undelivered
        )
        policy = DashboardPolicy(self, "DashboardPolicy")
        policy.allow_schedules(group)
        policy.allow_post_now(relay.function)
        if server:
            policy.allow_posting_server_checks(server.function)
        policy.allow_ledger(self._table)
        policy.allow_media(self._media)
        policy.allow_accounts(self._accounts)
        policy.allow_signing_secret(self._secret)
        policy.allow_failure_queues(relay.failures, [relay.dead_letters, undelivered])
        self._add_outputs(
            GroupName=group.name,
            RelayFunctionArn=relay.function.function_arn,
            ExecutionRoleArn=group.execution_role.role_arn,
            TableName=self._table.table_name,
            MediaBucketName=self._media.bucket_name,
            AccountsPath=self._accounts.name,
            SigningSecretArn=self._secret.secret_arn,
            UndeliveredQueueArn=undelivered.queue_arn,
            UndeliveredQueueUrl=undelivered.queue_url,
            FailuresQueueUrl=relay.failures.queue_url,
            DeadLettersQueueUrl=relay.dead_letters.queue_url,
            DashboardPolicyArn=policy.managed_policy_arn,
            **({"PostingUrl": posting_url} if posting_url else {}),
            **({"PostingFunctionArn": server.function.function_arn} if server else {}),
        )

    def _relay(self, posting_url: str, prepare_url: str, allowed_hosts: str) -> Relay:
        environment = {"POSTING_URL": posting_url, "ALLOWED_HOSTS": allowed_hosts, **self._shared_environment}
        relay = Relay(self, "Relay", environment=environment | ({"PREPARE_URL": prepare_url} if prepare_url else {}))
        self._grant_table_and_secret(relay.role, "PutItem", "Query")
        return relay

    def _posting_server(self, builds: Path, concurrency: int) -> PostingServer:
        environment = {"MEDIA_BUCKET": self._media.bucket_name, "ACCOUNTS_PATH": self._accounts.name}
        server = PostingServer(
            self,
            "PostingServer",
            package=posting_package(builds),
            concurrency=concurrency,
            environment=self._shared_environment | environment,
        )
        self._grant_table_and_secret(server.role, "BatchGetItem", "Query", "PutItem")
        server.grant_media(self._media)
        server.grant_accounts(self._accounts)
        return server

    @property
    def _shared_environment(self) -> dict[str, str]:
        """The environment variables of both functions."""
        return {
            "TABLE_NAME": self._table.table_name,
            "SIGNING_SECRET_ARN": self._secret.secret_arn,
            "PAYLOAD_MEMBERS": PAYLOAD_MEMBERS,
        }

    def _grant_table_and_secret(self, role: iam.Role, *table_operations: str) -> None:
        """Allow a function these operations on the table, and reading the secret."""
        for actions, arn in (
            ([f"dynamodb:{operation}" for operation in table_operations], self._table.table_arn),
            (["secretsmanager:GetSecretValue"], self._secret.secret_arn),
        ):
            role.add_to_policy(iam.PolicyStatement(actions=actions, resources=[arn]))

    def _signing_secret(self) -> secretsmanager.Secret:
        """Return the signing secret, which AWS generates: 44 letters and digits, the base64 of 33 bytes."""
        secret = secretsmanager.Secret(
            self,
            "SigningSecret",
            description="Signs the requests of Punctual's relay: one or two base64 keys, separated by a space.",
            generate_secret_string=secretsmanager.SecretStringGenerator(password_length=44, exclude_punctuation=True),
        )
        Validations.of(secret).acknowledge(
            Acknowledgment(
                id="AwsSolutions-SMG4",
                reason="Receivers hold the same secret and change it by hand; two secrets may be active meanwhile.",
            )
        )
        return secret

    def _add_outputs(self, **outputs: str) -> None:
        for name, value in outputs.items():
            CfnOutput(self, name, value=value)
