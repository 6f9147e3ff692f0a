import json
import stat

import pytest
from filelock import FileLock
from pydantic import SecretStr

from core.accounts.file import FileAccounts
from core.accounts.port import Account, UnknownDestination
from core.maintenance.account_checks import BATCH, AccountChecks
from core.maintenance.faces import Faces
from core.media.folder import FolderMedia
from core.publishing.network import PostingPermission


class Network:
    """A network whose accounts have the problems that a test sets."""

    def __init__(self):
        self.checked = []
        self.problems = {}
        self.unchecked = None

    def check(self, account):
        self.checked.append(account.destination)
        problem = self.problems.get(account.destination)
        if isinstance(problem, Exception):
            raise problem
        return PostingPermission(problem=problem, unchecked=self.unchecked)


@pytest.fixture
def network():
    return Network()


@pytest.fixture
def accounts(tmp_path):
    accounts = FileAccounts(tmp_path / "accounts.json")
    for name in ("ada", "bob"):
        accounts.connect(
            Account(destination=f"net:{name}", label=name, credentials={"token": SecretStr(f"s3cret of {name}")})
        )
    return accounts


@pytest.fixture
def soon():
    """Return the destinations with a post ahead. A test adds to it."""
    return set()


@pytest.fixture
def open_checks(accounts, soon, tmp_path, clock):
    """Return a function that opens the checks of a network, as another process does."""

    def open_with(network):
        networks = {"net": network}
        faces = Faces(accounts, networks, FolderMedia(tmp_path / "media"))
        path = tmp_path / "account-checks.json"
        return AccountChecks(accounts, networks, faces, lambda start, end: soon, path, clock)

    return open_with


@pytest.fixture
def checks(open_checks, network):
    return open_checks(network)


def test_every_account_except_the_outbox_is_checked_at_once_and_then_every_four_hours(checks, network, clock):
    checks.run()
    assert sorted(network.checked) == ["net:ada", "net:bob"]
    clock.move(hours=3, minutes=59)
    checks.run()
    assert len(network.checked) == 2
    clock.move(minutes=1)
    checks.run()
    assert len(network.checked) == 4


def test_an_account_is_checked_shortly_before_its_next_post(checks, network, soon, clock):
    checks.run()
    clock.move(minutes=31)
    soon.add("net:ada")
    checks.run()
    checks.run()
    assert network.checked[2:] == ["net:ada"]


def test_results_are_stored(checks, open_checks, network, clock):
    network.problems["net:ada"] = "The token was revoked."
    checks.run()
    again = open_checks(Network())
    assert {each: found.problem for each, found in again.results().items()} == {
        "net:ada": "The token was revoked.",
        "net:bob": None,
    }
    assert again.results()["net:ada"].checked_at == clock()


def test_what_a_check_did_not_verify_is_stored_and_is_no_problem(checks, network):
    network.unchecked = "Whether it may post was not checked."
    checks.run()
    found = checks.results()["net:ada"]
    assert (found.unchecked, found.problem, checks.failing()) == (network.unchecked, None, {})


def test_a_failing_account_is_checked_again_sooner(checks, network, clock):
    network.problems["net:ada"] = "The token was revoked."
    checks.run()
    network.problems.clear()
    clock.move(minutes=30)
    checks.run()
    assert network.checked[2:] == ["net:ada"]
    assert checks.results()["net:ada"].problem is None


def test_a_disabled_account_is_not_checked(checks, accounts, network, soon):
    accounts.connect(accounts.get("net:ada").model_copy(update={"enabled": False}))
    soon.add("net:ada")
    checks.run()
    assert network.checked == ["net:bob"]


def test_a_disabled_account_is_not_failing(checks, accounts, network):
    network.problems |= {"net:ada": "The token was revoked.", "net:bob": "It was deleted."}
    checks.run()
    accounts.connect(accounts.get("net:ada").model_copy(update={"enabled": False}))
    assert {each: found.problem for each, found in checks.failing().items()} == {"net:bob": "It was deleted."}


def test_a_failing_account_keeps_the_time_of_its_first_failed_check(checks, network, clock):
    network.problems["net:ada"] = "The token was revoked."
    checks.run()
    began = clock()
    clock.move(hours=1)
    network.problems["net:ada"] = "The server is down."
    checks.run()
    assert (checks.results()["net:ada"].since, checks.results()["net:bob"].since) == (began, None)


def test_a_person_can_check_one_account_now(checks, network, clock):
    network.problems["net:bob"] = "It was deleted."
    assert checks.check("net:bob").problem == "It was deleted."
    assert checks.results()["net:bob"].problem == "It was deleted."
    with pytest.raises(UnknownDestination):
        checks.check("net:eve")


def test_a_file_of_an_earlier_version_keeps_its_form(checks, network, tmp_path):
    path = tmp_path / "account-checks.json"
    row = {"destination": "net:ada", "trouble": "Revoked.", "since": "2026-11-02T11:00:00Z"}
    path.write_text(json.dumps([row | {"checked_at": "2026-11-02T11:30:00Z"}]))
    assert checks.results()["net:ada"].problem == "Revoked."
    network.problems["net:ada"] = "Revoked."
    checks.check("net:ada")
    assert json.loads(path.read_text()) == [row | {"unchecked": None, "checked_at": "2026-11-02T12:00:00Z"}]


def test_the_result_of_a_removed_account_is_deleted(checks, accounts):
    checks.run()
    accounts.remove("net:ada")
    checks.check("net:bob")
    assert set(checks.results()) == {"net:bob"}


def test_a_run_checks_a_few_accounts_and_begins_with_those_with_a_post_ahead(checks, accounts, network, soon):
    for number in range(10):
        accounts.connect(Account(destination=f"net:{number}", label=str(number)))
    soon.update({"net:9", "net:8"})
    checks.run()
    assert len(network.checked) == BATCH
    assert set(network.checked[:2]) == {"net:9", "net:8"}
    for _ in range(2):
        checks.run()
    assert sorted(set(network.checked)) == sorted(each.destination for each in accounts.all()[1:])


def test_a_bug_in_one_check_does_not_stop_the_others(checks, network):
    network.problems["net:ada"] = KeyError("token")
    checks.run()
    assert {each: found.problem for each, found in checks.results().items()} == {
        "net:ada": "Punctual failed while it checked this account. The reason is in its log.",
        "net:bob": None,
    }


def test_a_check_in_the_future_is_repeated(checks, network, clock):
    checks.run()
    clock.move(days=-30)
    checks.run()
    assert len(network.checked) == 4


def test_only_a_person_can_check_while_another_process_runs_checks(checks, network, tmp_path):
    with FileLock(f"{tmp_path / 'account-checks.json'}.looking.lock"):
        checks.run()
        assert network.checked == []
        assert checks.check("net:ada").problem is None
    assert network.checked == ["net:ada"]


def test_the_results_of_another_process_are_kept(checks, open_checks, network):
    other = open_checks(Network())
    check = network.check

    def check_meanwhile(account):
        other.check("net:bob")
        return check(account)

    network.check = check_meanwhile
    checks.check("net:ada")
    assert set(checks.results()) == {"net:ada", "net:bob"}


def test_an_unreadable_file_is_replaced(checks, tmp_path, network):
    (tmp_path / "account-checks.json").write_text("{half")
    checks.run()
    assert len(checks.results()) == 2


def test_the_file_is_private_and_has_no_secret(checks, tmp_path):
    checks.run()
    path = tmp_path / "account-checks.json"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert "s3cret" not in path.read_text()
