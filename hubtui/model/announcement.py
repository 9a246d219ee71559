"""What users are told of a maintenance: the text, and where the hub's values would have it.

Source: JupyterHub's page templates take `announcement`, and one for each page, from
`JupyterHub.template_vars`; z2jh writes `hub.templateVars` into it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

_VARIABLE: Final = "announcement"
_TEMPLATE_VARS: Final = ("hub", "templateVars")
_OF_CONFIG: Final = ("hub", "config", "JupyterHub", "template_vars")


def markdown(message: str, servers: int) -> tuple[str, ...]:
    """The text, in Markdown: the operator's own words, or the usual ones."""
    if message:
        return ("**Maintenance**", "", *message.splitlines())
    return (
        "**Maintenance**",
        "",
        f"All servers are stopped in a while, {servers:,} run at present. Please save your work:",
        "",
        "- files in your home directory stay,",
        "- kernels and terminals end, with what they hold in memory,",
        "- start your server again from the hub's page when the maintenance is over.",
    )


def service(values: Mapping[str, Any]) -> str:
    """The service of the hub that takes announcements, by its name; "" where there is none."""
    return next((name for name in _at(values, ("hub", "services")) if _VARIABLE in name), "")


def place(values: Mapping[str, Any]) -> tuple[str, ...]:
    """Where the values have the hub's announcement, or would have it."""
    for path in (_TEMPLATE_VARS, _OF_CONFIG):
        found = next((name for name in _at(values, path) if name.startswith(_VARIABLE)), "")
        if found:
            return (*path, found)
    return (*_TEMPLATE_VARS, _VARIABLE)


def snippet(path: Sequence[str], text: Sequence[str]) -> tuple[str, ...]:
    """The lines of a values.yaml that show a text there."""
    lines = [f"{'  ' * depth}{name}:" for depth, name in enumerate(path)]
    lines[-1] += " |"
    inner = "  " * len(path)
    return (*lines, *(f"{inner}{line}".rstrip() for line in text))


def _at(values: Mapping[str, Any], path: Sequence[str]) -> Mapping[str, Any]:
    found: Any = values
    for name in path:
        found = found.get(name) if isinstance(found, Mapping) else None
    return found if isinstance(found, Mapping) else {}
