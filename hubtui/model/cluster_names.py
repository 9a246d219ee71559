"""What the tools of clouds call a cluster's context in a kubeconfig."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def gke_context(cluster: Mapping[str, Any]) -> str:
    """As gcloud names it, gke_PROJECT_ZONE_CLUSTER; "" where a part is not known."""
    parts = [str(cluster.get(part) or "") for part in ("project", "zone", "cluster")]
    return "_".join(("gke", *parts)) if all(parts) else ""
