"""The programs that are measured: how each is started, and what its screen says when.

Data only. In a pattern, {pods}, {releases} and {revisions} stand for the cluster's counts (with or
without a thousands separator) and {pod}, {user}, {restarts} for the pod that was changed.
"""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Pane:
    """A list: the keys that bring it up and the text that says it is complete."""

    complete: str
    keys: str = ""
    from_start: bool = True
    """Timed from the process's start; else from the last of `keys`."""
    within: float = 90


@dataclass(frozen=True, slots=True)
class Program:
    name: str
    argv: tuple[str, ...]
    pods: Pane
    releases: Pane
    first_frame: str = r"\w"
    """What the screen shows at the first frame that says anything."""
    cursor_keys: str = ""
    """Brings the cursor to the top of the list in which `down` and `up` are pressed."""
    down: str = "j"
    up: str = "k"
    steps: int = 8
    """So many steps down stay in sight."""
    rows_keys: str = ""
    """Brings user pods into sight."""
    row: str = r"{user}\s.*(?<![\d.]){restarts}(?![\d.])"
    """A row that shows the restart count of a pod."""
    name_on_row: str = "{user}"
    revision: str = ""
    """A row that shows a revision of the hub's release and its status; empty where a program has
    none on the screen that it starts with."""
    env: dict[str, str] = field(default_factory=dict)


HUBTUI = Program(
    name="hubtui",
    argv=("{binary}", "--kubeconfig", "{kubeconfig}", "--read-only"),
    pods=Pane(complete=r"Pods +{pods}\b"),
    releases=Pane(complete=r"Releases\b.*\b{revisions} in all\b"),
    first_frame=r"\bhubtui\b",
    cursor_keys="2/role:users\r",
    rows_keys="2/role:users\r",
    revision=r"(?<!\d){revision} \W {status}",
)

K9S = Program(
    name="k9s",
    argv=(
        *("{binary}", "--kubeconfig", "{kubeconfig}", "-n", "hub", "-c", "pods"),
        *("--readonly", "--splashless"),
    ),
    pods=Pane(complete=r"(?i)pods\(hub\)\[{pods}\]"),
    releases=Pane(
        complete=r"(?i)helm[^\n]*\(hub\)\[{releases}\]", keys=":helm\r", from_start=False
    ),
    first_frame=r"(?i)pods\(|k9s rev",
    cursor_keys="\x1bg",
    rows_keys="/jupyter-student\r",
    row=r"{pod}\s.*(?<![\d.]){restarts}(?![\d.])",
    name_on_row="{pod} ",
)
