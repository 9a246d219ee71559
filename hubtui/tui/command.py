"""What a command is, and which commands are live together."""

from __future__ import annotations

from dataclasses import dataclass

PANES: tuple[tuple[int, str], ...] = (
    (1, "releases"),
    (2, "pods"),
    (3, "nodes"),
    (4, "users"),
    (5, "storage"),
    (6, "metrics"),
)
"""The panes, by number."""


@dataclass(frozen=True, slots=True)
class Command:
    """Something an operator can do with a key.

    `scopes` says which class binds it: "app", "screen" (each of them), "panes" (the overview),
    "panes-rows" (each pane), "table" and "text" (what a live table does by itself, with rows or
    with a text), or a pane or screen by name. `footer` are its words there, "" keeps it out; the
    lowest `weight` is cut first. A `danger` changes the cluster: it is dimmed in read-only mode
    and always goes through a plan.
    """

    id: str
    keys: tuple[str, ...]
    title: str
    help: str
    group: str
    scopes: tuple[str, ...]
    footer: str = ""
    weight: int = 0
    danger: bool = False
    palette: bool = True
    priority: bool = False
    call: str = ""

    @property
    def action(self) -> str:
        """The Textual action, by default the id: `next-pane` calls `action_next_pane`."""
        return self.call or self.id.replace("-", "_")


LAYERS: dict[str, tuple[str, ...]] = {
    "releases": ("app", "screen", "panes", "panes-rows", "table", "releases"),
    "pods": ("app", "screen", "panes", "panes-rows", "table", "pods"),
    "nodes": ("app", "screen", "panes", "panes-rows", "table", "nodes"),
    "users": ("app", "screen", "panes", "panes-rows", "table", "users"),
    "storage": ("app", "screen", "panes", "panes-rows", "table", "storage"),
    "metrics": ("app", "screen", "panes", "panes-rows", "table", "metrics"),
    "metric": ("app", "screen", "text", "details", "metric"),
    "plot": ("app", "screen", "plot"),
    "sources": ("app", "screen", "table", "sources"),
    "source": ("app", "screen", "text", "sources"),
    "user": ("app", "screen", "text", "details", "user"),
    "node": ("app", "screen", "text", "details", "node"),
    "claim": ("app", "screen", "text", "details", "claim"),
    "what-if": ("what-if",),
    "cull": ("app", "screen", "text", "culling"),
    "form": ("app", "screen", "text", "form"),
    "picker": ("app", "screen", "table", "picker"),
    "operations": ("app", "screen", "table", "operations"),
    "diff": ("app", "screen", "text", "diff", "compared"),
    "logs": ("app", "screen", "text", "logs"),
    "events": ("app", "screen", "table", "events"),
    "promql": ("app", "screen", "table", "promql"),
    "promql-line": ("promql-line",),
    "queries": ("app", "screen", "table", "queries"),
    "save": ("save",),
    "details": ("app", "screen", "text", "details"),
    "plan": ("app", "screen", "text", "diff", "plan"),
    "checks": ("app", "screen", "text", "plan", "checks"),
    "progress": ("app", "screen", "text", "details", "progress"),
    "prepull": ("app", "screen", "table", "prepull"),
    "pullers": ("app", "screen", "text", "details", "pullers"),
    "drift": ("app", "screen", "text", "diff", "compared", "drift"),
    "recover": ("app", "screen", "table", "recover"),
    "recover-text": ("app", "screen", "text", "recover"),
    "drain": ("app", "screen", "table", "draining"),
    "drain-text": ("app", "screen", "text", "draining"),
    "upgrade": ("app", "screen", "text", "upgrade", "choices"),
    "filter": ("filter",),
    "problems": ("app", "screen", "table", "problems"),
    "problem": ("app", "screen", "text", "problems"),
    "runbook": ("app", "screen", "text", "details", "runbook"),
    "orphans": ("app", "screen", "table", "orphans"),
    "orphan": ("app", "screen", "text", "orphans"),
    "alerts": ("app", "screen", "table", "alerts"),
    "alert": ("app", "screen", "text", "alerts"),
    "leftovers": ("app", "screen", "table", "leftovers"),
    "leftover": ("app", "screen", "text", "leftovers"),
    "dashboards": ("app", "screen", "table", "dashboards"),
    "dashboard": ("app", "screen", "grid", "dashboard"),
    "variables": ("app", "screen", "table", "variables"),
    "import": ("import",),
    "value": ("value",),
}
"""Which scopes are live together: within one of them a key has one meaning."""

FROM_PROBLEM = ("problems", "runbook", "orphans")
MOVING = ("table", "text", "grid")
READING = ("diff", "logs", "details")
