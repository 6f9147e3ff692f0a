"""Accounts: the connected accounts, their last check, and how to connect, disable and remove them."""

import streamlit as st

from core.accounts.port import OUTBOX, Account
from core.maintenance.account_checks import AccountCheck
from core.publishing.account_form import known_values
from core.publishing.network import FormField
from core.scheduling.time_limits import PLANNING_HORIZON
from core.scheduling.upcoming import upcoming
from core.time.phrases import plural, relative_time
from ui.connect import new_secret
from ui.frame.application import application
from ui.frame.callbacks import callback, dialog_callback, flash, show_error, show_toasts
from ui.frame.card_buttons import card_button, card_menu
from ui.frame.dialogs import defer, run_deferred
from ui.frame.state import widget_key
from ui.frame.wording import escape

PLACEHOLDER_LENGTH = 40
"""Characters of a placeholder that a phone shows."""
POST_LIMIT = 1000
"""The most queued posts that are counted before an account is removed."""


def field_key(network: str, field: FormField) -> str:
    """Return the key of a field in the form that connects an account."""
    return widget_key(f"connect-{network}", field.name)


def field_value(network: str, field: FormField) -> str:
    """Return the value of a field in the form; a checked box is `yes`."""
    value = st.session_state.get(field_key(network, field)) or ""
    return ("yes" if value else "") if field.checkbox else value.strip()


def fill(account: Account) -> None:
    """Fill the form with what is known of an account, for a new connection of it. Its secrets stay empty."""
    st.session_state["connect-network"] = account.network
    known = known_values(account)
    for field in application().networks[account.network].fields:
        if not field.secret:
            value = known[field.name]
            st.session_state[field_key(account.network, field)] = bool(value) if field.checkbox else value


@dialog_callback
def connect(network: str) -> None:
    """Connect the account from the form and check it. A generated secret is shown once."""
    app = application()
    fields = app.networks[network].fields
    values = {field.name: field_value(network, field) for field in fields}
    account = app.networks[network].connect(values)
    app.accounts.connect(account)
    generated = [field.name for field in fields if field.secret and not values[field.name]]
    secrets = [account.credentials[name].get_secret_value() for name in generated if name in account.credentials]
    if secrets:
        new_secret.keep(account.label, secrets[0])
    app.account_checks.check(account.destination)
    flash(f"Connected as {escape(account.label)}.")


@dialog_callback
def remove(account: Account) -> None:
    """Delete the account and its credentials."""
    application().accounts.remove(account.destination)


@callback
def check(account: Account) -> None:
    """Check the account with its network now; its card shows the result."""
    application().account_checks.check(account.destination)


@callback
def toggle_enabled(account: Account) -> None:
    """Enable or disable the account, and show the effect on its posts."""
    enabled = not account.enabled
    application().accounts.set_enabled(account.destination, enabled)
    state, effect = ("enabled", "published again") if enabled else ("disabled", "refused until you enable it")
    flash(f"{escape(account.label)} {state}: posts to it are {effect}.")


@callback
def ask_connect() -> None:
    """Open the form that connects an account."""
    defer(connect_dialog)


@callback
def run_menu_item(account: Account) -> None:
    """Run the item selected in the account's menu."""
    match st.session_state[widget_key("menu", account.destination)]:
        case "Reconnect":
            fill(account)
            defer(connect_dialog)
        case "Remove":
            defer(lambda: remove_dialog(account))
        case _:
            toggle_enabled(account)


@st.dialog("Connect an account", icon=":material/add_link:")
def connect_dialog() -> None:
    """Draw the form with the fields of the selected network."""
    networks = {name: network for name, network in application().networks.items() if network.fields}
    name = st.selectbox("Network", networks, format_func=lambda each: networks[each].label, key="connect-network")
    for field in networks[name].fields:
        key = field_key(name, field)
        if field.checkbox:
            st.checkbox(field.label, key=key, help=field.help)
        else:
            fits = len(field.help) <= PLACEHOLDER_LENGTH and not field.secret
            st.text_input(
                field.label if field.required else f"{field.label} (optional)",
                key=key,
                type="password" if field.secret else "default",
                autocomplete="off",
                placeholder=field.help if fits else None,
            )
            if not fits:
                st.caption(escape(field.help))
    show_error()
    st.button("Connect", key="connect", type="primary", on_click=connect, args=(name,))


