"""What somebody asks of an upgrade."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from hubtui.model.deployment import ChartSource, Deployment, ValueFile, ValuesMode


@dataclass(frozen=True, slots=True, kw_only=True)
class UpgradeRequest:
    """An upgrade of the session's release.

    With a `deployment`, its chart and files come first and the others are added. Without a `chart`
    the chart of the running revision is used. `sets` and `set_strings` are K=V in helm's grammar,
    `overlay` are values that were edited by hand. Later ones win: files, overlay, sets, strings.
    `timeout` is a Go duration; empty: that of the settings.
    """

    mode: ValuesMode
    deployment: Deployment | None = None
    chart: ChartSource | None = None
    files: tuple[ValueFile, ...] = ()
    overlay: Mapping[str, Any] = field(default_factory=dict, repr=False)
    sets: tuple[str, ...] = field(default=(), repr=False)
    set_strings: tuple[str, ...] = field(default=(), repr=False)
    timeout: str = ""


def given_sets(request: UpgradeRequest) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """All K=V, those of --set and those of --set-string, the deployment's first."""
    deployment = request.deployment
    return (
        (*(deployment.sets if deployment else ()), *request.sets),
        (*(deployment.set_strings if deployment else ()), *request.set_strings),
    )
