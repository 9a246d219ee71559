"""The status line is one line, whatever the width; what must be known is dropped last."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hubtui.views.cells import Tone, cell
from hubtui.views.headlines import Headline, strip_line
from hubtui.views.lines import width_of
from hubtui.views.status import StatusFacts, status_pieces

FACTS = StatusFacts(
    context="gke-eu-prod", namespace="hub", release="hub", chart="4.4.0", hub="5.5.0",
    revision=12, state=cell("●", Tone.FINE), age="3 d", now=1, soon=2, clock="14:03",
)  # fmt: skip


def words(facts: StatusFacts, width: int) -> str:
    return "".join(text for text, _ in status_pieces(facts, width))


@pytest.mark.parametrize(
    ("facts", "width", "left", "right"),
    [
        (
            FACTS,
            160,
            " hubtui  gke-eu-prod  hub › hub  z2jh 4.4.0 · hub 5.5.0 · rev 12 ● 3 d",
            "✗ 1 ▲ 2 problems 14:03 ",
        ),
        (
            replace(FACTS, read_only=True, running=("rollback to 11",)),
            100,
            " hubtui  gke-eu-prod  hub › hub  hub 5.5.0 · rev 12 ● 3 d",
            " READ-ONLY  ▸ 1 running ✗1 ▲2 14:03 ",
        ),
        (
            replace(FACTS, read_only=True),
            80,
            "hubtui  gke-eu-prod  hub › hub rev 12 ● 3 d",
            " READ-ONLY  ✗1 ▲2 14:03",
        ),
        (replace(FACTS, read_only=True), 40, " gke-eu-prod  hub r12 ●", " RO  ✗1 14:03"),
        (replace(FACTS, now=0, soon=1), 160, None, "▲ 1 problem 14:03 "),
        (replace(FACTS, now=0, soon=0), 160, None, "no problems 14:03 "),
        (replace(FACTS, now=None, soon=None, demo=True), 160, None, " DEMO  14:03 "),
        (replace(FACTS, alerts=3), 160, None, "✗ 1 ▲ 2 problems ▲ 3 alerts 14:03 "),
        (replace(FACTS, alerts=1, urgent=1), 80, None, "✗1 ▲2 a✗1 14:03"),
        (replace(FACTS, alerts=0), 160, None, "✗ 1 ▲ 2 problems 14:03 "),
        (replace(FACTS, alerts=1, urgent=1), 40, " gke-eu-prod  hub r12 ●", "14:03"),
        (StatusFacts(clock="14:03"), 80, "hubtui no cluster", "14:03"),
        (StatusFacts(context="dev", namespace="hub"), 80, "hubtui  dev  hub", ""),
    ],
)
def test_what_the_line_says(facts: StatusFacts, width: int, left: str | None, right: str) -> None:
    line = words(facts, width)
    assert len(line) == width
    assert left is None or line.startswith(left + "  ")
    assert line.endswith(" " + right) or not right


NAMES = st.text(alphabet="abcü日-", max_size=50)


@given(
    st.builds(
        StatusFacts, context=NAMES, namespace=NAMES, release=NAMES, chart=NAMES, hub=NAMES,
        revision=st.none() | st.integers(0, 10**6), age=st.sampled_from(["", "3 d"]),
        now=st.none() | st.integers(0, 999), soon=st.none() | st.integers(0, 999),
        alerts=st.none() | st.integers(0, 999), urgent=st.integers(0, 9),
        running=st.lists(NAMES, max_size=3).map(tuple), read_only=st.booleans(),
        demo=st.booleans(), clock=st.just("14:03"),
    ),
    st.integers(1, 200),
)  # fmt: skip
def test_the_line_never_wraps(facts: StatusFacts, width: int) -> None:
    assert width_of(status_pieces(facts, width)) == width


@pytest.mark.parametrize("width", [40, 80, 100, 160])
def test_read_only_and_the_clock_are_never_dropped(width: int) -> None:
    facts = replace(
        FACTS, context="arn:aws:eks:eu-central-1:123456789:cluster/prod", read_only=True,
        running=("rollback to 11", "rollback to 3"),
    )  # fmt: skip
    line = words(facts, width)
    assert "RO " in line or "READ-ONLY" in line
    assert "✗" in line
    assert line.rstrip().endswith("14:03")


HEADLINES = [
    Headline(1, "Releases", cell("r12 ●", Tone.FINE)),
    Headline(2, "Pods", (("333 ", Tone.PLAIN), ("✗3", Tone.NOW))),
    Headline(3, "Nodes", cell("41 seats")),
    Headline(5, "Storage", cell("94%", Tone.NOW)),
]


@pytest.mark.parametrize(
    ("width", "line"),
    [
        (80, "1 Releases r12 ●  2 Pods 333 ✗3  3 Nodes 41 seats  5 Storage 94%"),
        (60, "1 Rele r12 ●  2 Pods 333 ✗3  3 Node 41 seats  5 Stor 94%"),
        (46, "1 Rele  2 Pods 333 ✗3  3 Node  5 Stor 94%"),
        (40, "1 Rele  2 Pods 333 ✗3  3 Node  5 Stor"),
        (24, "1  2 Pods 333 ✗3  3  5"),
        (20, "1  2 Pods 333 ✗3  3…"),
    ],
)
def test_the_strip_keeps_the_shown_pane_and_what_is_wrong(width: int, line: str) -> None:
    cells, placed = strip_line(HEADLINES, 2, width)
    text = "".join(part for part, _ in cells)
    assert text.rstrip() == line
    assert width_of(cells) == width
    assert text[placed[1].start :].startswith("2 Pods")
