"""Accounts: where posts can go, whether each place works, and how to connect, disable and remove one."""

import streamlit as st

from core.accounts.port import OUTBOX, Account
from core.maintenance.account_checks import Checked
from core.publishing.network import Field
from core.scheduling.schedules import FURTHEST_AHEAD
from core.scheduling.upcoming import upcoming
from core.time.phrases import countdown, counted
from ui.connect import new_secret
from ui.frame.application import application
from ui.frame.callbacks import answering, beside, closing, refusal, say
from ui.frame.dialogs import ask, asked
from ui.frame.state import of
from ui.frame.wording import heard, plain

FITS = 40
"""Characters that a field shows on a phone."""
COUNTED = 1000
"""The most queued posts that are looked through before an account is removed."""


def answer_key(network: str, field: Field) -> str:
    """Return the key of one field of the form that connects an account."""
    return of(f"connect-{network}", field.name)


@closing
def connect(network: str) -> None:
    """Connect an account with what stands in the form, and say who that is.

    A secret that was made for it is shown once. What was wrong with it before is checked anew.
    """
    app = application()
    fields = app.networks[network].fields
    answers = {field.name: answered(network, field) for field in fields}
    account = app.networks[network].connect(answers)
    app.accounts.connect(account)
    made = [field.name for field in fields if field.secret and not answers[field.name]]
    secrets = [account.credentials[name].get_secret_value() for name in made if name in account.credentials]
    if secrets:
        new_secret.keep(account.label, secrets[0])
    app.account_watch.check(account.destination)
    say(f"Connected as {plain(account.label)}.")


def answered(network: str, field: Field) -> str:
    """Return what stands in a field."""
    value = st.session_state.get(answer_key(network, field)) or ""
    return ("yes" if value else "") if field.yes_no else value.strip()


@closing
def remove(account: Account) -> None:
    """Forget the account and its credentials."""
    application().accounts.remove(account.destination)


@answering
def check(account: Account) -> None:
    """Ask the network now whether the account can be published to; its card says what was found."""
    application().account_watch.check(account.destination)


@answering
def switch(account: Account) -> None:
    """Enable the account, or disable it, and say what becomes of its posts."""
    accounts = application().accounts
    changed = accounts.get(account.destination).model_copy(update={"enabled": not account.enabled})
    accounts.connect(changed)
    becomes = "published again" if changed.enabled else "refused when due, until you enable it"
    say(f"Posts to {plain(account.label)} are {becomes}.")


@answering
def ask_connect() -> None:
    """Open the form."""
    ask(connect_dialog)


@answering
def choose(account: Account) -> None:
    """Do what was chosen in the account's menu."""
    match st.session_state[of("menu", account.destination)]:
        case "Connect again":
            st.session_state["connect-network"] = account.network
            ask(connect_dialog)
        case "Remove":
            ask(lambda: remove_dialog(account))
        case _:
            switch(account)


@st.dialog("Connect an account", icon=":material/add_link:")
def connect_dialog() -> None:
    """Ask for what the chosen network needs."""
    networks = {name: network for name, network in application().networks.items() if network.fields}
    name = st.selectbox("Network", networks, format_func=lambda each: networks[each].label, key="connect-network")
    for field in networks[name].fields:
        key = answer_key(name, field)
        if field.yes_no:
            st.checkbox(field.label, key=key, help=field.help)
        else:
            fits = len(field.help) <= FITS and not field.secret
            st.text_input(
                field.label if field.required else f"{field.label} (optional)",
                key=key,
                type="password" if field.secret else "default",
                autocomplete="off",
                placeholder=field.help if fits else None,
            )
            if not fits:
                st.caption(plain(field.help))
    refusal()
    st.button("Connect", key="connect", type="primary", on_click=connect, args=(name,))


