"""Addresses in the settings: whether they can be asked, and whether a secret may go there."""

from __future__ import annotations

import re
from typing import Final

from hubtui.errors import ConfigError
from hubtui.model.origin import Origin, origin_of

ADDRESS: Final = re.compile(r"[a-z]+://[^/?#\s]+(?:/[\w.~@%-]+)*/?", re.ASCII | re.IGNORECASE)
"""An address with a path, without a query."""


def origin_at(url: str, setting: str, source: str, remedy: str = "") -> Origin:
    """The origin of an address of the settings; raises ConfigError where it cannot be asked."""
    try:
        return origin_of(url)
    except ValueError as error:
        raise ConfigError(f"{source}: {setting} cannot be asked: {error}", remedy=remedy) from None


def never_in_the_clear(
    origin: Origin, setting: str, source: str, remedy: str = "Use its https:// address."
) -> None:
    """Raises ConfigError where a secret would go over a wire that anybody may read."""
    if not origin.safe:
        raise ConfigError(
            f"{source}: {setting} {origin} would have the token sent in the clear", remedy=remedy
        )
