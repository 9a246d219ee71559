"""Where a hub answers, read from its manifest."""

from __future__ import annotations

import base64
from typing import Any

import pytest
import yaml

from hubtui.model.manifest import read
from hubtui.services.hub_health import HubAddress, address_of


def manifest(base_url: str | None, port: int, name: str = "hub", **labels: str) -> str:
    values: dict[str, Any] = {"hub": {}} if base_url is None else {"hub": {"baseUrl": base_url}}
    marks = {"component": "hub", "app": "jupyterhub", **labels}
    encoded = base64.b64encode(yaml.safe_dump(values).encode()).decode()
    secret = {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": name, "labels": marks},
        "data": {"values.yaml": encoded},
    }
    ports = [{"name": "metrics", "containerPort": 1}, {"name": "http", "containerPort": port}]
    deployment = {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": name, "labels": marks},
        "spec": {"template": {"spec": {"containers": [{"name": "hub", "ports": ports}]}}},
    }
    return yaml.safe_dump_all([secret, deployment])


@pytest.mark.parametrize(
    ("base_url", "path"),
    [
        (None, "/hub/health"),
        ("/", "/hub/health"),
        ("/jupyter", "/jupyter/hub/health"),
        ("/jupyter/", "/jupyter/hub/health"),
    ],
)
def test_the_path_begins_with_the_base_url(base_url: str | None, path: str) -> None:
    found = address_of(read(manifest(base_url, 8081)), "ns", "r")
    assert found == HubAddress("ns", "r", 8081, path, "hub")


def test_another_port_and_another_name() -> None:
    found = address_of(read(manifest("/", 9000, "r-hub")), "ns", "r")
    assert found == HubAddress("ns", "r", 9000, "/hub/health", "r-hub")


def test_a_release_without_a_hub() -> None:
    assert address_of(read(manifest("/", 8081, app="other")), "ns", "r") is None
