"""What helm makes of an edit's overlay: what is set, and what is taken away, in each mode."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from hubtui.model.overlay import changes
from tests.cluster.either_helm import either_helm as either_helm
from tests.cluster.small_release import NAME, SmallRelease


def rendered(small: SmallRelease, mode: str, overlay: dict[str, Any], folder: Path) -> str:
    """The mark that helm would deploy."""
    values = folder / "overlay.json"
    values.write_text(json.dumps(overlay))
    answer = small.run(
        *("upgrade", NAME, str(small.chart), "--dry-run=server", "-o", "json"),
        *(f"--{mode}-values", "-f", str(values)),
    )
    manifest: str = json.loads(answer.stdout)["manifest"]
    return manifest.split("mark: ")[1].split()[0].strip('"')


@pytest.mark.parametrize(
    ("mode", "after", "mark"),
    [
        ("reuse", {"mark": "mine"}, "mine"),
        ("reset-then-reuse", {"mark": "mine"}, "mine"),
        ("reset-then-reuse", {}, "one"),
        ("reuse", {}, "three"),
    ],
)
def test_what_an_edit_takes_away_goes_back_to_the_default_but_with_reuse_it_stays(
    small: SmallRelease, tmp_path: Path, mode: str, after: dict[str, Any], mark: str
) -> None:
    small.upgrade("three")
    overlay = changes({"mark": "three"}, after)
    assert rendered(small, mode, overlay, tmp_path) == mark
