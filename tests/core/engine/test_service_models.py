"""The models of services: botocore's own, without a look at services that the engine does not answer for."""

import os

import pytest
from botocore.exceptions import UnknownServiceError
from botocore.loaders import Loader

from core.engine.service_models import SERVICES, ServiceModels, service_models


@pytest.mark.parametrize(
    ("service", "kind"), [(service, kind) for service in SERVICES for kind in ("service-2", "paginators-1")]
)
def test_each_model_is_the_one_of_botocore(service, kind):
    botocores = Loader(include_default_search_paths=False, extra_search_paths=[Loader.BUILTIN_DATA_PATH])
    assert ServiceModels().load_service_model(service, kind) == botocores.load_service_model(service, kind)


def test_a_kind_of_model_is_available_for_the_services_that_have_it():
    assert ServiceModels().list_available_services("service-2") == ["lambda", "scheduler"]
    assert ServiceModels().list_available_services("examples-1") == ["lambda"]
    with pytest.raises(UnknownServiceError):
        ServiceModels().load_service_model("scheduler", "examples-1")


def test_no_folder_of_another_service_is_read(monkeypatch):
    listed, list_folder = [], os.listdir
    monkeypatch.setattr(os, "listdir", lambda path: listed.append(path) or list_folder(path))
    ServiceModels().load_service_model("scheduler", "service-2")
    assert {os.path.basename(path) for path in listed} <= set(SERVICES)


def test_the_clients_use_these_models(clients):
    assert clients.scheduler._loader is service_models()
    assert clients.scheduler.waiter_names == []
