"""The shapes of claims and disks in JSON: bytes and seconds as numbers, null for the unknown."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from hubtui.headless.events import shape as event_shape
from hubtui.headless.shapes import Shape
from hubtui.model import fullness
from hubtui.model.age import rfc3339, seconds_between
from hubtui.model.claims import Backing
from hubtui.model.disk import Figures
from hubtui.model.homes import Home
from hubtui.model.trend import Trend
from hubtui.services.storage import ClaimRow
from hubtui.views.storage_books import Books, Disk
from hubtui.views.storage_details import Around


def item(row: ClaimRow, books: Books, now: datetime) -> Shape:
    """One claim as a row; the figures of one on a shared disk are those of the disk."""
    return {
        "name": row.name,
        "kind": row.kind.value,
        "user": row.user or None,
        "server": row.server if row.user else None,
        "phase": fullness.phase_of(row.claim),
        "severity": books.part(row).severity.name.lower(),
        "storage_class": row.storage_class or None,
        "access_modes": list(row.claim.spec.access_modes),
        "size_bytes": row.size,
        "asked_bytes": row.asked,
        "volume": _volume(row.backing),
        "disk": row.disk or None,
        "figures": figures(row.figures),
        "unknown": row.why_not or None,
        "trend": trend(books.trend_of(row), now),
        "mounted_by": list(row.mounted_by),
        "created": rfc3339(row.created),
        "age_seconds": int(seconds_between(row.created, now)) if row.created else None,
        "last_used": rfc3339(now if row.mounted_by else row.last_used),
        "last_used_words": row.last_used_words,
    }


def disk(found: Disk, now: datetime) -> Shape:
    """One shared disk."""
    row = found.row
    return {
        "disk": row.disk,
        "name": found.name,
        "severity": found.severity.name.lower(),
        "driver": row.driver or None,
        "server": row.server or None,
        "path": row.path or None,
        "figures": figures(found.figures),
        "unknown": row.why_not if found.figures is None else None,
        "trend": trend(found.trend, now),
        "claims": list(row.claims),
        "kept_on": list(found.behind),
        "mounted_by": list(row.pods),
    }


def figures(found: Figures | None) -> Shape | None:
    """What was measured, who says so and when."""
    if found is None:
        return None
    return {
        "source": found.source.value,
        "by": found.by or None,
        "as_of": rfc3339(found.as_of),
        "capacity_bytes": found.capacity,
        "used_bytes": found.used,
        "available_bytes": found.available,
        "share": found.share,
        "inodes": found.inodes,
        "inodes_used": found.inodes_used,
        "inodes_free": found.inodes_free,
        "inode_share": found.inode_share,
        "doubt": found.doubt or None,
    }


def trend(found: Trend | None, now: datetime) -> Shape | None:
    """How fast a file system fills, and when it is full."""
    if found is None:
        return None
    left = seconds_between(now, found.full_at) if found.full_at is not None else None
    return {
        "bytes_per_day": int(found.per_day) if found.per_day is not None else None,
        "full_at": rfc3339(found.full_at),
        "full_in_seconds": int(left) if left is not None else None,
        "confidence": found.confidence.value,
        "window_seconds": int(found.window.total_seconds()),
        "words": found.words,
    }


def home(found: Home) -> Shape:
    """One home folder."""
    return {
        "directory": found.directory,
        "user": found.user or None,
        "size_bytes": found.size,
        "quota_bytes": found.quota,
        "bytes_per_day": int(found.grown_per_day) if found.grown_per_day is not None else None,
        "entries": found.entries,
        "last_change": rfc3339(found.last_change),
        "source": found.source.value,
        "as_of": rfc3339(found.as_of),
        "doubt": found.doubt or None,
    }


def detail(around: Around, pods: Sequence[str], now: datetime) -> Shape:
    """What there is to tell of one claim or disk alone."""
    events = around.events
    return {
        "trends": [trend(each, now) for each in around.trends],
        "trend_basis": around.basis or None,
        "pods": [
            {"name": name, "node": around.pods[name].spec.node_name or None}
            for name in pods
            if name in around.pods
        ],
        "homes": [home(each) for each in around.homes],
        "events": None if isinstance(events, str) else [event_shape(each) for each in events],
    }


def _volume(backing: Backing | None) -> Shape | None:
    if backing is None:
        return None
    return {
        "name": backing.volume,
        "phase": backing.phase or None,
        "driver": backing.driver or None,
        "server": backing.server or None,
        "path": backing.path or None,
        "handle": backing.handle or None,
        "reached_from": backing.where or None,
        "reclaim_policy": backing.reclaim or None,
        "expandable": backing.expandable,
    }
