"""Pods of a small release that find no node until the test lets them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from tests.cluster.clusters import Cluster
from tests.cluster.small_release import SmallRelease

SELECTOR: Final = {"nobody": "has-this"}
"""The node selector of such a pod; the hook of `tests.cluster.stuck` has it too."""

_NODE: Final = "/api/v1/nodes/core-1"


def keep_off(small: SmallRelease) -> None:
    """The pods that the chart's Deployment makes from now on find no node."""
    template = small.chart / "templates" / "all.yaml"
    known = "tolerations: [{operator: Exists}]"
    selector = "nodeSelector: {nobody: has-this}"
    template.write_text(template.read_text().replace(known, f"{known}\n      {selector}"))


@contextmanager
def let_on(cluster: Cluster) -> Iterator[None]:
    """A node takes them for as long as the context lasts."""
    with cluster.api() as api:
        api.patch(_NODE, {"metadata": {"labels": SELECTOR}})
        try:
            yield
        finally:
            api.patch(_NODE, {"metadata": {"labels": dict.fromkeys(SELECTOR)}})
