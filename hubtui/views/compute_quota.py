"""A user's compute quotas in lines: used, limit, and when a server may start again."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from hubtui.model.compute_quota import ComputeQuota
from hubtui.views.cells import SIGN_UNKNOWN, Cell, Tone, cell, join
from hubtui.views.document import Hung, fact

NEARLY: Final = 0.9
"""Share of the limit from which on a quota stands out."""

_UNITS: Final = {"memory": (2**30, "GiB-h"), "cpu": (1, "cpu-h")}

Quotas = Sequence[ComputeQuota] | str
"""What was read, or why it was not."""


def quota_facts(quotas: Quotas) -> Iterator[Hung]:
    """A line for each policy that applies; none where the hub counts nothing."""
    if isinstance(quotas, str):
        yield fact("quota", cell(f"{SIGN_UNKNOWN} ({quotas})", Tone.MUTED))
        return
    for quota in quotas:
        yield fact("quota", _quota(quota))


def _quota(quota: ComputeQuota) -> Cell:
    size, unit = _UNITS[quota.resource]
    used = _amount(quota.used, size) if quota.exact else f"~{_amount(quota.used, size)}"
    limit = _amount(quota.limit, size)
    words = f"{quota.resource} {used} of {limit} {unit} in {quota.window} d"
    policy = cell(f"· {quota.group}" if quota.group not in ("", "none") else "", Tone.MUTED)
    if quota.exceeded:
        until = f"no server starts; one may again in {quota.window} d at the latest"
        return join(cell(words, Tone.NOW), cell(until, Tone.NOW), policy)
    near = quota.used is not None and quota.limit and quota.used >= NEARLY * quota.limit
    return join(cell(words, Tone.SOON if near else Tone.PLAIN), policy)


def _amount(value: float | None, size: int) -> str:
    return SIGN_UNKNOWN if value is None else f"{value / size:,.1f}".removesuffix(".0")
