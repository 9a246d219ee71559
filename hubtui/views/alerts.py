"""Alerts as a table, the worst first, and one of them in full."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Final

from hubtui.model.age import age, precise
from hubtui.model.alerts import NAME, NAMESPACE, SEVERITY, Alert, Alerts, AlertState, counts_of
from hubtui.model.podstate import Severity
from hubtui.model.problem import Missing, Problem
from hubtui.model.units import text_of
from hubtui.views.cells import (
    SIGN_NOW,
    SIGN_PAST,
    SIGN_SOON,
    SIGN_WAITING,
    Cell,
    Tone,
    cell,
    join,
)
from hubtui.views.document import INDENT, Hung, fact, heading
from hubtui.views.evidence import missing_lines
from hubtui.views.table import Column

COLUMNS: Final = (
    Column("state", "STATE", 10, sortable=False),
    Column("since", "SINCE", 6, align="right", rank=1, sortable=False),
    Column("severity", "SEVERITY", 9, rank=3, sortable=False),
    Column("alert", "ALERT", 26, sortable=False),
    Column("what", "WHAT IT SAYS", 20, grow=True, sortable=False),
)
ASKING: Final = "Asking Prometheus for its alerts …"
NONE: Final = "No alert fires or is pending."

_LOOKS: Final[Mapping[Severity, tuple[str, Tone]]] = {
    Severity.NOW: (SIGN_NOW, Tone.NOW),
    Severity.SOON: (SIGN_SOON, Tone.SOON),
    Severity.WAITING: (SIGN_WAITING, Tone.WAITING),
    Severity.PAST: (SIGN_PAST, Tone.MUTED),
}


def rows(found: Alerts, now: datetime) -> Mapping[str, Sequence[Cell]]:
    """The alerts by key: the hub's own, then those of the whole cluster."""
    own = {alert.key: _cells(alert, now, wide=False) for alert in found.own}
    return own | {alert.key: _cells(alert, now, wide=True) for alert in found.wide}


def _cells(alert: Alert, now: datetime, *, wide: bool) -> Sequence[Cell]:
    sign, tone = _LOOKS[alert.level]
    says = cell(alert.summary or "–", Tone.PLAIN if alert.summary else Tone.MUTED)
    return (
        cell(f"{sign} {_state(alert)}", tone),
        cell(age(alert.since, now), Tone.MUTED),
        cell(alert.severity or "–", Tone.MUTED),
        cell(alert.name),
        join(cell("cluster:", Tone.MUTED), says) if wide else says,
    )


def _state(alert: Alert) -> str:
    if alert.silenced:
        return "silenced"
    return "inhibited" if alert.inhibited else alert.state.value


def headline(found: Alerts | None, missing: Sequence[Missing]) -> Cell:
    """How many the hub has, what the cluster has, and what is not shown."""
    if found is None:
        return cell("?", Tone.SOON) if missing else ()
    own, wide = counts_of(found.own), counts_of(found.wide)
    later = own.firing - own.now
    parts = [
        cell(f"{SIGN_NOW} {own.now} now", Tone.NOW) if own.now else (),
        cell(f"{SIGN_SOON} {later} firing", Tone.SOON) if later else (),
        cell(f"{SIGN_WAITING} {own.pending} pending", Tone.WAITING) if own.pending else (),
        cell(f"{SIGN_PAST} {own.quiet} quiet", Tone.MUTED) if own.quiet else (),
        cell(f"cluster: {wide.firing} firing", Tone.MUTED) if wide.firing else (),
    ]
    return join(*parts) if any(parts) else cell("none", Tone.MUTED)


def sentence(found: Alerts | None, missing: Sequence[Missing]) -> str:
    """What stands where no row is."""
    if found is None:
        told = "; ".join(f"{each.source} ({each.reason.rstrip('.')})" for each in missing)
        return f"Cannot be said: {told}." if told else ASKING
    return " ".join(filter(None, (NONE, elsewhere(found))))


def elsewhere(found: Alerts) -> str:
    """How many alerts of other namespaces are not shown; "" without any."""
    count = found.elsewhere
    if not count:
        return ""
    return f"{count:,} alert{'' if count == 1 else 's'} of other namespaces not shown."


def restrictions(found: Alerts | None, missing: Iterable[Missing]) -> list[str]:
    """What restricts the answer, as sentences."""
    told = [f"Not read: {each.source} ({each.reason})." for each in missing]
    return [*filter(None, [elsewhere(found) if found else ""]), *told]


def lines(
    alert: Alert, now: datetime, same: Problem | None = None, runbook_key: str = ""
) -> Iterator[Cell | Hung]:
    """One alert in full; `same` is the problem that is about the same, whose runbook the key
    opens."""
    sign, tone = _LOOKS[alert.level]
    since = f"· {age(alert.since, now)}" if alert.since else "· since when is not told"
    head = join(cell(f"{sign} {alert.name}: {_state(alert)}", tone), cell(since, Tone.MUTED))
    yield Hung(head, len(INDENT))
    for words in filter(None, (alert.summary, alert.description)):
        yield Hung(((INDENT, Tone.PLAIN), *cell(words)), len(INDENT))
    if same is not None:
        words = f"hubtui's own problem {same.incident}: {same.title}"
        opens = cell(f"· {runbook_key} opens its runbook", Tone.MUTED) if runbook_key else ()
        yield fact("the same as", join(cell(words, Tone.ACCENT), opens), width=11)
    yield fact("runbook", cell(alert.runbook or "none is linked", _known(alert.runbook)), width=11)
    yield from _quiet_lines(alert)
    yield from _rule_lines(alert)
    yield ()
    yield heading("Labels")
    for name, value in sorted(alert.labels.items()):
        if name not in (NAME, SEVERITY, NAMESPACE):
            yield fact(name, cell(value), width=22)


def _known(text: str) -> Tone:
    return Tone.PLAIN if text else Tone.MUTED


def _quiet_lines(alert: Alert) -> Iterator[Cell | Hung]:
    if alert.silenced:
        yield fact("silenced", cell(f"by {', '.join(alert.silenced)}", Tone.MUTED), width=11)
    if alert.inhibited:
        words = f"another alert tells the same ({len(alert.inhibited)})"
        yield fact("inhibited", cell(words, Tone.MUTED), width=11)


def _rule_lines(alert: Alert) -> Iterator[Cell | Hung]:
    value = text_of(alert.value, "short") if alert.value is not None else "not told"
    yield fact("value", cell(value, _known("" if alert.value is None else value)), width=11)
    rule = alert.rule
    if rule is None:
        yield fact("rule", cell("its expression was not read", Tone.MUTED), width=11)
        return
    yield fact("rule", cell(rule.expression), width=11)
    if lasting := rule.lasting.total_seconds():
        waits = " until it fires" if alert.state is AlertState.PENDING else ""
        yield fact("has to last", cell(precise(lasting) + waits), width=11)


def notes(found: Alerts | None, missing: Iterable[Missing]) -> Iterator[Cell | Hung]:
    """What restricts the answer."""
    if found is not None and (words := elsewhere(found)):
        yield ()
        yield cell(words, Tone.MUTED)
    yield from missing_lines(tuple(missing))
