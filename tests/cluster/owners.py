"""What Flux and Argo CD leave in a cluster: the kinds of their objects, of any content.

On the real control plane only: the demo's apiserver takes no definitions of kinds.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.testbed import Testbed

_CRDS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"


@pytest.fixture
def flux(testbed: Testbed) -> Iterator[str]:
    """The apiserver knows HelmReleases; gives their API's path."""
    with _known(testbed, "helm.toolkit.fluxcd.io", "v2", "HelmRelease") as path:
        yield path


@pytest.fixture
def argo(testbed: Testbed) -> Iterator[str]:
    """The apiserver knows Applications; gives their API's path."""
    with _known(testbed, "argoproj.io", "v1alpha1", "Application") as path:
        yield path


@contextlib.contextmanager
def _known(testbed: Testbed, group: str, version: str, kind: str) -> Iterator[str]:
    singular = kind.lower()
    name = f"{singular}s.{group}"
    schema = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
    served = {"served": True, "storage": True, "schema": {"openAPIV3Schema": schema}}
    body = {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": name},
        "spec": {
            "group": group,
            "names": {"plural": f"{singular}s", "singular": singular, "kind": kind},
            "scope": "Namespaced",
            "versions": [{"name": version, **served}],
        },
    }
    with testbed.api() as api:
        api.request("POST", _CRDS, body)
        api.wait_items(_CRDS, lambda found: any(_is_served(each, name) for each in found))
        try:
            yield f"/apis/{group}/{version}"
        finally:
            with contextlib.suppress(httpx.HTTPStatusError):
                api.request("DELETE", f"{_CRDS}/{name}")


def _is_served(each: dict[str, Any], name: str) -> bool:
    # Until its controller has looked, a definition's conditions are null.
    conditions = each.get("status", {}).get("conditions") or ()
    return each["metadata"]["name"] == name and any(
        condition["type"] == "Established" and condition["status"] == "True"
        for condition in conditions
    )
