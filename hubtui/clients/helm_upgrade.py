"""The arguments of `helm upgrade`: for what hubtui starts, and for somebody's own terminal.

Never with --wait: on a LoadBalancer without an address helm then calls a good release failed, and
never with --install or --atomic: what is not there is not upgraded, and the way back is chosen by
people (design §3).
"""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from hubtui.clients.helm_argv import DRY_RUN, STDIN
from hubtui.model.deployment import ChartKind, ChartSource, ValueFile, ValuesMode

MODE_FLAGS: Final = {
    ValuesMode.RESET: "--reset-values",
    ValuesMode.REUSE: "--reuse-values",
    ValuesMode.RESET_THEN_REUSE: "--reset-then-reuse-values",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Upgrade:
    """One upgrade. `history` is what --history-max says, `timeout` a Go duration; `chart` names
    what is there to be read: a chart of the running revision has been unpacked."""

    release: str
    namespace: str
    chart: ChartSource
    mode: ValuesMode
    history: int
    timeout: str
    description: str = ""

    @property
    def dry_run(self) -> list[str]:
        """The arguments that ask the server, and change nothing; values come on stdin."""
        return [*self._words(), "--values", STDIN, DRY_RUN, "-o", "json"]

    @property
    def words(self) -> list[str]:
        """The arguments that write; values come on stdin."""
        described = ["--description", self.description] if self.description else []
        return [*self._words(), "--values", STDIN, "--cleanup-on-fail", *described]

    def _words(self) -> list[str]:
        return [
            *("upgrade", self.release, self.chart.reference, "--namespace", self.namespace),
            *_of_chart(self.chart),
            MODE_FLAGS[self.mode],
            *("--history-max", str(self.history), "--timeout", self.timeout),
        ]


def typed_words(upgrade: Upgrade, chart: str, given: Sequence[str]) -> list[str]:
    """The arguments for a terminal but for values: `chart` is what names it there, `given` the
    flags that bring the values."""
    return [
        *("upgrade", upgrade.release, chart, "--namespace", upgrade.namespace),
        *_of_chart(upgrade.chart),
        *given,
        MODE_FLAGS[upgrade.mode],
        *("--history-max", str(upgrade.history), "--timeout", upgrade.timeout),
        "--cleanup-on-fail",
    ]


def value_flag(file: ValueFile) -> str:
    """How a shell hands helm a file of values; an encrypted one is decrypted on the way."""
    path = shlex.quote(file.path)
    return f"-f <(sops decrypt {path})" if file.encrypted else f"-f {path}"


def _of_chart(chart: ChartSource) -> list[str]:
    if chart.kind not in (ChartKind.REPOSITORY, ChartKind.OCI):
        return []  # helm takes no notice of a version of a chart that is on the disk
    version = ["--version", chart.version] if chart.version else []
    repository = ["--repo", chart.repository] if chart.repository else []
    return [*version, *repository]