@st.dialog("Remove this account?", icon=":material/link_off:")
def remove_dialog(account: Account) -> None:
    """Show how many queued posts the removal affects, and ask for confirmation."""
    app = application()
    now = app.clock()
    queued = upcoming(app.listing, app.ledger, now, now + PLANNING_HORIZON, limit=POST_LIMIT)
    affected = sum(bool(each.post and account.destination in each.post.destinations) for each in queued.entries)
    st.markdown(f"**{escape(account.label)}** and its credentials are deleted.")
    if affected:
        count = f"{'At least ' if queued.more else ''}{plural(affected, 'queued post')}"
        st.warning(
            f"{count} will not be published to this account. "
            "Edit or cancel in Queue first, or connect the account again under the same name.",
            icon=":material/warning:",
        )
    elif queued.more:
        st.warning(
            f"None of the next {POST_LIMIT:,} queued posts goes to this account; later ones may. "
            "Search in Queue first.",
            icon=":material/warning:",
        )
    else:
        st.caption("No queued posts go to this account.")
    show_error()
    st.button("Remove", key="remove", type="primary", on_click=remove, args=(account,))


def account_card(account: Account, checked: AccountCheck | None) -> None:
    """Draw one account: its name, details, last check and actions. The outbox has no check and no actions."""
    with st.container(
        border=True, key=widget_key("card-account", account.destination), horizontal=True, vertical_alignment="center"
    ):
        with st.container(key=widget_key("content", account.destination), width="stretch", gap="xxsmall"):
            badges = [":gray-badge[:material/content_copy: Ignores duplicates]"] * account.deduplicates
            badges += [":orange-badge[:material/block: Disabled]"] * (not account.enabled)
            st.markdown(" ".join([f"**{escape(account.label)}**", *(badges if account != OUTBOX else [])]))
            st.caption(details(account))
            if account != OUTBOX:
                st.markdown(check_result(account, checked))
        if account != OUTBOX:
            account_actions(account)


def details(account: Account) -> str:
    """Return the account's network, address, identity and character limit."""
    if account == OUTBOX:
        return "Built-in feed on the Outbox page. No credentials needed."
    network, limit = application().networks.get(account.network), account.limits.get("characters")
    parts = [network.label if network else None, account.address, account.identity]
    return " · ".join(escape(part) for part in [*parts, f"{limit:,} characters" if limit else None] if part)


def check_result(account: Account, checked: AccountCheck | None) -> str:
    """Return the result and the age of the last check."""
    if not account.enabled:
        return ":small[:gray[Posts to this account are refused. It is not checked.]]"
    if checked is None:
        return ":small[:gray[:material/help: Not checked yet]]"
    now = application().clock()
    ago = f":gray[checked {relative_time(checked.checked_at, now)}]"
    if checked.problem is None and checked.unchecked is not None:
        return f":small[:gray[:material/help: {escape(checked.unchecked)}] {ago}]"
    if checked.problem is None or checked.since is None:
        return f":small[:green[:material/check_circle:] Working, {ago}]"
    since = f":gray[First seen {relative_time(checked.since, now)},]"
    return f":small[:red[:material/error: {escape(checked.problem)}] {since} {ago}]"


def account_actions(account: Account) -> None:
    """Draw the actions of a connected account."""
    name = account.destination
    with st.container(
        key=widget_key("actions", name), width=240, horizontal=True, horizontal_alignment="right", gap="xsmall"
    ):
        if account.network in application().networks:
            key = widget_key("check", name)
            card_button("Check now", account.label, key, check, account, disabled=not account.enabled)
        items = ["Reconnect", "Disable" if account.enabled else "Enable", "Remove"]
        card_menu(account.label, items, widget_key("menu", name), run_menu_item, account)


title, add = st.columns([3, 2], vertical_alignment="bottom")
title.title("Accounts", anchor=False)
with add.container(horizontal=True, horizontal_alignment="right"):
    st.button("Connect an account", key="ask-connect", type="primary", icon=":material/add:", on_click=ask_connect)
new_secret.show("posts")
checks = application().account_checks.results()
accounts = application().accounts.all()
for account in accounts:
    account_card(account, checks.get(account.destination))
if len(accounts) == 1:
    networks = [network.label for network in application().networks.values() if network.fields]
    st.caption(f"Networks that you can connect: {' · '.join(networks)}")
show_toasts()
run_deferred()
