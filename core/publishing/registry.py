"""The registry of networks: one for each package in `networks/`."""

import importlib
import pkgutil

from core.publishing import networks
from core.publishing.network import Network, NetworkDependencies


def all_networks(dependencies: NetworkDependencies) -> dict[str, Network]:
    """Return every network by its key, the name of its package. Destinations begin with it: `bluesky:ada.example`."""
    return {
        package.name: importlib.import_module(f"{networks.__name__}.{package.name}.network").network(dependencies)
        for package in pkgutil.iter_modules(networks.__path__)
    }
