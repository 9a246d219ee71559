"""The culler: it leaves idle servers alone, or takes what is in use."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Final

from hubtui.model.age import precise, short
from hubtui.model.hub import ServerKey
from hubtui.model.idle import CullRule, stops_from
from hubtui.model.kube import Pod
from hubtui.model.problem import Evidence, Fix, Incident, Level, Problem, Target, Verb
from hubtui.model.roles import Role, role_of
from hubtui.services.problems.signs import began_at, counted, earliest, named
from hubtui.services.problems.situation import HubSeen, Situation

SLACK: Final = 300.0
"""Seconds that a run of the culler may take: it stops ten at a time."""

REPORTED: Final = 330.0
"""Seconds after which a server in use has told of it: each 300 s ± 10 % (facts.md §3)."""

LONG: Final = 24 * 3600.0
MANY: Final = 10
"""So many servers idle for so long are worth a word where nothing is culled."""

CULLER: Final = re.compile(r"idle[-_]cull|\bcull(?:ing|er|ed)\b", re.IGNORECASE)
"""A line of the hub's log that is the culler's, or about it."""

_FAILS: Final = re.compile(r"exited with status|Traceback|Error\b|^\[[EC] ")


def find(seen: Situation) -> list[Problem]:
    """What is wrong with it: the settings before what they have done."""
    hub = seen.hub
    if hub is None or hub.cull is None:
        return []
    rule = CullRule.of_values({"cull": hub.cull})
    if not rule.known:
        return []
    if rule.off:
        return _off(seen, hub, rule)
    return [*_trap(seen, hub, rule), *_stay(seen, hub, rule)]


def leaves(hub: HubSeen, pods: Iterable[Pod], release: str) -> bool:
    """Whether its lines in the hub's log are worth reading."""
    if hub.cull is None:
        return False
    rule = CullRule.of_values({"cull": hub.cull})
    began = earliest(began_at(pod) for pod in pods if role_of(pod, release) is Role.HUB)
    return bool(_overdue(hub, rule, began)) or (rule.enabled and bool(rule.off))


def _overdue(hub: HubSeen, rule: CullRule, began: datetime | None) -> dict[ServerKey, datetime]:
    """The servers that a run should have stopped, since when they were to go.

    A culler begins with its hub: before it had the time for a whole round it is not late.
    """
    if began is None:
        return {}
    round_ = rule.every + SLACK
    found = {}
    for key, server in hub.servers.items():
        due = stops_from(server, rule)
        if due is not None and (hub.at - max(due[0], began)).total_seconds() >= round_:
            found[key] = due[0]
    return found


def _stay(seen: Situation, hub: HubSeen, rule: CullRule) -> list[Problem]:
    began = earliest(began_at(row.pod) for row in seen.of_role(Role.HUB) if row.state.up)
    late = _overdue(hub, rule, began)
    if not late:
        return []
    since = earliest(late.values())
    fails = any(_FAILS.search(line) for line in hub.culler or ())
    return [
        Problem(
            incident=Incident.CULLING,
            level=Level.SOON,
            title=f"The culler leaves {counted(len(late), 'idle server')} running",
            effect="Nodes stay for servers that nobody uses: it costs money, and room for others.",
            todo="The culler's lines in the hub's log say why it fails."
            if fails
            else "Restart the hub: its culler starts with it, and stops them at its first runs.",
            evidence=(*_late(seen, late, rule), *_lines(hub)),
            since=since,
            missing=seen.unread("culler"),
            targets=tuple(Target("server", str(key)) for key in late),
            fixes=(
                Fix(Verb.RESTART, Role.HUB.value, "restart the hub, and with it the culler"),
                Fix(Verb.LOGS, Role.HUB.value, "the hub's log, with the culler's lines"),
            ),
            subject="stays",
        )
    ]


