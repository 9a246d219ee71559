"""What is typed for a spawn check, on the command line or in its form."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from hubtui.errors import UsageError
from hubtui.model.age import duration
from hubtui.services.actions.spawn_check import SpawnCheckRequest


@dataclass(slots=True)
class Typed:
    """As it was typed: `options` are `key=value`, `timeout` such as 5m."""

    user: str = ""
    server: str = ""
    profile: str = ""
    options: tuple[str, ...] = ()
    timeout: str = "5m"
    keep: bool = False


def request(typed: Typed) -> SpawnCheckRequest:
    """The request that was typed. Raises UsageError."""
    return SpawnCheckRequest(
        typed.user.strip(),
        typed.server.strip(),
        options_of(typed.profile, typed.options),
        seconds(typed.timeout, "--timeout"),
        typed.keep,
    )


def options_of(profile: str, options: Sequence[str]) -> dict[str, str]:
    """The user's options, as KubeSpawner has them, of a profile and `key=value`s. Raises
    UsageError."""
    found = dict(_option(text) for text in options)
    return found | {"profile": profile} if profile else found


def seconds(text: str, what: str) -> float:
    """A length of time in seconds; 0s is none at all. Raises UsageError."""
    if text.strip() in ("0", "0s"):
        return 0.0
    try:
        return duration(text.replace(" ", "")).total_seconds()
    except ValueError:
        raise UsageError(
            f"{what} {text!r} is no length of time", remedy="It is written 30s, 5m or 1h30m."
        ) from None


def _option(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals or not name:
        raise UsageError(f"The option {text!r} is no key=value")
    return name, value