@st.dialog("Remove this account?", icon=":material/link_off:")
def remove_dialog(account: Account) -> None:
    """Name the consequence, and wait for a yes."""
    app = application()
    now = app.clock()
    queued = upcoming(app.queue, now, now + FURTHEST_AHEAD, limit=COUNTED).entries
    going = [each for each in queued if each.post and account.destination in each.post.destinations]
    st.markdown(f"**{plain(account.label)}** and its credentials are forgotten.")
    if going:
        verb = "goes" if len(going) == 1 else "go"
        st.warning(
            f"{counted(len(going), 'post')} in the queue {verb} there and will be refused when due. "
            "Edit or cancel them first, or connect it again under the same name before then.",
            icon=":material/warning:",
        )
    else:
        st.caption("No post in the queue goes there.")
    refusal()
    st.button("Remove", key="remove", type="primary", on_click=remove, args=(account,))


def line(account: Account, checked: Checked | None) -> None:
    """Draw one account: who it is, how it stands, and what can be done with it."""
    with st.container(
        border=True, key=of("card-account", account.destination), horizontal=True, vertical_alignment="center"
    ):
        with st.container(key=of("words", account.destination), width="stretch", gap="xxsmall"):
            badges = [":gray-badge[:material/content_copy: Ignores repeats]"] * account.deduplicates
            badges += [":orange-badge[:material/block: Disabled]"] * (not account.enabled)
            st.markdown(" ".join([f"**{plain(account.label)}**", *(badges if account != OUTBOX else [])]))
            st.caption(who(account))
            if account != OUTBOX:
                st.markdown(standing(account, checked))
        if account != OUTBOX:
            actions(account)


def who(account: Account) -> str:
    """Say what the network told of the account when it was connected."""
    if account == OUTBOX:
        return "A feed of its own, on the Outbox page. Always there; needs no credentials."
    network, limit = application().networks.get(account.network), account.limits.get("characters")
    parts = [network.label if network else None, account.address, account.identity]
    return " · ".join(plain(part) for part in [*parts, f"{limit:,} characters" if limit else None] if part)


def standing(account: Account, checked: Checked | None) -> str:
    """Say what the last check found, and when."""
    if not account.enabled:
        return ":small[:gray[Nothing is published to it, and it is not checked.]]"
    if checked is None:
        return ":small[:gray[:material/help: Not checked yet]]"
    now = application().clock()
    ago = f":gray[checked {countdown(checked.checked_at, now)}]"
    if checked.trouble is None or checked.since is None:
        return f":small[:green[:material/check_circle:] No trouble found, {ago}]"
    since = f":gray[First seen {countdown(checked.since, now)},]"
    return f":small[:red[:material/error: {plain(checked.trouble)}] {since} {ago}]"


def actions(account: Account) -> None:
    """Draw what can be done with a connected account."""
    name = account.destination
    with st.container(key=of("actions", name), width=240, horizontal=True, horizontal_alignment="right", gap="xsmall"):
        if account.network in application().networks:
            st.button(
                heard("Check now", account.label),
                key=of("check", name),
                disabled=not account.enabled,
                on_click=check,
                args=(account,),
            )
        st.menu_button(
            heard("More", account.label),
            ["Connect again", "Disable" if account.enabled else "Enable", "Remove"],
            key=of("menu", name),
            type="tertiary",
            on_click=choose,
            args=(account,),
        )


title, add = st.columns([3, 2], vertical_alignment="bottom")
title.title("Accounts", anchor=False)
with add.container(horizontal=True, horizontal_alignment="right"):
    st.button("Connect an account", key="ask-connect", type="primary", icon=":material/add:", on_click=ask_connect)
new_secret.show("posts")
found = application().account_watch.found()
accounts = application().accounts.all()
for account in accounts:
    line(account, found.get(account.destination))
if len(accounts) == 1:
    networks = [network.label for network in application().networks.values() if network.fields]
    st.caption(f"To be connected: {' · '.join(networks)}")
beside()
asked()
