"""The helm command that is the same as an upgrade: with the names of files, without secrets."""

from __future__ import annotations

import shlex
from typing import Final

from hubtui.clients.cluster_flags import helm_command
from hubtui.clients.helm_upgrade import typed_words, value_flag
from hubtui.model import strvals
from hubtui.model.deployment import ChartKind
from hubtui.model.redact import MASK, Redactor
from hubtui.model.text import one_line
from hubtui.services.actions import ActionSession
from hubtui.services.actions.upgrade_facts import UpgradeFacts
from hubtui.services.actions.upgrade_request import given_sets

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
    sets, set_strings = given_sets(request)
    flags = [value_flag(file) for file in facts.rests.gathered.files]
    flags += ["-f EDITED-VALUES"] if request.overlay else []
    flags += [f"--set {assignment(text, redactor, strings=False)}" for text in sets]
    texts = (assignment(text, redactor, strings=True) for text in set_strings)
    return flags + [f"--set-string {text}" for text in texts]


def assignment(text: str, redactor: Redactor, *, strings: bool) -> str:
    """K=V as it was typed; only the first name of one that sets anything that may be secret."""
    document = strvals.assigned({}, text, strings)
    if redactor.mask((), document) == document:
        return shlex.quote(text)
    return f"{shlex.quote(one_line(text.partition('=')[0]))}={MASK}"
