"""A rollback of a small release that is held in the middle, and what the journal has of it."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import pytest

from hubtui.services.journal import Entry, Journal
from tests.testbed.faults import Match

EITHER_HELM: Final = pytest.mark.parametrize("helm_major", [3, 4], ids=["helm3", "helm4"])
"""Once with helm 3 and once with helm 4."""

FINISHES: Final = Match(r"/secrets/sh\.helm\.release\.v1\.small\.v4$", method="PUT")
"""helm's last write: revision 4 gets its final status."""


def left(state: Path) -> Entry:
    """The one operation of the journal."""
    (entry,) = Journal(state).read().entries
    return entry
