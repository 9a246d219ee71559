"""A small client of the apiserver for the testbed's own use, apart from what it helps to test."""

import ssl
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Self

import httpx

from tests.testbed import users
from tests.testbed.errors import TestbedError
from tests.testbed.processes import wait_for
from tests.testbed.site import Site

Json = dict[str, Any]
_MERGE = "application/merge-patch+json"
_APPLY = "application/apply-patch+yaml"
_PLURALS = {
    "Endpoints": "endpoints",
    "NetworkPolicy": "networkpolicies",
    "StorageClass": "storageclasses",
    "PriorityClass": "priorityclasses",
}


class Api:
    """Requests as one user of an apiserver."""

    def __init__(self, server: str, token: str, verify: ssl.SSLContext | bool = True) -> None:
        """Opens nothing yet: the first request does."""
        self._client = httpx.Client(
            base_url=server,
            verify=verify,
            headers={"Authorization": f"Bearer {token}"},
            timeout=30,
        )

    @classmethod
    def of(cls, site: Site, user: str = "testbed-setup") -> Self:
        """As one user of the testbed; its default user is not audited."""
        context = ssl.create_default_context(cafile=str(site.file("pki", "ca.crt")))
        return cls(site.server, users.token(site, user), context)

    def __enter__(self) -> Self:
        """For `with`."""
        return self

    def __exit__(self, *_: object) -> None:
        """Closes the connections."""
        self._client.close()

    def request(self, method: str, path: str, body: Any = None, **options: Any) -> Json:
        """One request; raises httpx.HTTPStatusError with the server's words when it fails."""
        answer = self._client.request(method, path, json=body, **options)
        if answer.is_error:
            message = f"{method} {path}: {answer.status_code} {answer.text[:500]}"
            raise httpx.HTTPStatusError(message, request=answer.request, response=answer)
        return dict(answer.json()) if answer.content[:1] == b"{" else {}

    def get(self, path: str, **params: str) -> Json:
        """GET of one object or list."""
        return self.request("GET", path, params=params)

    def items(self, path: str, **params: str) -> list[Json]:
        """The items of a list."""
        return list(self.get(path, **params)["items"])

    def patch(self, path: str, body: Any) -> Json:
        """A merge patch."""
        return self.request("PATCH", path, body, headers={"Content-Type": _MERGE})

    def forget(self, path: str, options: Json | None = None) -> None:
        """Deletes an object that may be gone."""
        try:
            self.request("DELETE", path, options)
        except httpx.HTTPStatusError as error:
            if error.response.status_code != httpx.codes.NOT_FOUND:
                raise

    def apply(self, *objects: Mapping[str, Any]) -> None:
        """Server-side apply of whole objects, as `kubectl apply --server-side --force` does."""
        for item in objects:
            self.request(
                "PATCH",
                object_path(item),
                item,
                params={"fieldManager": "testbed", "force": "true"},
                headers={"Content-Type": _APPLY},
            )

    def ready(self) -> bool:
        """Whether the apiserver says that it is ready."""
        try:
            return self._client.get("/readyz", timeout=2).status_code == httpx.codes.OK
        except httpx.HTTPError:
            return False

    def wait_items(
        self,
        path: str,
        enough: "Callable[[Sequence[Json]], bool]",
        seconds: float = 60,
        **params: str,
    ) -> list[Json]:
        """Polls a list until it is as wanted."""
        found: list[Json] = []

        def look() -> bool:
            found[:] = self.items(path, **params)
            return enough(found)

        if not wait_for(look, seconds, every=0.2):
            names = [item["metadata"]["name"] for item in found]
            raise TimeoutError(f"{path} {params}: not as wanted after {seconds} s: {names}")
        return found


def wait_for_pods(api: Api, selector: str, count: int, seconds: float) -> None:
    """Waits until exactly so many pods are in the hub's namespace and Ready."""
    path = f"/api/v1/namespaces/{users.NAMESPACE}/pods"

    def look() -> bool:
        found = api.items(path, labelSelector=selector)
        return len(found) == count and all(map(is_ready, found))

    if not wait_for(look, seconds, every=0.2):
        raise TestbedError(f"not {count} ready pods of {selector} after {seconds} s")


class Enough:
    """Conditions on a list of objects."""

    def __init__(self, count: int = 1, ready: bool = False) -> None:
        """At least `count` objects; with `ready`, all of them Ready."""
        self._count, self._ready = count, ready

    def __call__(self, items: Sequence[Json]) -> bool:
        """Whether the list is enough."""
        return len(items) >= self._count and (not self._ready or all(map(is_ready, items)))


def is_ready(item: Mapping[str, Any]) -> bool:
    """Whether a pod or a node has the condition Ready."""
    conditions = item.get("status", {}).get("conditions", [])
    return any(c["type"] == "Ready" and c["status"] == "True" for c in conditions)


def object_path(item: Mapping[str, Any]) -> str:
    """The URL path of an object, from its apiVersion, kind, namespace and name."""
    version, kind = item["apiVersion"], item["kind"]
    meta = item["metadata"]
    root = f"/apis/{version}" if "/" in version else f"/api/{version}"
    plural = _PLURALS.get(kind, kind.lower() + "s")
    inner = f"/namespaces/{meta['namespace']}" if "namespace" in meta else ""
    return f"{root}{inner}/{plural}/{meta['name']}"


def now() -> str:
    """The time as the API writes it."""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
