"""History and saved queries: bounded, for their owner only, and no more than a comfort."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from hubtui.services import queries_kept
from hubtui.services.queries_kept import KeptQueries


def again(kept: KeptQueries) -> KeptQueries:
    """As the next program reads it."""
    found = KeptQueries(kept.path.parent)
    found.read()
    return found


def test_what_was_asked_is_there_once_the_latest_last(tmp_path: Path) -> None:
    kept = KeptQueries(tmp_path / "state")
    for promql in ("a", "b", "b", "a", ""):
        kept.ask(promql)
    assert kept.asked == again(kept).asked == ("b", "a")
    assert stat.S_IMODE(kept.path.stat().st_mode) == 0o600
    assert stat.S_IMODE(kept.path.parent.stat().st_mode) == 0o700


def test_a_saved_query_is_replaced_and_forgotten_by_its_name(tmp_path: Path) -> None:
    kept = KeptQueries(tmp_path)
    kept.save("spawns\x1b", "a")
    kept.save("up", "b")
    kept.save("up", "c")
    assert again(kept).saved == {"spawns\\x1b": "a", "up": "c"}
    kept.forget("up")
    assert again(kept).saved == {"spawns\\x1b": "a"}
    assert again(kept).asked == ()


def test_the_file_stays_small_and_keeps_what_is_saved_and_the_latest(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queries_kept, "MOST_BYTES", 4_000)
    kept = KeptQueries(tmp_path)
    kept.save("mine", "up")
    other = again(kept)
    for number in range(200):
        kept.ask(f"metric_{number}")
    other.save("theirs", "down")
    assert kept.path.stat().st_size <= 4_000
    found = again(kept)
    assert found.saved == {"mine": "up", "theirs": "down"}
    assert found.asked[-1] == "metric_199"
    assert 10 < len(found.asked) < 200


@pytest.mark.parametrize("spoiled", [b"\xff\xfe{", b'{"at": 1}\n[]\n', b'{"promql": "x'])
def test_broken_lines_cost_themselves(tmp_path: Path, spoiled: bytes) -> None:
    kept = KeptQueries(tmp_path)
    kept.ask("up")
    with kept.path.open("ab") as file:
        file.write(spoiled)
    found = again(kept)
    assert found.asked == ("up",)
    found.ask("down")
    assert again(found).asked == ("up", "down")


def test_a_folder_that_cannot_be_written_costs_the_history_only(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    kept = KeptQueries(tmp_path / "file")
    kept.read()
    kept.ask("up")
    assert kept.asked == ("up",)
    assert "cannot be written: " in kept.missing
