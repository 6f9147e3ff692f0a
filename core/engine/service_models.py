"""The models of the two services that the engine answers for, as botocore loads them."""

from contextlib import suppress
from functools import cache

from botocore.exceptions import DataNotFoundError
from botocore.loaders import Loader

SERVICES = ("lambda", "scheduler")


class ServiceModels(Loader):  # type: ignore[misc]  # botocore has no types
    """botocore's own models of SERVICES.

    For each kind of model, botocore's loader looks through the folders of all 400 services, which takes as long as
    all else to open a client. This one looks at those of SERVICES, and at no models of the user.
    """

    def __init__(self) -> None:
        super().__init__(extra_search_paths=[self.BUILTIN_DATA_PATH], include_default_search_paths=False)

    def list_available_services(self, type_name: str) -> list[str]:
        """Return those of SERVICES that have a model of a type, such as `service-2`."""
        found = []
        for service in SERVICES:
            with suppress(DataNotFoundError):
                self.list_api_versions(service, type_name)
                found.append(service)
        return found


@cache
def service_models() -> ServiceModels:
    """Return the models of this process, which reads each of them once."""
    return ServiceModels()
