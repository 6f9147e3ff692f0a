"""Accounts that stop working are known before a post fails on them."""

import stat
from datetime import timedelta

import pytest
from filelock import FileLock
from pydantic import SecretStr

from core.accounts.file import FileAccounts
from core.accounts.port import Account, UnknownDestination
from core.maintenance.account_checks import AT_ONCE, AccountWatch, destinations_due
from core.scheduling.listing import Queue


class Network:
    """A network whose accounts are in the trouble that a test gives them."""

    def __init__(self):
        self.checked = []
        self.troubles = {}

    def check(self, account):
        self.checked.append(account.destination)
        trouble = self.troubles.get(account.destination)
        if isinstance(trouble, Exception):
            raise trouble
        return trouble


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
    """The destinations that have a post ahead."""
    return set()


@pytest.fixture
def watch(accounts, network, soon, tmp_path, clock):
    path = tmp_path / "account-checks.json"
    return AccountWatch(accounts, {"net": network}, lambda start, end: soon, path, clock)


def test_every_account_but_the_outbox_is_checked_at_once_and_then_every_four_hours(watch, network, clock):
    watch.look()
    assert sorted(network.checked) == ["net:ada", "net:bob"]
    clock.move(hours=3, minutes=59)
    watch.look()
    assert len(network.checked) == 2
    clock.move(minutes=1)
    watch.look()
    assert len(network.checked) == 4


def test_an_account_is_checked_shortly_before_its_next_post(watch, network, soon, clock):
    watch.look()
    clock.move(minutes=31)
    soon.add("net:ada")
    watch.look()
    watch.look()
    assert network.checked[2:] == ["net:ada"]


def test_what_was_found_is_kept_for_the_pages(watch, network, clock, accounts, tmp_path):
    network.troubles["net:ada"] = "The token was revoked."
    watch.look()
    again = AccountWatch(accounts, {}, lambda start, end: set(), tmp_path / "account-checks.json", clock)
    assert {each: found.trouble for each, found in again.found().items()} == {
        "net:ada": "The token was revoked.",
        "net:bob": None,
    }
    assert again.found()["net:ada"].checked_at == clock()


def test_an_account_in_trouble_is_looked_at_again_sooner(watch, network, clock):
    network.troubles["net:ada"] = "The token was revoked."
    watch.look()
    network.troubles.clear()
    clock.move(minutes=30)
    watch.look()
    assert network.checked[2:] == ["net:ada"]
    assert watch.found()["net:ada"].trouble is None


def test_an_account_that_is_disabled_is_left_alone(watch, accounts, network, soon):
    accounts.connect(accounts.get("net:ada").model_copy(update={"enabled": False}))
    soon.add("net:ada")
    watch.look()
    assert network.checked == ["net:bob"]


def test_the_accounts_in_trouble_are_those_that_are_enabled(watch, accounts, network):
    network.troubles |= {"net:ada": "The token was revoked.", "net:bob": "It was deleted."}
    watch.look()
    accounts.connect(accounts.get("net:ada").model_copy(update={"enabled": False}))
    assert {each: found.trouble for each, found in watch.troubles().items()} == {"net:bob": "It was deleted."}


def test_how_long_an_account_has_been_in_trouble_is_known(watch, network, clock):
    network.troubles["net:ada"] = "The token was revoked."
    watch.look()
    began = clock()
    clock.move(hours=1)
    network.troubles["net:ada"] = "The server is down."
    watch.look()
    assert (watch.found()["net:ada"].since, watch.found()["net:bob"].since) == (began, None)


def test_a_person_may_have_one_account_checked_now(watch, network, clock):
    network.troubles["net:bob"] = "It was deleted."
    assert watch.check("net:bob").trouble == "It was deleted."
    assert watch.found()["net:bob"].trouble == "It was deleted."
    with pytest.raises(UnknownDestination):
        watch.check("net:eve")


def test_an_account_that_was_removed_is_forgotten(watch, accounts):
    watch.look()
    accounts.remove("net:ada")
    watch.check("net:bob")
    assert set(watch.found()) == {"net:bob"}


def test_one_look_checks_a_few_accounts_and_those_with_a_post_ahead_first(watch, accounts, network, soon):
    for number in range(10):
        accounts.connect(Account(destination=f"net:{number}", label=str(number)))
    soon.update({"net:9", "net:8"})
    watch.look()
    assert len(network.checked) == AT_ONCE
    assert set(network.checked[:2]) == {"net:9", "net:8"}
    for _ in range(2):
        watch.look()
    assert sorted(set(network.checked)) == sorted(each.destination for each in accounts.all()[1:])


def test_an_account_that_cannot_even_be_checked_keeps_no_other_from_being_checked(watch, network):
    network.troubles["net:ada"] = KeyError("token")
    watch.look()
    assert {each: found.trouble for each, found in watch.found().items()} == {
        "net:ada": "Punctual failed while it checked this account; its log says why.",
        "net:bob": None,
    }


def test_a_check_from_a_time_that_a_wrong_clock_told_does_not_count(watch, network, clock):
    watch.look()
    clock.move(days=-30)
    watch.look()
    assert len(network.checked) == 4


def test_while_another_process_looks_nothing_is_checked_twice_but_what_a_person_asks_for(watch, network, tmp_path):
    with FileLock(f"{tmp_path / 'account-checks.json'}.looking.lock"):
        watch.look()
        assert network.checked == []
        assert watch.check("net:ada").trouble is None
    assert network.checked == ["net:ada"]


def test_what_another_process_finds_meanwhile_is_kept(watch, accounts, network, tmp_path, clock):
    other = AccountWatch(
        accounts, {"net": Network()}, lambda start, end: set(), tmp_path / "account-checks.json", clock
    )
    check = network.check

    def check_meanwhile(account):
        other.check("net:bob")
        return check(account)

    network.check = check_meanwhile
    watch.check("net:ada")
    assert set(watch.found()) == {"net:ada", "net:bob"}


def test_a_file_that_cannot_be_read_is_written_anew(watch, tmp_path, network):
    (tmp_path / "account-checks.json").write_text("{half")
    watch.look()
    assert len(watch.found()) == 2


def test_the_file_holds_no_secret_and_is_this_users_alone(watch, tmp_path):
    watch.look()
    path = tmp_path / "account-checks.json"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert "s3cret" not in path.read_text()


def test_what_goes_out_soon_names_its_destinations(schedules, scheduler, a_post, a_series, clock):
    due_at = clock() + timedelta(minutes=5)
    schedules.schedule(a_post(destinations=("net:ada", "outbox"), due_at=due_at))
    schedules.schedule(a_post(post_id="0" * 12, destinations=("net:bob",), due_at=clock() + timedelta(hours=2)))
    schedules.schedule(a_series(post_id="1" * 12, destinations=("net:eve",)))
    queue = Queue(scheduler, "punctual")
    assert destinations_due(queue, clock(), clock() + timedelta(minutes=15)) == {"net:ada", "outbox"}
    assert destinations_due(queue, clock(), clock() + timedelta(days=1)) == {"net:ada", "net:bob", "net:eve", "outbox"}
