"""What the demo's apiserver refuses, in the words and numbers of a real one (its Status object)."""

from __future__ import annotations

from typing import Any

from hubtui.demo.resources import Resource


class RefusedError(Exception):
    """A request that is refused: the HTTP `code`, Kubernetes' `reason`, a message for people."""

    def __init__(
        self, code: int, reason: str, message: str, details: dict[str, Any] | None = None
    ) -> None:
        super().__init__(message)
        self.code = code
        self.reason = reason
        self.message = message
        self.details = details or {}


def _details(resource: Resource, name: str) -> dict[str, Any]:
    return {"name": name, "group": resource.group, "kind": resource.plural}


def not_found(resource: Resource, name: str) -> RefusedError:
    """404 of an object."""
    words = f'{resource.name} "{name}" not found'
    return RefusedError(404, "NotFound", words, _details(resource, name))


def already_there(resource: Resource, name: str) -> RefusedError:
    """409 of a create."""
    words = f'{resource.name} "{name}" already exists'
    return RefusedError(409, "AlreadyExists", words, _details(resource, name))


def changed_since(resource: Resource, name: str) -> RefusedError:
    """409 of an update with an old resourceVersion."""
    words = (
        f'Operation cannot be fulfilled on {resource.name} "{name}": the object has been modified; '
        "please apply your changes to the latest version and try again"
    )
    return RefusedError(409, "Conflict", words, _details(resource, name))


def invalid(resource: Resource, name: str, field: str, message: str) -> RefusedError:
    """422: a field is wrong; `message` in the words of the API's validation."""
    kind = f"{resource.kind}.{resource.group}" if resource.group else resource.kind
    words = f'{kind} "{name}" is invalid: {field}: {message}'
    details = _details(resource, name) | {"kind": resource.kind}
    details["causes"] = [{"reason": "FieldValueInvalid", "message": message, "field": field}]
    return RefusedError(422, "Invalid", words, details)


def bad_request(message: str) -> RefusedError:
    """400: it cannot be read."""
    return RefusedError(400, "BadRequest", message)


def too_old(version: int, oldest: int) -> RefusedError:
    """410: a watch or a page that begins before what is remembered."""
    return RefusedError(410, "Expired", f"too old resource version: {version} ({oldest})")
