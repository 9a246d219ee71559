"""A `helm upgrade` typed elsewhere, as far as the apiserver sees it: a new revision's Secret."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from tests import releases
from tests.testbed.load import Api

_SECRETS = "/api/v1/namespaces/hub/secrets"
STATUS = "pending-upgrade"


async def newest(api: Api, release: str = "hub") -> int:
    """The newest revision of a release."""
    found = await api.some(_SECRETS, labelSelector=f"owner=helm,name={release}", limit="100000")
    return max(int(secret["metadata"]["labels"]["version"]) for secret in found)


@asynccontextmanager
async def begun(api: Api, revision: int, release: str = "hub") -> AsyncIterator[float]:
    """A revision that is pending, as helm leaves it while it is at work; gone afterwards. Gives
    when its Secret was sent."""
    name = f"sh.helm.release.v1.{release}.v{revision}"
    document = {**releases.release(revision, others=0), "name": release}
    document["info"] = {"status": STATUS, "description": "Preparing upgrade"}
    labels = {"owner": "helm", "name": release, "version": str(revision), "status": STATUS}
    secret = {
        "metadata": {"name": name, "labels": labels},
        "type": "helm.sh/release.v1",
        "stringData": {"release": releases.packed(document)},
    }
    sent = time.perf_counter()
    try:
        await api.create(_SECRETS, secret)
        yield sent
    finally:
        await api.delete(f"{_SECRETS}/{name}")
