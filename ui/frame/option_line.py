"""The line that names the options of a post, such as its content warning."""

from collections.abc import Mapping

from core.posts.destinations import Destination
from core.publishing.options import OptionValues, describe_options
from ui.frame.application import application
from ui.frame.wording import account_names, escape


def option_line(options: Mapping[Destination, OptionValues]) -> str:
    """Return the options of a post as Markdown; empty without any."""
    networks = application().networks
    lines = []
    for account, values in options.items():
        network = networks.get(account.partition(":")[0])
        if network is not None and (described := describe_options(values, network.options)):
            lines.append(f"{account_names([account])[0]}: {', '.join(described)}")
    return f":small[:gray[:material/tune: {escape(' · '.join(lines))}]]" if lines else ""
