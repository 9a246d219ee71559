"""The helm command that is the same as an upgrade: with the names of files, without secrets."""

from __future__ import annotations

import shlex
from typing import Any, Final

from hubtui.clients.cluster_flags import helm_command
from hubtui.clients.helm_upgrade import typed_words, value_flag
from hubtui.model.deployment import ChartKind
from hubtui.model.redact import MASK, Redactor
from hubtui.services.actions import ActionSession
from hubtui.services.actions.upgrade_facts import UpgradeFacts

_VALUES: Final = "VALUES"
"""Stands for the flags of the values, which may need a shell's own words."""


def command(session: ActionSession, facts: UpgradeFacts) -> str:
    """For somebody's own terminal. Values that were edited by hand have no file: they are named as
    one, in capitals."""
    upgrade = facts.upgrade
    running = upgrade.chart.kind is ChartKind.RUNNING
    chart = f"CHART-OF-{facts.facts.current.head.revision}" if running else upgrade.chart.reference
    words = typed_words(upgrade, chart, [_VALUES])
    flags = " ".join(_given(facts))
    whole = helm_command(session.settings, session.context, words)
    return whole.replace(f" {_VALUES}", f" {flags}" if flags else "", 1)


def _given(facts: UpgradeFacts) -> list[str]:
    request, redactor = facts.request, facts.facts.redactor
    deployment = request.deployment
    sets = (*(deployment.sets if deployment else ()), *request.sets)
    strings = (*(deployment.set_strings if deployment else ()), *request.set_strings)
    flags = [value_flag(file) for file in facts.rests.gathered.files]
    flags += ["-f EDITED-VALUES"] if request.overlay else []
    flags += [f"--set {_assignment(text, redactor)}" for text in sets]
    return flags + [f"--set-string {_assignment(text, redactor)}" for text in strings]


def _assignment(text: str, redactor: Redactor) -> str:
    """K=V as it was typed; of one that looks secret, or holds several, only the name."""
    key, _, value = text.partition("=")
    masked: Any = redactor.mask(key.split("."), value)
    return shlex.quote(text) if masked == value and "," not in value else f"{key}={MASK}"
