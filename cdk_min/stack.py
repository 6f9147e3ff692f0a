"""The small stack: the AWS resources without which no post is scheduled."""

import json

from alarms import Alarms
from aws_cdk import Annotations, CfnOutput, Stack, Stage
from dashboard_policy import DashboardPolicy
from options import Options
from relay import Relay
from schedule_group import ScheduleGroup
from signing_secret import SigningSecretParameter

PAYLOAD_MEMBERS = "card,exceptions,focus,labels,lead,options,written_parts"
"""The members of payloads that an earlier release did not know: LATER_MEMBERS of lambda_pkg/event.py."""
NO_POSTING_URL = (
    "Nothing would publish the posts. Add -c posting_url=https://... with the public address of python -m core receive "
    "or of another server, or add -c posting_server=lambda."
)


class PunctualStack(Stack):
    """The schedule group, the relay and the dashboard's policy. The dashboard keeps everything else in its home.

    The dashboard reads its configuration from the stack's outputs.
    """

    def __init__(self, scope: Stage, options: Options) -> None:
        super().__init__(scope, options.stack, description="Punctual: schedules social-media posts.")
        self._secret = SigningSecretParameter(self)
        self._relay = Relay(
            self,
            "Relay",
            environment={
                "ALLOWED_HOSTS": options.allowed_hosts,
                "PAYLOAD_MEMBERS": PAYLOAD_MEMBERS,
                "STACK_NAME": self.stack_name,
            },
        )
        self._secret.allow_reading(self._relay)
        self._group = ScheduleGroup(self, "Schedules", group_name=options.group, target=self._relay.function)
        self._policy = DashboardPolicy(self, "DashboardPolicy")
        self._policy.allow_schedules(self._group)
        self._policy.allow_post_now(self._relay.function)
        self._add_outputs(
            GroupName=self._group.name,
            RelayFunctionArn=self._relay.function.function_arn,
            ExecutionRoleArn=self._group.execution_role.role_arn,
            SigningSecretParameter=self._secret.name,
            DashboardPolicyArn=self._policy.managed_policy_arn,
            ContextValues=json.dumps(options.given),
        )
        if options.posting_url:
            self._post_to(options.posting_url, options.prepare_url)
        elif not options.posting_server:
            # An exception would also end `cdk bootstrap` and `cdk destroy`, which run the app and need no options.
            Annotations.of(self).add_error(NO_POSTING_URL)

    def watch(self, alarms: Alarms) -> None:
        """Let alarms report what the stack could lose or delay."""
        alarms.watch_posts(self._group)
        alarms.watch_function("Relay", self._relay.function, errors=3)  # one post fails so often, with its retries
        self._watch_failed_posts(alarms)

    def _watch_failed_posts(self, alarms: Alarms) -> None:
        alarms.watch_retries(self._relay.function)

    def _post_to(self, posting_url: str, prepare_url: str) -> None:
        """Let the relay send posts to a URL, and the uploads ahead of them to another one, if any."""
        self._relay.set_environment(POSTING_URL=posting_url, **({"PREPARE_URL": prepare_url} if prepare_url else {}))
        self._add_outputs(PostingUrl=posting_url)

    def _add_outputs(self, **outputs: str) -> None:
        for name, value in outputs.items():
            CfnOutput(self, name, value=value)
