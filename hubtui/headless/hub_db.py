"""The shape of the hub's database in JSON."""

from __future__ import annotations

from hubtui.headless.shapes import Shape
from hubtui.model.age import rfc3339
from hubtui.model.hub_db import HubDb


def database(known: HubDb | None) -> Shape | None:
    """What is known of it; None where nobody has looked."""
    if known is None:
        return None
    setting, holding = known.setting, known.holding
    return {
        "kind": setting.kind.name.lower() if setting is not None else None,
        "url": (setting.url or None) if setting is not None else None,
        "values_size": (setting.size or None) if setting is not None else None,
        "claim": known.claim or None,
        "phase": known.phase or None,
        "expandable": known.expandable,
        "pod": known.pod or None,
        "node": known.node or None,
        "waits": holding.words if holding is not None else None,
        "copies": list(known.backups) if known.backups is not None else None,
        "complaints": [
            {"what": each.trouble.value, "line": each.line, "at": rfc3339(each.at)}
            for each in known.said
        ],
        "unread": {each.source: each.reason for each in known.missing},
    }
