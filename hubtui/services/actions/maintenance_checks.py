"""What is looked at before a maintenance, and what users are told of it."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from hubtui.model import announcement
from hubtui.model.age import age, precise
from hubtui.model.hub_scopes import OPERATOR
from hubtui.model.plan import Check, Text
from hubtui.services.actions import stop_checks
from hubtui.services.actions.common import counted, ok, warn
from hubtui.services.actions.maintenance_facts import ACTIVE, Chosen, is_active
from hubtui.services.actions.stop_facts import named


def checks(chosen: Chosen) -> tuple[Check, ...]:
    """All checks of a maintenance."""
    facts, servers = chosen.facts, list(chosen.servers)
    uses = OPERATOR if chosen.request.spawn_check else stop_checks.STOPS
    what = "start and stop servers" if chosen.request.spawn_check else "stop servers"
    found = (
        stop_checks.servers(servers, facts.now, "there is no server to stop"),
        _resumed(chosen),
        _in_use(chosen),
        stop_checks.excluded(chosen.left),
        _new_spawns(chosen),
        _canary(chosen),
        stop_checks.scope(facts.caller, uses, what),
    )
    return tuple(check for check in found if check)


def notices(chosen: Chosen) -> tuple[str, ...]:
    """What users notice, and that nobody is told by hubtui."""
    told = stop_checks.notices(list(chosen.servers), chosen.facts.now)
    service = announcement.service(chosen.values)
    how = f"the hub's service {service} takes it" if service else "the hub shows it with the values"
    return (*told, f"Nobody is told by hubtui: {how}, both below.")


def texts(chosen: Chosen) -> tuple[Text, ...]:
    """The announcement in Markdown, and as values of the release."""
    text = announcement.markdown(chosen.request.message, len(chosen.servers))
    place = announcement.place(chosen.values)
    return (
        Text("For the announcement, in Markdown", text),
        Text(
            f"The same as values ({'.'.join(place)}), which hubtui does not change by itself",
            announcement.snippet((*chosen.path, *place), text),
        ),
    )


def _resumed(chosen: Chosen) -> Check | None:
    before = chosen.before
    if before is None:
        return None
    when = age(before.at, chosen.facts.now)
    words = f"goes on with the maintenance of {when} ago by {before.who}"
    return ok("goes on", f"{words}: {len(before.done):,} of {len(before.targets):,} are through")


def _in_use(chosen: Chosen) -> Check:
    name, span = "in use", precise(ACTIVE)
    if not chosen.active:
        return ok(name, f"no activity in the last {span}, as far as the hub knows")
    using = [each for each in chosen.servers if is_active(each, chosen.facts.now)]
    which = named((each.key for each in using), 3)
    words = f"{counted(chosen.active, 'server')} with activity in the last {span}: {which}"
    details = tuple(stop_checks.line(each, chosen.facts.now) for each in using)
    return replace(warn(name, f"{words}; they are stopped, too, and last"), details=details)


_NO_NEW: Final = (
    "the hub's API cannot keep users from starting servers meanwhile; hub.activeServerLimit: 1 "
    "in the values does, while one runs (an upgrade restarts the hub, servers run on)"
)


def _new_spawns(chosen: Chosen) -> Check:
    hub = chosen.values.get("hub")
    limit = hub.get("activeServerLimit") if isinstance(hub, dict) else None
    running = len(chosen.facts.servers)
    if isinstance(limit, int) and 0 < limit <= running:
        words = f"hub.activeServerLimit is {limit} and {running:,} run: new ones are refused"
        return ok("new spawns", words)
    return warn("new spawns", _NO_NEW)


def _canary(chosen: Chosen) -> Check | None:
    name = chosen.request.spawn_check
    if not name:
        return None
    return ok("spawn check", f"a server of {name} at the end, if they have none by then")
