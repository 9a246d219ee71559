"""Rolls the release back to an earlier revision, with the helm binary."""

from __future__ import annotations

from dataclasses import dataclass

from hubtui.model.plan import Plan


@dataclass(frozen=True, slots=True)
class RollbackRequest:
    """Which revision to go back to."""

    revision: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RollbackPlan(Plan):
    """A plan to roll back: `current` is the newest revision, `target` what is gone back to."""

    current: int
    target: int
