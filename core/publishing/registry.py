"""The registry of networks: one for each package in `networks/`."""

import importlib
import pkgutil
from collections.abc import Iterator, Mapping
from threading import Lock

from core.publishing import networks
from core.publishing.network import Network, NetworkDependencies


class Networks(Mapping[str, Network]):
    """Every network by its key, the name of its package. Destinations begin with it: `bluesky:ada.example`.

    A network is loaded at its first use, unless `load` was called before. Any thread may use it.
    """

    def __init__(self, dependencies: NetworkDependencies) -> None:
        self._dependencies = dependencies
        self._names = tuple(package.name for package in pkgutil.iter_modules(networks.__path__))
        self._loaded: dict[str, Network] = {}
        self._lock = Lock()

    def load(self) -> None:
        """Load every network now. A process that publishes does it while files can be opened."""
        for name in self:
            self[name]

    def __getitem__(self, name: str) -> Network:
        if name not in self._names:
            raise KeyError(name)
        with self._lock:
            if name not in self._loaded:
                package = importlib.import_module(f"{networks.__name__}.{name}.network")
                self._loaded[name] = package.network(self._dependencies)
            return self._loaded[name]

    def __contains__(self, name: object) -> bool:
        return name in self._names

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)
