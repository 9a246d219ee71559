"""What happened to a release, in words that claim no more than Helm stores."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from hubtui.model.release import RevisionHead, Status
from hubtui.model.trail import What, pair_of, rollback_target, trail

NOW = datetime(2026, 11, 23, 14, 0, tzinfo=UTC)

History = list[tuple[int, str, str]]


def heads(history: History) -> list[RevisionHead]:
    return [
        RevisionHead("hub", number, Status(status), "hub", NOW - timedelta(minutes=43), None,
                     f"v{number}", f"uid-{number}", "1")
        for number, status, _ in reversed(history)
    ]  # fmt: skip


def told(history: History, *, helm_here: bool = False) -> list[str]:
    words = {number: description for number, _, description in history}
    return [each.sentence for each in trail(heads(history), words, NOW, helm_here=helm_here)]


UP, TO_10 = "Upgrade complete", "Rollback to 10"
CASES: list[tuple[str, History, list[str]]] = [
    ("all is well", [(1, "superseded", "Install complete"), (2, "deployed", UP)], []),
    (
        "failed and rolled back",
        [(10, "superseded", UP), (11, "failed", "timed out"), (12, "deployed", TO_10)],
        ["11 failed, 12 rolled back to 10: compare 10 with 11"],
    ),
    (
        "failed, and nothing since",
        [(10, "deployed", UP), (11, "failed", "timed out")],
        ["11 failed, 10 stays deployed: compare 10 with 11"],
    ),
    (
        "failed and mended",
        [(10, "superseded", UP), (11, "failed", "no"), (12, "deployed", UP)],
        ["11 failed, 12 was applied after it: compare 10 with 11"],
    ),
    (
        "failed twice",
        [(10, "deployed", UP), (11, "failed", "no"), (12, "failed", "no")],
        [
            "12 failed, 10 stays deployed: compare 10 with 12",
            "11 failed, and 12 after it: compare 10 with 11",
        ],
    ),
    (
        "rolled back from one that was deployed",
        [(10, "superseded", UP), (11, "superseded", UP), (12, "deployed", TO_10)],
        ["12 rolled back to 10, from 11: compare 10 with 11"],
    ),
    (
        "rolled back to the same",
        [(10, "superseded", UP), (11, "deployed", TO_10)],
        ["11 put 10 back in place"],
    ),
    (
        "rolled back to one that is pruned",
        [(11, "superseded", UP), (12, "deployed", "Rollback to 3")],
        ["12 rolled back to 3, from 11"],
    ),
    (
        "pending",
        [(10, "deployed", UP), (11, "pending-upgrade", "Preparing upgrade")],
        ["11 is pending (upgrade) for 43 m, no helm seen from here: compare 10 with 11"],
    ),
    (
        "interrupted",
        [(10, "superseded", UP), (11, "pending-upgrade", ""), (12, "deployed", TO_10)],
        ["11 (upgrade) never ended, 12 came after it: compare 10 with 11"],
    ),
    (
        "a rollback that failed while it applied",
        [(10, "superseded", UP), (11, "superseded", UP), (12, "failed", TO_10)],
        [
            "no revision is deployed: what the cluster holds is a part of two",
            "12, a rollback to 10, failed: compare 11 with 12",
        ],
    ),
    ("the first install failed", [(1, "failed", "no")], ["1 failed"]),
    ("no revision at all", [], []),
]


@pytest.mark.parametrize(
    ("history", "said"), [case[1:] for case in CASES], ids=[c[0] for c in CASES]
)
def test_what_happened_is_told_with_its_pair(history: History, said: list[str]) -> None:
    assert told(history) == said


def test_a_helm_that_runs_here_is_said() -> None:
    history = [(10, "deployed", UP), (11, "pending-rollback", "")]
    assert told(history, helm_here=True) == [
        "11 is pending (rollback) for 43 m, helm runs here: compare 10 with 11"
    ]


def test_the_cause_of_a_rollback_is_not_claimed() -> None:
    history = [(10, "superseded", UP), (11, "failed", "x"), (12, "deployed", TO_10)]
    assert not {"atomic", "automatic"} & set(" ".join(told(history)).split())


def test_what_is_not_known_yet_is_not_told() -> None:
    history = [(10, "superseded", ""), (11, "failed", ""), (12, "deployed", "")]
    found = trail(heads(history), {}, NOW)
    assert [each.what for each in found] == [What.FAILED]
    assert pair_of(found, 11) == (10, 11)
    assert pair_of(found, 12) is None


@pytest.mark.parametrize(
    ("words", "target"),
    [("Rollback to 10", 10), ("Rollback to 10 and more", None), ("rolled back", None), ("", None)],
)
def test_only_helms_own_words_name_a_target(words: str, target: int | None) -> None:
    assert rollback_target(words) == target
