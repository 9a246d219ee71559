"""The figures: what is measured, what is to be reached (design §9), and the table of both."""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from rich.table import Table

Figures = dict[str, list[float]]
"""By key of a measure: what each run gave."""


@dataclass(frozen=True, slots=True)
class Measure:
    """One line of the table; `reach` is the largest value that is good enough, `slow` with
    `--slow`, where that is another."""

    key: str
    title: str
    reach: float | None
    show: Callable[[float], str]
    slow: float | None = None

    def within(self, *, slow: bool) -> float | None:
        """What is to be reached, over SSH or not."""
        return self.slow if slow and self.slow is not None else self.reach


def _seconds(value: float) -> str:
    return f"{value:.2f} s"


def _millis(value: float) -> str:
    return f"{value * 1000:.0f} ms"


def _megabytes(value: float) -> str:
    return f"{value / 1e6:.0f} MB"


def _percent(value: float) -> str:
    return f"{value:.1f} %"


def _bytes(value: float) -> str:
    return f"{value:,.0f} B"


def _count(value: float) -> str:
    return f"{value:,.0f}"


def _few(value: float) -> str:
    return f"{value:.1f}"


def _rate(value: float) -> str:
    return f"{value:,.0f} B/s"


MEASURES = (
    Measure("first_frame", "process start → first frame", 0.5, _seconds),
    Measure("pods", "process start → all pods on screen", 1.5, _seconds),
    Measure("releases", "→ releases complete (k9s: from :helm)", 1.5, _seconds),
    Measure("memory", "resident memory, all loaded", 160e6, _megabytes),
    Measure("memory_main", "  of which the main process", None, _megabytes),
    Measure("idle_cpu", "idle: share of a core", 2.0, _percent),
    Measure("idle_bytes", "idle: bytes to the terminal", 100, _rate),
    Measure("key_p50", "key → painted, under churn, p50", None, _millis),
    Measure("key_p99", "key → painted, under churn, p99", 0.050, _millis, slow=0.100),
    Measure("change_p50", "pod changes → on screen, p50", None, _millis),
    Measure("change_max", "pod changes → on screen, slowest", 0.350, _millis, slow=0.700),
    Measure("upgrade_p50", "helm upgrade elsewhere → its row, p50", None, _millis),
    Measure("upgrade_max", "helm upgrade elsewhere → its row, slowest", 1.0, _millis),
    Measure("diff", "diff of two revisions → on screen", 0.5, _seconds),
    Measure("diff_live", "live diff → on screen", 1.5, _seconds),
    Measure("diff_large", "diff of two manifests of 133 kB", 0.5, _seconds),
    Measure("diff_key_p99", "key → painted, all of it unfolded, p99", 0.050, _millis, slow=0.100),
    Measure("log_key_p99", "key → painted, 5 logs of 200 lines/s, p99", 0.050, _millis, slow=0.100),
    Measure("plan", "plan of an upgrade → on screen", 3.0, _seconds),
    Measure("plan_json", "hubtui upgrade … --json, whole", 3.0, _seconds),
    Measure("row_bytes", "bytes for one changed visible row", 700, _bytes),
    Measure("churn_cpu", "under churn: share of a core", None, _percent),
    Measure("releases_cpu", "releases open: share of a core", None, _percent),
)

OF_A_HUB = (
    Measure("users_start", "process start → all servers on screen", 3.0, _seconds),
    Measure("users_key", "key 4 → all servers on screen", 3.0, _seconds),
    Measure("users_json", "hubtui users --json, whole", 3.0, _seconds),
    Measure("users_memory", "resident memory, pane open for a minute", None, _megabytes),
    Measure("users_cpu", "pane open: share of a core", None, _percent),
    Measure("users_key_p50", "key → painted, while the hub is read, p50", None, _millis),
    Measure("users_key_p99", "key → painted, while the hub is read, p99", 0.050, _millis),
    Measure("hub_pages", "pane open: pages asked for in a minute", None, _count),
    Measure("hub_at_once", "pane open: requests under way at most", 1, _count),
    Measure("hub_busy", "pane open: the hub's loop busy for us", 5.0, _percent),
    Measure("hub_alone", "hub alone: share of a core", None, _percent),
    Measure("hub_with_us", "pane open: the hub's share of a core", None, _percent),
    Measure("all_load", "A → 20,000 users on screen", None, _seconds),
    Measure("all_at_once", "  requests under way at most", 1, _count),
    Measure("all_page", "  longest page at the hub", None, _millis),
    Measure("all_pause", "  longest pause of hubtui's event loop", 0.100, _millis),
    Measure("all_work", "  longest work without a pause", 0.100, _millis),
    Measure("all_key_max", "  key → painted, slowest", 0.150, _millis),
    Measure("all_memory", "  resident memory", None, _megabytes),
    Measure("stop_plan", "plan of a stop of 1,000 servers", None, _seconds),
    Measure("cull_plan", "plan of a cull of all idle ones", None, _seconds),
    Measure("stop_all", "stop of 1,000 servers, whole", None, _seconds),
    Measure("stop_each", "  a server", None, _millis),
    Measure("stop_at_once", "  DELETE under way at most", 5, _count),
    Measure("stop_requests", "  requests to the hub for a server", None, _few),
)
"""On a hub of 5,000 users (issue 7)."""


def cell(measure: Measure, values: Sequence[float]) -> str:
    """The median, the span where runs differ, and ✗ where the reach is missed."""
    known = [value for value in values if not math.isnan(value)]
    if not known:
        return "not seen" if values else "–"
    middle = statistics.median(known)
    text = measure.show(middle)
    low, high = measure.show(min(known)), measure.show(max(known))
    if low != high:
        text += f" ({low} – {high})"
    if len(known) < len(values):
        text += f", {len(values) - len(known)} × not seen"
    return text


def verdict(measure: Measure, values: Sequence[float], *, slow: bool = False) -> str:
    """✓ reached, ✗ missed or not seen, nothing where there is nothing to reach."""
    reach = measure.within(slow=slow)
    if reach is None or not values:
        return ""
    known = [value for value in values if not math.isnan(value)]
    return "✓" if known == list(values) and statistics.median(known) <= reach else "✗"


def table(
    results: Mapping[str, Figures],
    title: str,
    *,
    slow: bool = False,
    measures: Sequence[Measure] = MEASURES,
) -> Table:
    """Measures, the reach (with `--slow` its own), and a column for each program; the first
    one is judged."""
    made = Table(title=title, title_justify="left", min_width=110)
    made.add_column("what")
    made.add_column("reach", justify="right")
    for number, name in enumerate(results):
        made.add_column(name, justify="right")
        if number == 0:
            made.add_column("")
    for measure in measures:
        reach = measure.within(slow=slow)
        row = [measure.title, "" if reach is None else measure.show(reach)]
        for number, figures in enumerate(results.values()):
            values = figures.get(measure.key, [])
            row.append(cell(measure, values))
            if number == 0:
                row.append(verdict(measure, values, slow=slow))
        made.add_row(*row)
    return made
