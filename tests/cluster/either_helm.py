"""A file that imports `either_helm` runs each test that needs a helm with helm 3 and helm 4."""

from __future__ import annotations

import pytest


@pytest.fixture(name="helm_major", params=[3, 4], ids=["helm3", "helm4"])
def either_helm(request: pytest.FixtureRequest) -> int:
    """Takes the place of the one helm that tests run with."""
    return int(request.param)
