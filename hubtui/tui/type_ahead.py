"""Keys that are typed ahead: each waits until the one before has done what it does.

Textual hands every key to the widget that has the focus when it arrives. On a slow link several
arrive at once, and what follows a `/` would be taken for commands instead of for the filter's text.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from functools import partial
from typing import Any

from textual import events
from textual.app import App, ReturnType
from textual.dom import DOMNode
from textual.message_pump import MessagePump


class KeysInOrder(App[ReturnType]):
    """An app that looks for the focus anew for each key that was typed."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self._typed: deque[events.Key] = deque()
        self._typing = False

    async def on_event(self, event: events.Event) -> None:
        """Queues keys, and passes everything else on."""
        if isinstance(event, events.Key) and not event.is_forwarded:
            self._typed.append(event)
            if not self._typing:
                await self._next_key()
        else:
            await super().on_event(event)

    async def _next_key(self) -> None:
        self._typing = bool(self._typed)
        if self._typed:
            key, screen = self._typed.popleft(), self.screen
            target: DOMNode = self.focused or screen
            await super().on_event(key)
            # The key goes up to the app, which acts; a message of that act may go up once more.
            again = partial(self._follow, target, partial(self._settle, screen))
            self._follow(target, again)

    def _follow(self, node: MessagePump | None, then: Callable[[], None]) -> None:
        """Goes the way of a key or message, behind it: from a widget up to the app."""
        while node is not None and node is not self:
            if node.call_later(self._follow, node._parent, then):
                return
            node = node._parent  # it is being removed
        # What was asked for at the end of the way, such as the focus, is next in the queue.
        self.call_later(self.call_later, then)

    def _settle(self, screen: object) -> None:
        if not self._typed or self.screen is screen:
            self.call_later(self._next_key)
        else:
            # A screen that has just come has no focus before it is painted.
            self.call_after_refresh(self._next_key)
