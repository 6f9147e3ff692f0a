"""The options of a post, drawn from what the network of each account declares."""

from collections.abc import Mapping, Sequence
from typing import cast

import streamlit as st

from core.accounts.port import Account
from core.errors import PunctualError
from core.posts.destinations import Destination
from core.posts.models import OptionValue
from core.publishing.options import (
    ChoiceOption,
    Option,
    OptionValues,
    SwitchOption,
    TextOption,
    checked_options,
)
from ui.compose.typed_text import latest_text
from ui.frame.application import application
from ui.frame.failures import markdown
from ui.frame.option_line import option_line
from ui.frame.state import widget_key
from ui.frame.wording import escape_inline


def fill(draft: str, options: Mapping[Destination, OptionValues]) -> None:
    """Fill the options of a draft. An account without options has the defaults."""
    for account in application().accounts.all():
        values = options.get(Destination(account.destination), {})
        for option in _declared(account):
            st.session_state[_key(draft, account.destination, option)] = values.get(option.name, option.default)
    st.session_state[_filled_key(draft)] = {str(destination): dict(each) for destination, each in options.items()}


def option_fields(draft: str, accounts: Sequence[Account]) -> None:
    """Draw the options of these accounts, each account in a tab of its own if several have some.

    While they are closed, their label names what can be chosen, and a line names what is set.
    """
    _options(draft, "Options", widget_key("options", draft), accounts)


def own_option_fields(draft: str, account: Account) -> None:
    """Draw the options of an account whose text has a tab of its own."""
    key = widget_key(f"options-{account.destination}", draft)
    _options(draft, f"Options for {escape_inline(account.label)}", key, [account])


def _options(draft: str, label: str, key: str, accounts: Sequence[Account]) -> None:
    having = [account for account in accounts if _declared(account)]
    if not having:
        return
    names = ", ".join(dict.fromkeys(option.label for account in having for option in _declared(account)))
    closed = st.expander(f"{label} :small[:gray[{names}]]", icon=":material/tune:", key=key, on_change="rerun")
    if not closed.open:
        chosen = chosen_options(draft, [account.destination for account in having])
        if line := option_line({Destination(each): values for each, values in chosen.items()}):
            st.markdown(line)
        return
    with closed:
        if len(having) == 1:
            _fields(draft, having[0])
            return
        tabs = st.tabs([escape_inline(account.label) for account in having], key=widget_key("option-tabs", draft))
        for account, tab in zip(having, tabs, strict=True):
            with tab:
                _fields(draft, account)


def chosen_options(draft: str, destinations: Sequence[str]) -> dict[str, dict[str, OptionValue]]:
    """Return the values that differ from their defaults, by destination, as they were entered.

    An account that is not connected any more keeps its values.
    """
    accounts: dict[str, Account] = {account.destination: account for account in application().accounts.all()}
    filled = cast(dict[str, dict[str, OptionValue]], st.session_state.get(_filled_key(draft), {}))
    found = {
        each: _entered(draft, accounts[each]) if each in accounts else filled.get(each, {}) for each in destinations
    }
    return {destination: values for destination, values in found.items() if values}


def text_keys(draft: str, destinations: Sequence[str]) -> list[str]:
    """Return the keys of the text areas of the options."""
    return [
        _key(draft, account.destination, option)
        for account in application().accounts.all()
        if account.destination in destinations
        for option in _declared(account)
        if isinstance(option, TextOption) and option.multiline
    ]


def _entered(draft: str, account: Account) -> dict[str, OptionValue]:
    found = {option.name: _value(draft, account, option) for option in _declared(account)}
    defaults = {option.name: option.default for option in _declared(account)}
    return {name: value for name, value in found.items() if value != defaults[name]}


def _value(draft: str, account: Account, option: Option) -> OptionValue:
    key = _key(draft, account.destination, option)
    if key not in st.session_state:
        return option.default
    if isinstance(option, TextOption):
        text = latest_text(key)
        return text if text.strip() else option.default
    return cast(OptionValue, st.session_state[key])


def _fields(draft: str, account: Account) -> None:
    for option in _declared(account):
        _field(_key(draft, account.destination, option), option)
    try:
        checked_options(_entered(draft, account), account.label, _declared(account))
    except PunctualError as error:
        st.caption(f":red[:material/error: {markdown(error)}]")


def _field(key: str, option: Option) -> None:
    st.session_state.setdefault(key, option.default)
    match option:
        case SwitchOption():
            st.toggle(option.label, key=key, help=option.help, persist_state="session")
        case ChoiceOption():
            names = {choice.value: choice.label for choice in option.choices}
            if st.session_state[key] not in names:  # a choice of another release
                st.session_state[key] = option.default
            st.selectbox(
                option.label,
                list(names),
                format_func=lambda value: names[value],
                key=key,
                help=option.help,
                persist_state="session",
            )
        case TextOption(multiline=True):
            st.text_area(option.label, key=key, help=option.help, height="content", persist_state="session")
        case TextOption():
            st.text_input(
                option.label, key=key, help=option.help, placeholder=option.example or None, persist_state="session"
            )


def _declared(account: Account) -> tuple[Option, ...]:
    network = application().networks.get(account.network)
    return network.options if network is not None else ()


def _key(draft: str, destination: str, option: Option) -> str:
    return widget_key(f"option-{option.name}-{destination}", draft)


def _filled_key(draft: str) -> str:
    return widget_key("options-filled", draft)
