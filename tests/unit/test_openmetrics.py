"""OpenMetrics text that the official parser takes, whatever stands in labels and values."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client.openmetrics import parser

from hubtui.model.openmetrics import Family, Gauge, text

COMMON = {"namespace": "hub", "release": "hub"}


def parsed(written: str) -> list[Any]:
    read: Any = parser.text_string_to_metric_families
    return list(read(written))


@given(
    st.text(st.characters(codec="utf-8", exclude_characters="\r")),
    st.text(st.characters(codec="utf-8", exclude_characters="\r")),
    st.floats(allow_nan=False),
)
def test_what_is_written_is_read_again(label: str, meaning: str, value: float) -> None:
    family = Family("disk_used_ratio", f"<{meaning}>", (Gauge(value, {"disk": label}),), "ratio")
    (found,) = parsed(text([family], COMMON))
    (sample,) = found.samples
    assert (found.name, found.type, found.unit) == ("hubtui_disk_used_ratio", "gauge", "ratio")
    assert found.documentation == f"<{meaning}>"
    assert (sample.labels, sample.value) == ({**COMMON, "disk": label}, value)


def test_it_ends_with_eof_and_leaves_out_what_is_not_known() -> None:
    known = Family("seats", "Seats.", (Gauge(3, {}), Gauge(math.nan, {"profile": "x"})))
    written = text([Family("orphans", "Orphans.", ()), known], COMMON)
    assert written.splitlines() == [
        "# TYPE hubtui_seats gauge",
        "# HELP hubtui_seats Seats.",
        'hubtui_seats{namespace="hub",release="hub"} 3',
        'hubtui_seats{namespace="hub",release="hub",profile="x"} NaN',
        "# EOF",
    ]
    assert text([], COMMON) == "# EOF\n"


@pytest.mark.parametrize(
    "family",
    [
        Family("seats-left", "?", (Gauge(1, {}),)),
        Family("seats", "?", (Gauge(1, {"per-node": "x"}),)),
        Family("time_to_full", "?", (Gauge(1, {}),), "seconds"),
    ],
)
def test_a_name_that_the_format_does_not_allow_is_refused(family: Family) -> None:
    with pytest.raises(ValueError, match=r"name|unit"):
        text([family], COMMON)
