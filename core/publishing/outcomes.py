"""What becomes of a post when a network does not say yes: later, refused, sign in again, or nobody knows."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from core.errors import PunctualError
from core.publishing.http.client import Answer, Fault, Unreachable
from core.publishing.network import CannotConnect, Later, Refused, Result, Unconfirmed
from core.time.instants import Clock

AGAIN = "Connect the account again under Accounts, then retry."


def wait_for_a_person(reason: str) -> Result:
    """What becomes of an unclear outcome where a repeat would be a second post."""
    return Unconfirmed(reason=f"{reason} It may be out or not: look there, then decide.")


def try_again(reason: str) -> Result:
    """What becomes of an unclear outcome where a repeat is recognised, or looked for first."""
    return Later(reason=f"{reason} It may be out or not: that is found out before it is tried again.", doubt=True)


def do_it_again(reason: str) -> Result:
    """What becomes of an unclear outcome where a repeat does no harm, as with an upload that no post names yet."""
    return Later(reason=reason)


@dataclass(frozen=True, kw_only=True)
class Sorting:
    """How one network's faults and answers become results; `unclear` says what becomes of a doubt."""

    name: str
    clock: Clock
    unclear: Callable[[str], Result]

    def fault(self, fault: Fault) -> Result:
        """Sort a request that was not answered."""
        if isinstance(fault, Unreachable):
            return Later(reason=str(fault))
        return self.unclear(str(fault))

    def odd(self) -> Result:
        """Sort a success that does not tell what it should: cut off on its way, or not from the network at all."""
        return self.unclear(f"{self.name}'s answer was not whole.")

    def answer(self, answer: Answer) -> Result:
        """Sort an answer other than a success.

        A 5xx leaves open whether the post was stored before something went wrong, also a 503 with a Retry-After:
        Varnish puts one beside every 503 of its own, and says so when the server behind it hung up after it had taken
        the request (its built-in VCL). What may be tried again waits until then all the same: GoToSocial says so when
        it has too much to do (doc: Request Throttling & Rate Limiting).
        """
        said = f"{self.name} answered {answer.status}: {answer.words.rstrip('.')}."
        pause = answer.pause(self.clock())
        if answer.status in (425, 429):
            return Later(reason=said, retry_after=pause)
        if answer.status < 200 or answer.status == 408 or answer.status >= 500:  # 1xx: the answer was still to come
            result = self.unclear(said)
            return replace(result, retry_after=pause) if isinstance(result, Later) else result
        if answer.status == 401:
            return Refused(reason=f"{said} {AGAIN}")
        if 300 <= answer.status < 400:
            return Refused(reason=f"{said} It is to be found elsewhere now. {AGAIN}")
        return Refused(reason=said)


def asked(ask: Callable[[], Answer], name: str) -> Answer:
    """Return the answer to what is asked while connecting. Raises CannotConnect where it is not a success."""
    try:
        answer = ask()
    except Fault as fault:
        raise CannotConnect(str(fault), fault.hint) from None
    if answer.ok and answer.whole:
        return answer
    hint = "Check what you entered." if 300 <= answer.status < 500 else "Try again in a few minutes."
    raise CannotConnect(f"{name} answered {answer.status}: {answer.words.rstrip('.')}.", hint)


def problem(ask: Callable[[], object]) -> str | None:
    """Return what is wrong in words, where asking raises one of our errors; None where it does not."""
    try:
        ask()
    except PunctualError as error:
        return str(error)
    return None
