"""Problems as rows and as a text, and Markdown as lines."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hubtui.model.problem import (
    Counts,
    Evidence,
    Fix,
    Incident,
    Level,
    Missing,
    Problem,
    Target,
    Verb,
    counts_of,
    worst_first,
)
from hubtui.services.problems.books import Book, Shelf
from hubtui.views.cells import Cell, plain
from hubtui.views.document import Hung
from hubtui.views.markdown import markdown_lines
from hubtui.views.problems import (
    COLUMNS,
    counts_cell,
    problem_cells,
    problem_lines,
    unread_words,
)
from hubtui.views.runbook import runbook_lines

NOW = datetime(2026, 11, 23, 14, 3, tzinfo=UTC)

STUCK = Problem(
    incident=Incident.PENDING_RELEASE,
    level=Level.NOW,
    title="Release hub is stuck",
    effect="No upgrade can start.",
    todo="Roll back.",
    evidence=(
        Evidence("release", "revision 3 is pending", NOW - timedelta(minutes=43), warning=True),
        Evidence("machine", "no helm seen from here"),
    ),
    since=NOW - timedelta(minutes=43),
    missing=(Missing("jobs", "no right to list jobs"),),
    targets=(Target("release", "hub"),),
    fixes=(Fix(Verb.ROLLBACK, "2", "roll back to revision 2"),),
)
SOON = Problem(incident=Incident.CORE, level=Level.SOON, title="x", effect="y", subject="proxy")


def text(lines: object) -> list[str]:
    assert isinstance(lines, list)
    return [plain(each.cell if isinstance(each, Hung) else each).rstrip() for each in lines]


def test_a_row_says_how_bad_since_when_and_what() -> None:
    cells = [plain(cell) for cell in problem_cells(STUCK, NOW)]
    assert cells == ["✗ now", "43 m", "pending-release", "Release hub is stuck"]
    assert len(cells) == len(COLUMNS)
    assert [plain(cell) for cell in problem_cells(SOON, NOW)][:2] == ["▲ soon", "?"]


def test_a_problem_is_told_with_its_key_evidence_and_what_is_missing() -> None:
    assert text(list(problem_lines(STUCK, NOW, {Verb.ROLLBACK: "r"}.__getitem__))) == [
        "✗ Release hub is stuck · 43 m",
        "  No upgrade can start.",
        "  Roll back.",
        "",
        "What starts from here",
        "  r   Roll back to revision 2 · hubtui rollback 2",
        "",
        "Evidence",
        "  release     revision 3 is pending 43 m ago",
        "  machine     no helm seen from here",
        "",
        "Not read",
        "  jobs               no right to list jobs",
    ]


def test_without_a_screen_the_command_stands_alone() -> None:
    lines = text(list(problem_lines(STUCK, NOW)))
    assert "  rollback    Roll back to revision 2 · hubtui rollback 2" in lines


def test_what_is_not_known_is_left_out_or_said() -> None:
    assert text(list(problem_lines(SOON, NOW))) == ["▲ x · since when is not known", "  y"]


@pytest.mark.parametrize(
    ("counts", "words"),
    [(Counts(1, 2), "✗ 1 now ▲ 2 soon"), (Counts(0, 1), "▲ 1 soon"), (Counts(0, 0), "none")],
)
def test_counts_in_words(counts: Counts, words: str) -> None:
    assert plain(counts_cell(counts)) == words


def test_the_worst_comes_first_and_all_are_counted() -> None:
    assert worst_first([SOON, STUCK]) == (STUCK, SOON)
    assert counts_of([SOON, STUCK]) == Counts(1, 1)
    assert STUCK.key != SOON.key


def test_what_could_not_be_looked_at_is_a_sentence() -> None:
    assert unread_words([]) == []
    assert unread_words([Missing("nodes", "no right to list nodes")]) == [
        "Not looked at: nodes (no right to list nodes)."
    ]


@pytest.mark.parametrize(
    ("fix", "command"),
    [
        (Fix(Verb.ROLLBACK, "11", ""), "hubtui rollback 11"),
        (Fix(Verb.RESTART, "hub", ""), "hubtui restart hub"),
        (Fix(Verb.DELETE_POD, "hub-1", "", force=True), "hubtui delete-pod hub-1 --force"),
        (Fix(Verb.LOGS, "hub", "", previous=True), "hubtui logs hub --previous"),
    ],
)
def test_a_fix_is_a_command_too(fix: Fix, command: str) -> None:
    assert fix.command == command


def markdown(source: str) -> list[str]:
    return text(list(markdown_lines(source)))


MARKDOWN = [
    ("# Title\n\nA line\nthat goes on.", ["Title", "", "A line that goes on."]),
    ("- one\n- two\n  - deeper", ["- one", "- two", "  - deeper"]),
    ("3. three\n4. four", ["3. three", "4. four"]),
    ("Do:\n\n    helm ls\n      -a\n", ["Do:", "", "  helm ls", "    -a"]),
    ("```sh\nls\n```", ["  ls"]),
    ("**bold** and `code` and *so*", ["bold and code and 'so'"]),
    ("[the wiki](https://wiki.example/x)", ["the wiki (https://wiki.example/x)"]),
    ("<https://wiki.example>", ["https://wiki.example"]),
    ("![plan](plan.png)", ["[image plan: plan.png]"]),
    ("| a | b |\n|---|---|\n| 1 | 2 |", ["  a · b", "  1 · 2"]),
    ("<script>alert(1)</script>", ["<script>alert(1)</script>"]),
    ("> careful\n\nthen", ["careful", "", "then"]),
    ("[red]not markup[/red]", ["[red]not markup[/red]"]),
    ("- a\n\n      code\n- b", ["- a", "    code", "- b"]),
    ("a\tb", ["a b"]),
    ("", []),
]


@pytest.mark.parametrize(("source", "lines"), MARKDOWN, ids=[case[0][:20] for case in MARKDOWN])
def test_markdown_is_read_as_text(source: str, lines: list[str]) -> None:
    assert markdown(source) == lines


@given(st.text(alphabet=st.characters(codec="utf-8"), max_size=300))
def test_no_control_character_gets_through(source: str) -> None:
    for line in markdown_lines(source):
        found: Cell = line.cell if isinstance(line, Hung) else line
        for part, _ in found:
            assert not any(ord(c) < 32 or 127 <= ord(c) < 160 for c in part)


def test_ones_own_runbook_stands_under_its_name_before_ours() -> None:
    shelf = Shelf((Book("# Call Ana", "ops/stuck.md"), Book("# Stuck")), note="Not all is read.")
    assert text(list(runbook_lines(shelf))) == [
        "Not all is read.",
        "",
        "── ops/stuck.md ──",
        "",
        "Call Ana",
        "",
        "── Runbook of hubtui ──",
        "",
        "Stuck",
    ]
