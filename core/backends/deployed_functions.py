"""The deployed functions: whether they are Punctual's, what they read of a payload, and how many run at once."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from core.aws_errors import AccessDenied, AwsResourceNotFound, translate_aws_errors
from core.backends.deployment import Deployment
from core.errors import PunctualError
from core.scheduling.outages import OUTAGES
from core.scheduling.shared_reads import SharedReads
from core.time.instants import Clock
from lambda_pkg.event import LATER_MEMBERS

RELAY_MEMBERS = frozenset({"exceptions"})
"""The members of LATER_MEMBERS that the relay reads. It passes the others on to the posting server."""
LEAD_MEMBER = "lead"
"""The member of a series that fires ahead. A function that does not read it gets no such series, so no post fails."""
KEPT_FOR = timedelta(minutes=5)
"""How long the answer of AWS about `reads_lead` is kept."""


class NotTheRelay(PunctualError):
    """Punctual treated another function as its relay, so its schedules would fire a minute early."""

    hint = "Restart Punctual: now that AWS answers, it schedules posts at their time."

    def __init__(self, function_arn: str) -> None:
        super().__init__(f"AWS did not answer when Punctual started, and {function_arn} is not Punctual's relay.")


class DeployedFunctions:
    """The function that schedules invoke, and the posting function if there is one. Any thread may use them.

    `is_relay` is whether the first one is Punctual's relay: the stack names it, or it has the relay's variable
    PAYLOAD_MEMBERS. If AWS did not answer at the start, it is assumed, and `is_known` is False. `refusal` is AWS's
    message if this identity may not read that, else None.
    """

    def __init__(self, deployment: Deployment, functions: Any, clock: Clock) -> None:
        """Read the function's configuration, unless the stack names it. `functions` is a boto3 lambda client."""
        self._deployment = deployment
        self._functions = functions
        self._reads = SharedReads(lambda: None, clock)
        self.refusal: str | None = None
        self.is_relay, self.is_known = True, True
        if not deployment.function_of_stack:
            try:
                self.is_relay = self._has_members()
            except OUTAGES:
                self.is_known = False

    def confirm(self, **_: object) -> None:
        """Read what AWS did not answer at the start. A handler of botocore's events before a schedule is written.

        Raises NotTheRelay if the assumption was wrong, or the errors of core.aws_errors.
        """
        if not self.is_known:
            if not self._has_members():
                raise NotTheRelay(self._deployment.function_arn)
            self.is_known = True

    def reads_lead(self) -> bool:
        """Return whether the functions read LEAD_MEMBER, by an answer of AWS of the last five minutes.

        False if AWS does not tell: without a lead, a series goes out within a minute, and no page fails.
        """
        return self._reads.get(LEAD_MEMBER, self._read_lead, kept_for=KEPT_FOR)

    def unread_members(self) -> frozenset[str]:
        """Return the members of payloads that the posting function, or the relay without one, does not read.

        Nothing is known about a function that is not Punctual's.
        """
        if not self.is_relay:
            return frozenset()
        posting = self._deployment.posting_function_arn
        unread = members_unread_by(self._configuration(posting or self._deployment.function_arn))
        return unread if posting else unread & RELAY_MEMBERS

    def relay_concurrency(self) -> int | None:
        """Return the reserved concurrency of the relay, or None if none is reserved."""
        return self._reserved_concurrency(self._deployment.function_arn)

    def posting_concurrency(self) -> int | None:
        """Return the reserved concurrency of the posting function; None if none is reserved, or without one."""
        posting = self._deployment.posting_function_arn
        return self._reserved_concurrency(posting) if posting else None

    def shared_concurrency(self) -> int:
        """Return how many functions without reserved concurrency run at once in the account and Region."""
        with translate_aws_errors():
            limits = self._functions.get_account_settings()["AccountLimit"]
        return int(limits["UnreservedConcurrentExecutions"])

    def _has_members(self) -> bool:
        """Return whether the function has the variable PAYLOAD_MEMBERS, False if that may not be read."""
        try:
            return "PAYLOAD_MEMBERS" in variables_of(self._configuration(self._deployment.function_arn))
        except AccessDenied as error:
            self.refusal = str(error)
            return False
        except AwsResourceNotFound:  # the Health page says so
            return False

    def _reserved_concurrency(self, function_arn: str) -> int | None:
        name = ":".join(function_arn.split(":")[:7])  # without a version or an alias
        with translate_aws_errors():
            found = self._functions.get_function_concurrency(FunctionName=name)
        reserved: int | None = found.get("ReservedConcurrentExecutions")
        return reserved

    def _read_lead(self) -> bool:
        arns = filter(None, (self._deployment.function_arn, self._deployment.posting_function_arn))
        try:
            return all(LEAD_MEMBER in members_read_by(self._configuration(arn)) for arn in arns)
        except PunctualError:
            return False

    def _configuration(self, function_arn: str) -> Mapping[str, Any]:
        with translate_aws_errors():
            found: Mapping[str, Any] = self._functions.get_function_configuration(FunctionName=function_arn)
            return found


def variables_of(configuration: Mapping[str, Any]) -> Mapping[str, str]:
    """Return a function's environment variables, by its GetFunctionConfiguration."""
    found: Mapping[str, str] = configuration.get("Environment", {}).get("Variables", {})
    return found


def members_read_by(configuration: Mapping[str, Any]) -> frozenset[str]:
    """Return the later members of payloads that a function reads, by its GetFunctionConfiguration."""
    return frozenset(variables_of(configuration).get("PAYLOAD_MEMBERS", "").split(","))


def members_unread_by(configuration: Mapping[str, Any]) -> frozenset[str]:
    """Return the later members of payloads without which a function refuses a post, or publishes it wrongly."""
    return frozenset(LATER_MEMBERS) - members_read_by(configuration) - {LEAD_MEMBER}
