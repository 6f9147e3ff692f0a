"""AWS: EventBridge Scheduler fires, DynamoDB holds the ledger, Secrets Manager the signing secret."""

from datetime import timedelta
from typing import Any

import boto3
from botocore.config import Config

from core.accounts import Accounts
from core.aws.deployment import Deployment, find_deployment
from core.faults import translated
from core.home import Home
from core.moments import Clock
from core.settings import Settings
from core.wire import TargetSettings

LEAD = timedelta(seconds=60)
"""The scheduler fires within the minute after an at(); the relay, invoked a minute early, waits for the rest."""
NOTICE = LEAD + timedelta(seconds=60)
PATIENCE = Config(
    retries={"mode": "adaptive", "max_attempts": 6},
    max_pool_connections=32,
    connect_timeout=5,
    read_timeout=20,
)
"""Slows down when AWS throttles, as many pages and threads share the quota of one account."""


class Aws:
    """The place of a deployment. Credentials and region come the way boto3 always finds them."""

    notice = NOTICE

    def __init__(self, settings: Settings, home: Home, clock: Clock, session: boto3.Session | None = None) -> None:
        """Find the deployment's parts. Raises what `find_deployment` raises."""
        self._clock = clock
        self._settings = settings
        self._home = home
        with translated():
            self.session = session or boto3.Session()
            self.deployment = find_deployment(told(settings), settings.stack, self.client("cloudformation"))
        self.scheduler, self.functions = self.client("scheduler"), self.client("lambda")
        self.accounts = Accounts(home.accounts)
        self.target = TargetSettings(
            group=self.deployment.group,
            function_arn=self.deployment.function_arn,
            role_arn=self.deployment.role_arn,
            dead_letter_arn=self.deployment.dead_letter_arn,
            lead=LEAD,
        )

    def client(self, service: str) -> Any:
        """Return a boto3 client of this account and region."""
        return self.session.client(service, config=PATIENCE)


def told(settings: Settings) -> dict[str, str]:
    """Return the parts of the deployment that the settings name one by one."""
    named = settings.model_dump(include=set(Deployment.model_fields) & settings.model_fields_set)
    return {name: value for name, value in named.items() if value is not None}
