"""A small Prometheus of the demo. It is simulated: it computes what it would have scraped of the
demo's cluster, and answers PromQL, at one moment or over a range."""

from __future__ import annotations

from typing import Final

NAMESPACE: Final = "support"
SERVICE: Final = "support-prometheus-server"
PORT: Final = 9090
"""Where its pod listens."""
