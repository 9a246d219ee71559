"""Where the cursor and the window stand among rows that come, go and move."""

from __future__ import annotations

from collections.abc import Sequence


class Viewport:
    """Keys of rows in order, one of them under the cursor, some of them in the window.

    The cursor is a key: it stays on its object wherever the row goes. When the row goes away, the
    next one that is still there takes it, else the one before.
    """

    def __init__(self) -> None:
        self.keys: Sequence[str] = ()
        self.cursor: str | None = None
        self.top = 0
        self.height = 0
        self._index = 0

    @property
    def index(self) -> int:
        """The cursor's row; 0 when there is none."""
        return self._index

    @property
    def visible(self) -> Sequence[str]:
        """The keys in the window."""
        return self.keys[self.top : self.top + self.height]

    def resize(self, height: int) -> None:
        """The window has `height` rows now; the cursor stays in it."""
        self.height = max(0, height)
        self._show_cursor()

    def reorder(self, keys: Sequence[str]) -> None:
        """The rows are `keys` now. The cursor keeps its object, and its line if it can."""
        line = self._index - self.top
        at_top = self.top == 0
        new = self._find(keys)
        self.keys = keys
        self._set(new)
        # A window at the top shows what arrives there; one in the middle must not slide away
        # under the reader's eyes.
        if not at_top and 0 <= line < self.height:
            self.top = self._index - line
        self._show_cursor()

    def move_to(self, index: int) -> None:
        """The cursor goes to this row, or as near as there is one."""
        self._set(index)
        self._show_cursor()

    def move_to_key(self, key: str) -> bool:
        """The cursor goes to this key, if it has a row."""
        if key not in self.keys:
            return False
        self.move_to(self.keys.index(key))
        return True

    def scroll(self, lines: int) -> None:
        """The window moves; the cursor is pushed along by its edges."""
        self.top = self._in_range(self.top + lines)
        low, high = self.top, self.top + max(1, self.height) - 1
        self._set(min(max(self._index, low), high))

    def _find(self, keys: Sequence[str]) -> int:
        if self.cursor is None:
            return 0
        if self._index < len(keys) and keys[self._index] == self.cursor:
            return self._index
        try:
            return keys.index(self.cursor)
        except ValueError:
            return self._neighbour(keys)

    def _neighbour(self, keys: Sequence[str]) -> int:
        present = {key: index for index, key in enumerate(keys)}
        for key in self.keys[self._index + 1 :]:
            if key in present:
                return present[key]
        for key in reversed(self.keys[: self._index]):
            if key in present:
                return present[key]
        return 0

    def _set(self, index: int) -> None:
        self._index = min(max(0, index), max(0, len(self.keys) - 1))
        self.cursor = self.keys[self._index] if self.keys else None

    def _show_cursor(self) -> None:
        if self.height:
            self.top = min(self.top, self._index)
            self.top = max(self.top, self._index - self.height + 1)
        self.top = self._in_range(self.top)

    def _in_range(self, top: int) -> int:
        return max(0, min(top, len(self.keys) - max(1, self.height)))
