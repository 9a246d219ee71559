"""The commands of plots, dashboards and the PromQL line."""

from __future__ import annotations

from hubtui.tui.command import Command

OF_METRICS: tuple[Command, ...] = (
    *(
        Command(
            f"range-{hours}", (key,), f"Last {words}", f"Plot the last {words}", "Plots",
            ("plot", "dashboard"), footer="range", weight=72, call=f"range({hours})",
        )
        for key, hours, words in (
            ("1", 1, "hour"), ("6", 6, "6 hours"), ("d", 24, "day"), ("7", 168, "7 days"),
        )
    ),
    *(
        Command(
            f"cursor-{name}", (key,), title, f"{title}: the values of all lines there", "Plots",
            ("plot",), footer="cursor" if name in ("left", "right") else "", weight=71,
            palette=False, call=f"cursor({by})",
        )
        for name, key, title, by in (
            ("left", "left", "The cursor to the left", -1),
            ("right", "right", "The cursor to the right", 1),
            ("far-left", "shift+left", "The cursor far to the left", -10),
            ("far-right", "shift+right", "The cursor far to the right", 10),
        )
    ),
    Command(
        "zoom-in", ("z", "plus"), "Zoom in", "Half the time, around the cursor", "Plots",
        ("plot", "dashboard"), footer="zoom", weight=63,
    ),
    Command(
        "zoom-out", ("Z", "minus"), "Zoom out", "Twice the time", "Plots", ("plot", "dashboard"),
        footer="zoom", weight=63,
    ),
    Command(
        "compare-next", ("n",), "Compare", "The next metric beside this one, or none", "Plots",
        ("plot",), footer="compare", weight=62, call="compare(1)",
    ),
    Command(
        "compare-previous", ("N",), "Compare back", "The metric before beside this one, or none",
        "Plots", ("plot",), footer="compare", weight=62, call="compare(-1)",
    ),
    Command(
        "dashboards", ("D",), "Dashboards", "Grafana's dashboards, of ConfigMaps, a Grafana, a "
        "folder or a file", "Dashboards", ("metrics",), footer="dashboards", weight=55,
    ),
    Command(
        "import", ("i",), "Open a file", "Open a dashboard by its file or address", "Dashboards",
        ("dashboards",), footer="open a file or address", weight=62,
    ),
    Command(
        "zoom-panel", ("enter",), "Whole panel", "Plot the panel on the whole screen, show all of "
        "its table, or fold the row", "Dashboards", ("grid",), footer="whole panel", weight=73,
    ),
    *(
        Command(
            f"side-{name}", (name, key), f"Panel on the {name}", f"To the panel on the {name}",
            "Dashboards", ("grid",), palette=False, call=f"side({by})",
        )
        for name, key, by in (("left", "h", -1), ("right", "l", 1))
    ),
    Command(
        "variables", ("v",), "Variables", "Choose the values of the dashboard's variables",
        "Dashboards", ("dashboard",), footer="variables", weight=62,
    ),
    Command(
        "earlier", ("less_than_sign",), "Earlier", "Half a window earlier", "Dashboards",
        ("dashboard",), footer="earlier, later", weight=57, call="shift(-1)",
    ),
    Command(
        "later", ("greater_than_sign",), "Later", "Half a window later", "Dashboards",
        ("dashboard",), footer="earlier, later", weight=57, call="shift(1)",
    ),
    Command(
        "own-time", ("t",), "Its own time", "The time that the dashboard itself says", "Dashboards",
        ("dashboard",), footer="its own time", weight=31,
    ),
    Command(
        "report", ("i",), "Import report", "What of the dashboard is not shown as Grafana shows it",
        "Dashboards", ("dashboard",), footer="import report", weight=61,
    ),
    Command(
        "keep-place", ("enter",), "Open", "Open what is typed", "Dashboards", ("import",),
        footer="open", weight=70, palette=False,
    ),
    Command(
        "drop-place", ("escape",), "Cancel", "Open nothing and go back", "Dashboards", ("import",),
        footer="cancel", weight=75, palette=False,
    ),
    Command(
        "keep-value", ("enter",), "Take", "Take what is typed as the value", "Dashboards",
        ("value",), footer="take", weight=70, palette=False,
    ),
    Command(
        "drop-value", ("escape",), "Cancel", "Leave the value as it is", "Dashboards", ("value",),
        footer="cancel", weight=75, palette=False,
    ),
    Command(
        "ask-query", ("enter",), "Ask", "Ask Prometheus the query", "PromQL", ("promql-line",),
        footer="ask", weight=74, palette=False,
    ),
    Command(
        "take-offer", ("tab",), "Take", "Take the word that is offered; without one, to the answer",
        "PromQL", ("promql-line",), footer="take, next word", weight=73, palette=False,
    ),
    Command(
        "next-offer", ("shift+tab",), "Next word", "Offer the next of the words that fit", "PromQL",
        ("promql-line",), footer="take, next word", weight=73, palette=False,
    ),
    Command(
        "older-query", ("up",), "Earlier query", "Bring the query back that was asked before",
        "PromQL", ("promql-line",), footer="earlier queries", weight=72, palette=False,
    ),
    Command(
        "newer-query", ("down",), "Later query", "Bring the query back that was asked after it",
        "PromQL", ("promql-line",), footer="earlier queries", weight=72, palette=False,
    ),
    Command(
        "keep-query", ("ctrl+s",), "Save the query", "Save the query under a name", "PromQL",
        ("promql-line",), footer="save the query", weight=62, palette=False,
    ),
    Command(
        "queries", ("ctrl+l",), "Queries", "Saved queries, hubtui's own questions, and what was "
        "asked before", "PromQL", ("promql", "promql-line"), footer="queries", weight=63,
    ),
    Command(
        "leave-query", ("escape",), "Back", "End the query that is waited for, or go back",
        "PromQL", ("promql-line",), footer="back", weight=75, palette=False,
    ),
    Command(
        "plot-query", ("r",), "Over a time", "Plot the query over an hour, 6 hours, a day or 7 "
        "days", "PromQL", ("promql",), footer="plot over a time", weight=71,
    ),
    Command(
        "forget-query", ("x",), "Forget", "Forget the saved query", "PromQL", ("queries",),
        footer="forget", weight=50,
    ),
)  # fmt: skip
