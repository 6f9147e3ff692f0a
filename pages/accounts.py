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
from ui.connect.network_tiles import network_tiles
from ui.frame.account_states import account_state, display_name, own_name
from ui.frame.application import application
from ui.frame.callbacks import callback, dialog_callback, flash, show_error, show_toasts
from ui.frame.card_buttons import card_button, card_menu
from ui.frame.dialogs import cancel_button, defer, dialog_buttons
from ui.frame.faces import face, logo
from ui.frame.state import widget_key
from ui.frame.wording import escape

PLACEHOLDER_LENGTH = 40
"""Characters of a placeholder that a phone shows."""
POST_LIMIT = 1000
"""The most queued posts that are counted before an account is removed or disabled."""
FACE_SIZE, LOGO_SIZE = 48, 28
"""Pixels."""
NETWORK = "connect-network"
"""The key of the network that was chosen for a new account."""


def field_key(network: str, field: FormField) -> str:
    """Return the key of a field in the form that connects an account."""
    return widget_key(f"connect-{network}", field.name)


def field_value(network: str, field: FormField) -> str:
    """Return the value of a field in the form; a checked box is `yes`."""
    value = st.session_state.get(field_key(network, field)) or ""
    return ("yes" if value else "") if field.checkbox else value.strip()


def fill(account: Account) -> None:
    """Fill the form with what is known of an account, for a new connection of it. Its secrets stay empty."""
    st.session_state[NETWORK] = account.network
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


@dialog_callback
def disable(account: Account) -> None:
    """Disable the account, and show the effect on its posts."""
    set_enabled(account, enabled=False)


@callback
def toggle_enabled(account: Account) -> None:
    """Enable or disable the account, and show the effect on its posts."""
    set_enabled(account, enabled=not account.enabled)


def set_enabled(account: Account, *, enabled: bool) -> None:
    """Enable or disable an account, and show the effect on its posts."""
    application().accounts.set_enabled(account.destination, enabled)
    state, effect = ("enabled", "published again") if enabled else ("disabled", "refused until you enable it")
    flash(f"{escape(account.label)} {state}: posts to it are {effect}.")


@callback
def ask_connect(network: str | None = None) -> None:
    """Open the form that connects an account of a network, or the choice of the network."""
    st.session_state[NETWORK] = network
    defer(connect_dialog)


def open_reconnect(account: Account) -> None:
    """Open the form with what is known of an account."""
    fill(account)
    defer(connect_dialog)


@callback
def reconnect(account: Account) -> None:
    """Open the form for an account that does not work."""
    open_reconnect(account)


@callback
def run_menu_item(account: Account) -> None:
    """Run the item selected in the account's menu."""
    match st.session_state[widget_key("menu", account.destination)]:
        case "Reconnect":
            open_reconnect(account)
        case "Remove":
            defer(lambda: remove_dialog(account))
        case "Disable" if any(queued_posts(account)):
            defer(lambda: disable_dialog(account))
        case _:
            toggle_enabled(account)


def queued_posts(account: Account) -> tuple[int, bool]:
    """Return the number of queued posts to an account, and whether there are more than were counted."""
    app = application()
    now = app.clock()
    queued = upcoming(app.listing, app.ledger, now, now + PLANNING_HORIZON, limit=POST_LIMIT)
    found = [each for each in queued.entries if each.post and account.destination in each.post.accounts]
    return len(found), queued.more


def counted(affected: int, more: bool) -> str:
    """Return a number of queued posts in words."""
    return f"{'At least ' if more else ''}{plural(affected, 'queued post')}"


@st.dialog("Connect an account", icon=":material/add_link:")
def connect_dialog() -> None:
    """Draw the networks, then the form with the fields of the chosen one."""
    name = st.session_state.get(NETWORK)
    if name is None:
        st.caption("Where is the account?")
        network_tiles(ask_connect, place="network")
        cancel_button()
        return
    network = application().networks[name]
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(f"{logo(name, LOGO_SIZE)} **{network.label}**", width="stretch")
        st.button("Other network", key="other-network", type="tertiary", on_click=ask_connect)
    for field in network.fields:
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
    dialog_buttons("Connect", "connect", connect, name)


@st.dialog("Remove this account?", icon=":material/link_off:")
def remove_dialog(account: Account) -> None:
    """Show how many queued posts the removal affects, and ask for confirmation."""
    affected, more = queued_posts(account)
    st.markdown(f"**{escape(account.label)}** and its credentials are deleted.")
    if affected:
        st.warning(
            f"{counted(affected, more)} will not be published to this account. "
            "Edit or cancel in Queue first, or connect the account again under the same name.",
            icon=":material/warning:",
        )
    elif more:
        st.warning(
            f"None of the next {POST_LIMIT:,} queued posts goes to this account; later ones may. "
            "Search in Queue first.",
            icon=":material/warning:",
        )
    else:
        st.caption("No queued posts go to this account.")
    show_error()
    dialog_buttons("Remove", "remove", remove, account)


