"""A diff of two revisions as a tree of rows that folds."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Literal

from hubtui.model.diff import RevisionDiff
from hubtui.views.cells import EMPTY, Cell, Tone, cell, join, plain
from hubtui.views.diff_rows import Node, tree, walk
from hubtui.views.highlight import highlight
from hubtui.views.table import Column, Dirty, Freshness

COLUMNS = (Column("change", "CHANGE", 20, grow=True, sortable=False),)

_COUNT_AT = 48
"""Where the counts stand at most; they move left for short titles."""


class DiffView:
    """The rows of a RevisionDiff; without one it is still being compared.

    What is folded stays folded when the diff is replaced by a newer one.
    """

    def __init__(self, diff: RevisionDiff | None = None) -> None:
        self._diff = diff
        self._error = ""
        self._toggled: set[str] = set()
        self._values_only = False
        self._all_open = False
        self._needle = ""
        self._matches: frozenset[str] = frozenset()
        self._on_the_way: frozenset[str] = frozenset()
        self._nodes: dict[str, tuple[Node, int]] = {}
        self._count_at = 0
        self._dirty = True
        self._rebuild()

    @property
    def columns(self) -> Sequence[Column]:
        return COLUMNS

    @property
    def diff(self) -> RevisionDiff | None:
        return self._diff

    @property
    def values_only(self) -> bool:
        return self._values_only

    def show(self, diff: RevisionDiff | None) -> None:
        """Shows another diff."""
        self._diff = diff
        self._rebuild()

    def fail(self, error: str) -> None:
        """Says why there is no diff."""
        self._error = error
        self._rebuild()

    def show_values_only(self, only: bool) -> None:
        """Leaves only the sections of values, or brings the others back."""
        self._values_only = only
        self._rebuild()

    def open_all(self, everything: bool = True) -> None:
        """Unfolds every row, or folds all as they were at first."""
        self._all_open = everything
        self._toggled.clear()
        self._rebuild()

    @property
    def all_open(self) -> bool:
        return self._all_open

    def search(self, needle: str) -> int:
        """Looks for text in everything, folded or not; unfolds what leads to a match. Gives the
        number of rows that match; an empty text ends the search."""
        self._needle = needle.strip()
        self._rebuild()
        return len(self._matches)

    @property
    def needle(self) -> str:
        """What is searched for."""
        return self._needle

    def toggle(self, key: str) -> bool:
        """Folds or unfolds a row; False when it has nothing to fold."""
        found = self._nodes.get(key)
        if found is None or found[0].children is None:
            return False
        self._toggled ^= {key}
        self._rebuild()
        return True

    def is_open(self, key: str) -> bool:
        """Whether a row shows what is folded under it."""
        found = self._nodes.get(key)
        return found is not None and self._open(found[0])

    def next_change(self, key: str | None, direction: Literal[1, -1] = 1) -> str | None:
        """The key of the next or previous change that needs a look, or of the match while there
        is a search; None when there is none.

        A folded object counts as one change, and so does an object that comes or goes.
        """
        keys = list(self._nodes)
        stops = [index for index, (node, _) in enumerate(self._nodes.values()) if self._stop(node)]
        at = keys.index(key) if key in self._nodes else (-1 if direction > 0 else len(keys))
        if direction > 0:
            return next((keys[index] for index in stops if index > at), None)
        return next((keys[index] for index in reversed(stops) if index < at), None)

    def detail(self, key: str) -> list[str]:
        """The full text of a row, masked as the row is; empty for an unknown key."""
        found = self._nodes.get(key)
        return found[0].detail() if found else []

    def headline(self) -> Cell:
        """What changes, for a border: `12 → 11  ~4 +0 -1`."""
        if self._diff is None:
            return EMPTY
        counts = self._diff.counts
        return join(
            cell(f"{self._diff.before} → {self._diff.after}", Tone.ACCENT),
            EMPTY,
            cell(f"~{counts.changed}", Tone.SOON if counts.changed else Tone.MUTED),
            cell(f"+{counts.added}", Tone.FINE if counts.added else Tone.MUTED),
            cell(f"-{counts.removed}", Tone.NOW if counts.removed else Tone.MUTED),
        )

    def lines(self, width: int = 0) -> list[str]:
        """The rows as plain text, cut to `width` where one is given: for copying and printing."""
        shown = [plain(self._cell(*found)).rstrip() for found in self._nodes.values()]
        if width <= 0:
            return shown
        return [line if len(line) <= width else f"{line[: width - 1]}…" for line in shown]

    def full_lines(self) -> list[str]:
        """Everything, whatever is folded, with nothing cut short: for a file."""
        if self._diff is None:
            return []
        lines = [plain(self.headline())]
        for node in tree(self._diff, values_only=self._values_only):
            lines += ["", *node.detail()]
        return lines

    def keys(self) -> Sequence[str]:
        return list(self._nodes)

    def cells(self, key: str, now: datetime) -> Sequence[Cell]:
        found = self._nodes.get(key)
        return (self._cell(*found) if found is not None else EMPTY,)

    def drain(self) -> Dirty:
        dirty, self._dirty = self._dirty, False
        return Dirty(frozenset(self._nodes), order=True) if dirty else Dirty()

    def ticking(self, key: str) -> Literal["never", "minute", "second"]:
        return "never"

    def freshness(self, now: datetime) -> Freshness:
        if self._diff is None:
            return Freshness("comparing")
        return Freshness(f"{self._diff.before} → {self._diff.after}")

    def empty(self) -> str:
        if self._diff is None:
            return self._error or "Comparing…"
        if self._values_only and not self._diff.empty:
            return "The values are the same."
        return f"Nothing differs between {self._diff.before} and {self._diff.after}."

    def _rebuild(self) -> None:
        self._look()
        nodes = tree(self._diff, values_only=self._values_only) if self._diff else iter(())
        self._nodes = {node.key: (node, depth) for node, depth in self._flat(nodes, 0)}
        widths = [len(plain(node.words)) for node, _ in self._nodes.values() if node.count]
        self._count_at = min(_COUNT_AT, max(widths, default=0) + 2)
        self._dirty = True

    def _look(self) -> None:
        """Finds what is searched for, and what has to be unfolded to see it."""
        matches: set[str] = set()
        way: set[str] = set()
        if self._needle and self._diff:
            nodes = tree(self._diff, values_only=self._values_only)
            walk(nodes, self._needle.lower(), matches, way)
        self._matches, self._on_the_way = frozenset(matches), frozenset(way)

    def _flat(self, nodes: Iterator[Node], depth: int) -> Iterator[tuple[Node, int]]:
        for node in nodes:
            yield node, depth
            if node.children is not None and self._open(node):
                yield from self._flat(iter(node.children()), depth + 1)

    def _open(self, node: Node) -> bool:
        if node.children is None:
            return False
        shown = node.open or self._all_open or node.key in self._on_the_way
        return shown != (node.key in self._toggled)

    def _stop(self, node: Node) -> bool:
        if self._needle:
            return node.key in self._matches
        folded = node.children is not None and not self._open(node)
        return node.change or (folded and node.inside > 0)

    def _cell(self, node: Node, depth: int) -> Cell:
        marker = node.sign
        if node.children is not None:
            marker = "▾" if self._open(node) else "▸"
        tone = node.words[0][1] if node.words else Tone.PLAIN
        words = highlight(node.words, self._needle)
        shown: Cell = ((f"{'  ' * depth}{marker} ", tone), *words)
        if not node.count:
            return shown
        gap = max(2, self._count_at - len(plain(node.words)) - 2 * depth)
        return (*shown, (" " * gap, Tone.PLAIN), *node.count)
