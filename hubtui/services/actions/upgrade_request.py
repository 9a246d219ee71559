"""What somebody asks of an upgrade."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from hubtui.model.deployment import ChartSource, Deployment, GitState, ValueFile, ValuesMode


@dataclass(frozen=True, slots=True, kw_only=True)
class UpgradeRequest:
    """An upgrade of the session's release.

    With a `deployment`, its chart and files come first and the others are added. Without a `chart`
    the chart of the running revision is used. `sets` and `set_strings` are K=V in helm's grammar,
    `overlay` are values that were edited by hand. Later ones win: files, overlay, sets, strings.
    `timeout` is a Go duration; empty: that of the settings. `git` is the one work tree that holds
    the files without a deployment, `no_git` why it is not known.
    """

    mode: ValuesMode
    deployment: Deployment | None = None
    chart: ChartSource | None = None
    files: tuple[ValueFile, ...] = ()
    overlay: Mapping[str, Any] = field(default_factory=dict, repr=False)
    sets: tuple[str, ...] = field(default=(), repr=False)
    set_strings: tuple[str, ...] = field(default=(), repr=False)
    timeout: str = ""
    git: GitState | None = None
    no_git: str = ""

    @property
    def work_tree(self) -> GitState | None:
        """Where what is deployed is written down: the deployment's work tree, or the files'."""
        return self.deployment.git if self.deployment is not None else self.git


def given_sets(request: UpgradeRequest) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """All K=V, those of --set and those of --set-string, the deployment's first."""
    deployment = request.deployment
    return (
        (*(deployment.sets if deployment else ()), *request.sets),
        (*(deployment.set_strings if deployment else ()), *request.set_strings),
    )
