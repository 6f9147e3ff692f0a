"""Accounts: where posts can go, and how to connect and remove a place."""

import streamlit as st

from core.accounts import OUTBOX, Account
from core.phrases import counted
from core.publishing.network import Field
from core.schedules import FURTHEST_AHEAD
from core.upcoming import upcoming
from ui.answers import answering, closing, refusal
from ui.application import application
from ui.state import ASKED, MADE_SECRET, of
from ui.wording import plain

COUNTED = 1000
"""The most queued posts that are looked through before an account is removed."""


def answer_key(network: str, field: Field) -> str:
    """Return the key of one field of the form that connects an account."""
    return of(f"connect-{network}", field.name)


@closing
def connect(network: str) -> None:
    """Connect an account with what stands in the form; a secret that was made for it is shown once."""
    app = application()
    fields = app.networks[network].fields
    answers = {field.name: answered(network, field) for field in fields}
    account = app.networks[network].connect(answers)
    app.accounts.connect(account)
    made = [field.name for field in fields if field.secret and not answers[field.name]]
    secrets = [account.credentials[name].get_secret_value() for name in made if name in account.credentials]
    if secrets:
        st.session_state[MADE_SECRET] = (account.label, secrets[0])


def answered(network: str, field: Field) -> str:
    """Return what stands in a field."""
    value = st.session_state.get(answer_key(network, field)) or ""
    return ("yes" if value else "") if field.yes_no else value.strip()


@closing
def remove(account: Account) -> None:
    """Forget the account and its credentials."""
    application().accounts.remove(account.destination)


@answering
def ask_connect() -> None:
    """Open the form."""
    st.session_state[ASKED] = connect_dialog


@answering
def ask_remove(account: Account) -> None:
    """Say first what removing means."""
    st.session_state[ASKED] = lambda: remove_dialog(account)


def put_away() -> None:
    """Stop showing the secret; it is not shown again."""
    st.session_state.pop(MADE_SECRET, None)


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
            st.text_input(
                field.label if field.required else f"{field.label} (optional)",
                key=key,
                type="password" if field.secret else "default",
                autocomplete="off",
                placeholder=None if field.secret else field.help,
                help=field.help if field.secret else None,
            )
    refusal()
    st.button("Connect", key="connect", type="primary", on_click=connect, args=(name,))


@st.dialog("Remove this account?", icon=":material/link_off:")
def remove_dialog(account: Account) -> None:
    """Name the consequence, and wait for a yes."""
    app = application()
    now = app.clock()
    queued = upcoming(app.queue, now, now + FURTHEST_AHEAD, limit=COUNTED).entries
    going = [each for each in queued if each.post and account.destination in each.post.destinations]
    st.markdown(f"**{plain(account.label)}** and its credentials are forgotten on this machine.")
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


def line(account: Account) -> None:
    """Draw one account."""
    label, network = plain(account.label), application().networks.get(account.network)
    with (
        st.container(border=True, key=of("card-account", account.destination)),
        st.container(horizontal=True, vertical_alignment="center"),
    ):
        with st.container(width="stretch", gap="xxsmall"):
            st.markdown(f"**{label}**")
            if account == OUTBOX:
                st.caption("A feed on this machine, on the Outbox page. Always there; needs no credentials.")
            else:
                st.caption(
                    " · ".join(plain(part) for part in [network.label if network else "", account.address] if part)
                )
                if account.deduplicates:
                    st.markdown(":gray-badge[:material/content_copy: Ignores repeats]")
        if account != OUTBOX:
            key = of("remove", account.destination)
            st.button("Remove", key=key, icon=":material/link_off:", on_click=ask_remove, args=(account,))


title, add = st.columns([3, 2], vertical_alignment="bottom")
title.title("Accounts")
with add.container(horizontal=True, horizontal_alignment="right"):
    st.button("Connect an account", key="ask-connect", type="primary", icon=":material/add:", on_click=ask_connect)
refusal()
if MADE_SECRET in st.session_state:
    label, secret = st.session_state[MADE_SECRET]
    with st.container(border=True, key="card-secret"):
        st.markdown(f":green[:material/key:] **{plain(label)}** is connected. Its signing secret is shown this once:")
        st.code(secret, language=None, wrap_lines=True)
        st.caption("Give it to the receiving server, which verifies with it that posts come from you.")
        st.button("I have it", key="put-away", on_click=put_away)
for account in application().accounts.all():
    line(account)
if ASKED in st.session_state:
    st.session_state.pop(ASKED)()
