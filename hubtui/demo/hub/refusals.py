"""What the hub refuses, with JupyterHub's own codes and words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping


class HubRefusalError(Exception):
    """An answer that is no success: the HTTP code, the words ("" for those of the code), headers
    that go with them."""

    def __init__(self, code: int, message: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.headers = dict(headers or {})


def unknown_caller() -> HubRefusalError:
    """403 without a token that is known."""
    return HubRefusalError(403, "Missing or invalid credentials.")


def out_of_scope(needed: Iterable[str]) -> HubRefusalError:
    """403 of a caller whose scopes hold none of the needed ones."""
    words = f"requires any of [{', '.join(needed)}]"
    return HubRefusalError(403, f"Action is not authorized with current scopes; {words}")


def not_found(message: str = "") -> HubRefusalError:
    """404."""
    return HubRefusalError(404, message)


def bad(message: str) -> HubRefusalError:
    """400."""
    return HubRefusalError(400, message)


def conflict(message: str) -> HubRefusalError:
    """409."""
    return HubRefusalError(409, message)


def throttled(retry: int) -> HubRefusalError:
    """429 of a hub that starts as many servers at once as it may; `retry` is in seconds."""
    later = f"{-(-retry // 10)}0 seconds" if retry <= 90 else f"{round(retry / 60)} minutes"
    words = f"Too many users trying to log in right now. Try again in {later}."
    return HubRefusalError(429, words, {"Retry-After": str(retry)})


def full() -> HubRefusalError:
    """429 of a hub with as many servers as it may have."""
    return HubRefusalError(429, "Active user limit exceeded. Try again in a few minutes.")