@st.dialog("Disable this account?", icon=":material/block:")
def disable_dialog(account: Account) -> None:
    """Show how many queued posts it affects to disable an account, and ask for confirmation."""
    affected, more = queued_posts(account)
    st.markdown(f"**{escape(account.label)}** stays connected, and gets no posts until you enable it.")
    count = counted(affected, more) if affected else f"Posts after the next {POST_LIMIT:,} queued ones"
    st.warning(f"{count} will be refused if you do not enable it before.", icon=":material/warning:")
    show_error()
    dialog_buttons("Disable", "disable", disable, account)


def account_card(account: Account, checked: AccountCheck | None) -> None:
    """Draw the tile of an account: face, name, last check, details and actions. The outbox has no check, no actions."""
    with st.container(border=True, key=widget_key("card-account", account.destination), gap="small", height="stretch"):
        with st.container(key=widget_key("head", account.destination), horizontal=True, vertical_alignment="center"):
            st.markdown(face(account, FACE_SIZE), width="content")
            with st.container(key=widget_key("content", account.destination), width="stretch", gap="xxsmall"):
                st.markdown(f"**{escape(display_name(account))}**")
                st.caption(second_line(account))
        if account != OUTBOX:
            st.markdown(check_result(account, checked))
        if words := details(account):
            st.caption(words)
        if account != OUTBOX:
            account_actions(account, works=checked is None or checked.problem is None)


def second_line(account: Account) -> str:
    """Return the handle or the name in Punctual, if it differs from the shown one, and the network."""
    if account == OUTBOX:
        return "Built in"
    shown, network = display_name(account), application().networks.get(account.network)
    own = f"@{account.handle}" if account.handle else own_name(account)
    own = own if own != shown else ""
    return " · ".join(escape(part) for part in (own, network.label if network else None) if part)


def details(account: Account) -> str:
    """Return the account's address and character limit, and whether it ignores duplicates."""
    if account == OUTBOX:
        return "Built-in feed on the Outbox page. No credentials needed."
    limit = account.limits.get("characters")
    size, repeats = f"{limit:,} characters" if limit else "", "ignores duplicates" if account.deduplicates else ""
    return " · ".join(escape(part) for part in (account.address, size, repeats) if part)


def check_result(account: Account, checked: AccountCheck | None) -> str:
    """Return the state of the account, and the result and the age of its last check."""
    state = account_state(account, checked)
    badge = f":{state.colour}-badge[:material/{state.icon}: {state.words[0].upper()}{state.words[1:]}]"
    if not account.enabled:
        return f"{badge} :small[:gray[Posts to this account are refused. It is not checked.]]"
    if checked is None:
        return badge
    now = application().clock()
    ago = f":gray[checked {relative_time(checked.checked_at, now)}]"
    if checked.problem is None and checked.unchecked is not None:
        return f"{badge} :small[:gray[{escape(checked.unchecked)}] {ago}]"
    if checked.problem is None or checked.since is None:
        return f"{badge} :small[{ago}]"
    since = f":gray[First seen {relative_time(checked.since, now)},]"
    return f"{badge} :small[{escape(checked.problem)} {since} {ago}]"


def account_actions(account: Account, *, works: bool) -> None:
    """Draw the actions of a connected account. One that does not work has Reconnect in sight."""
    name = account.destination
    with st.container(key=widget_key("actions", name), horizontal=True, vertical_alignment="center", gap="xsmall"):
        if account.network in application().networks:
            key = widget_key("check", name)
            card_button("Check now", account.label, key, check, account, disabled=not account.enabled)
        if not works:
            card_button("Reconnect", account.label, widget_key("reconnect", name), reconnect, account)
        items = ["Reconnect", "Disable" if account.enabled else "Enable", "Remove"]
        card_menu(account.label, items, widget_key("menu", name), run_menu_item, account)


with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center", key="page-head"):
    st.title("Accounts", anchor=False, width="content")
    st.button("Connect an account", key="ask-connect", type="primary", icon=":material/add:", on_click=ask_connect)
new_secret.show("posts")
checks = application().account_checks.results()
accounts = application().accounts.all()
with st.container(key="account-tiles"):
    for account in accounts:
        account_card(account, checks.get(account.destination))
if len(accounts) == 1:
    st.header("Connect your first account", anchor=False)
    network_tiles(ask_connect, place="first")
show_toasts()
