"""EventBridge Scheduler's API, and Lambda's Invoke, answered from the store."""

import json
import logging
import uuid
from collections.abc import Mapping

from core.engine.api_errors import ApiFault, Internal
from core.engine.functions import Functions
from core.engine.protocol import operations_of
from core.engine.scheduler import Scheduler
from core.engine.store import Store
from core.errors import PunctualError
from core.time.instants import Clock

log = logging.getLogger(__name__)

Answer = tuple[int, dict[str, str], bytes]
"""Status, headers, body."""


class Api:
    """Answers requests of the AWS wire protocol, without network and without signatures."""

    def __init__(self, store: Store, clock: Clock, *, account: str = "000000000000", region: str = "us-east-1") -> None:
        self.region = region
        self._scheduler = Scheduler(store, clock, account=account, region=region)
        self._functions = Functions(store, clock, account=account, region=region)
        self._operations = operations_of("scheduler")

    def answer(self, method: str, path: str, query: str, headers: Mapping[str, str], body: bytes) -> Answer:
        """Answer one request; never raises.

        `path` and `query` are as sent, percent-encoded. Header names may be in any case.
        """
        try:
            if self._functions.meant_by(path):
                return self._functions.invoke(method, path, query, headers, body)
            operation, label = self._operations.find(method, path)
            answer = self._scheduler.operations[operation.name](operation.parameters(label, query, body))
            return _answer(200, {}, answer)
        except ApiFault as fault:
            return fault_answer(fault)
        except PunctualError as error:
            log.error("%s %s failed: %s", method, path, error)
            return fault_answer(Internal(str(error)))
        except Exception:  # noqa: BLE001 - a bug must reach the caller as a modelled error, and the log whole
            log.exception("%s %s failed", method, path)
            return fault_answer(Internal("The engine failed; its log says why."))


def fault_answer(fault: ApiFault) -> Answer:
    """Return the answer that a fault is on the wire."""
    return _answer(fault.status, {"x-amzn-ErrorType": fault.code}, {"Message": str(fault)})


def _answer(status: int, headers: dict[str, str], content: object) -> Answer:
    body = json.dumps(content, separators=(",", ":")).encode()
    return status, {"Content-Type": "application/json", "x-amzn-RequestId": str(uuid.uuid4()), **headers}, body