def _late(
    seen: Situation, late: Mapping[ServerKey, datetime], rule: CullRule
) -> tuple[Evidence, ...]:
    worst = max(seen.seconds(since) for since in late.values())
    words = (
        f"{named(str(key) for key in late)}: past cull.timeout ({precise(rule.timeout)}) for up to "
        f"{short(worst)}, and the culler looks each {precise(rule.every)}"
    )
    return (Evidence("hub", words, earliest(late.values()), warning=True),)


def _lines(hub: HubSeen) -> tuple[Evidence, ...]:
    if hub.culler is None:
        return ()
    if not hub.culler:
        return (Evidence("log", "the end of the hub's log has no line of the culler"),)
    return tuple(
        Evidence("log", line, warning=bool(_FAILS.search(line))) for line in hub.culler[-3:]
    )


def _trap(seen: Situation, hub: HubSeen, rule: CullRule) -> list[Problem]:
    """Timeouts that stop what is in use."""
    asked = _asked(hub.cull)
    if not asked:
        title = f"cull.timeout is {_shown(asked)}, which is not off: the culler takes 10 minutes"
        todo = "To cull nothing set cull.enabled to false; else give it a timeout in seconds."
    elif rule.timeout < REPORTED:
        title = f"cull.timeout is {precise(rule.timeout)}: servers in use are stopped"
        todo = "Set it above 10 minutes: a server in use tells so each 5 minutes only."
    else:
        return []
    running = sum(server.ready for server in hub.servers.values())
    now = rule.timeout < REPORTED and running > 0
    back = seen.before_last_upgrade(None)
    rollback = (
        Fix(Verb.ROLLBACK, str(back.revision),
            f"back to revision {back.revision}, if the last upgrade brought this"),
    ) if back is not None else ()  # fmt: skip
    return [
        Problem(
            incident=Incident.CULLING,
            level=Level.NOW if now else Level.SOON,
            title=title,
            effect="Work that goes on is ended, and what is not saved is lost."
            if now
            else "Who thinks or reads for ten minutes comes back to a stopped server.",
            todo=f"{todo} Then upgrade.",
            evidence=(
                Evidence("values", f"cull.timeout: {_shown(asked)}", warning=True),
                Evidence("hub", f"{counted(running, 'server')} ready"),
            ),
            targets=(Target("release", seen.release),),
            fixes=(
                *rollback,
                Fix(Verb.LOGS, Role.HUB.value, "the hub's log, with the culler's lines"),
            ),
            subject="timeout",
        )
    ]


def _asked(cull: Mapping[str, Any] | None) -> object:
    return (cull or {}).get("timeout")


def _shown(asked: object) -> str:
    return "null" if asked is None else str(asked)


def _off(seen: Situation, hub: HubSeen, rule: CullRule) -> list[Problem]:
    """Nothing is culled, by the settings: worth a word when it is not meant so, or much is left."""
    idle = {
        key: server.last_activity
        for key, server in hub.servers.items()
        if server.ready
        and server.last_activity is not None
        and seen.seconds(server.last_activity) >= LONG
    }
    if not rule.enabled and len(idle) < MANY:
        return []
    words = f"{counted(len(idle), 'server')} idle for more than {short(LONG)}"
    todo = "Set cull.enabled if that is not meant so, or stop idle servers yourself."
    return [
        Problem(
            incident=Incident.CULLING,
            level=Level.SOON,
            title=f"Nothing is culled: {words if not rule.enabled else rule.off}",
            effect="Nodes stay for servers that nobody uses.",
            todo=todo if not rule.enabled else "Mend the value by an upgrade.",
            evidence=(
                Evidence("values", rule.off, warning=True),
                *([Evidence("hub", f"{words}: {named(map(str, idle))}")] if idle else []),
                *_lines(hub),
            ),
            since=earliest(idle.values()),
            targets=tuple(Target("server", str(key)) for key in idle),
            fixes=(Fix(Verb.LOGS, Role.HUB.value, "the hub's log, with the culler's lines"),),
            subject="off",
        )
    ]
