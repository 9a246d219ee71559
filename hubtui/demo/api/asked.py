"""A request as the API understands it: which resource, where, by whom, and with which options."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from hubtui.demo.refusals import RefusedError, bad_request
from hubtui.demo.resources import BY_PLURAL, Resource


def no_such_path() -> RefusedError:
    """404 of a path that the server does not know."""
    return RefusedError(404, "NotFound", "the server could not find the requested resource")


@dataclass(frozen=True, slots=True)
class Target:
    """What a path names: a kind, and where they are, or one object or a part of it."""

    resource: Resource
    namespace: str
    name: str
    subresource: str


def target_of(path: str) -> Target:
    """What a path below `/api` or `/apis` names. Raises RefusedError (404)."""
    parts = path.strip("/").split("/")
    if parts[0] == "api":
        group, version, rest = "", parts[1] if len(parts) > 1 else "", parts[2:]
    elif parts[0] == "apis" and len(parts) > 2:
        group, version, rest = parts[1], parts[2], parts[3:]
    else:
        raise no_such_path()
    namespace = ""
    if len(rest) > 2 and rest[0] == "namespaces" and (group, version, rest[2]) in BY_PLURAL:
        namespace, rest = rest[1], rest[2:]
    resource = BY_PLURAL.get((group, version, rest[0])) if rest else None
    if resource is None or len(rest) > 3 or (namespace and not resource.namespaced):
        raise no_such_path()
    name, subresource = (*rest[1:], "", "")[:2]
    if resource.namespaced and name and not namespace:
        raise no_such_path()
    if subresource and subresource not in resource.subresources:
        raise no_such_path()
    return Target(resource, namespace, name, subresource)


@dataclass(frozen=True, slots=True)
class Writer:
    """Who writes: the name under which fields are owned, and how the write is to be taken."""

    manager: str
    force: bool = False
    dry_run: bool = False
    named: bool = True
    """Whether it gave its name itself, as an apply must."""


def writer_of(query: Mapping[str, str], user_agent: str) -> Writer:
    """Who writes, from the query and the User-Agent. Raises RefusedError (400, 422)."""
    dry_run = query.get("dryRun", "")
    if dry_run not in ("", "All"):
        raise bad_request(f'dryRun: Unsupported value: "{dry_run}": supported values: "All"')
    manager = query.get("fieldManager") or user_agent.partition("/")[0] or "unknown"
    return Writer(manager, flag(query, "force"), bool(dry_run), "fieldManager" in query)


def flag(query: Mapping[str, str], name: str) -> bool:
    """A query parameter that is true or false."""
    return query.get(name, "") in ("true", "1", "True")


def number(query: Mapping[str, str], name: str) -> int | None:
    """A query parameter that is a number, None when it is absent. Raises RefusedError (400)."""
    text = query.get(name, "")
    if not text:
        return None
    try:
        return int(text)
    except ValueError:
        raise bad_request(f'strconv.ParseInt: parsing "{text}": invalid syntax') from None
