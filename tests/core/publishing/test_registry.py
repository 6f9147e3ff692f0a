"""The registry of networks."""

from pathlib import Path

from core.outbox.sqlite import SqliteOutbox
from core.publishing import networks
from core.publishing.network import NetworkDependencies
from core.publishing.registry import Networks


def test_every_package_in_networks_is_a_network_with_its_own_label(database, clock):
    found = Networks(NetworkDependencies(outbox=SqliteOutbox(database), clock=clock))
    packages = {path.parent.name for path in Path(networks.__path__[0]).glob("*/network.py")}
    assert found.keys() == packages
    assert len({network.label for network in found.values()}) == len(packages) > 5
