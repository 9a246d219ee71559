"""The shapes that a client may ask for: whole objects, only their metadata, or a table."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Final

from hubtui.demo.api.tables import table
from hubtui.demo.refusals import RefusedError
from hubtui.demo.storage import Json

_READABLE: Final = ("application/json", "application/yaml", "application/*", "*/*", "text/plain")


class Shape:
    """What the Accept header asks for."""

    def __init__(self, accept: str, clock: Callable[[], datetime], *, whole: bool) -> None:
        """`whole`: rows of a table have their objects. Raises RefusedError (406) when the header
        takes no JSON."""
        self._clock = clock
        self._whole = whole
        kinds = [part.strip() for part in (accept or "*/*").split(",")]
        if not any(kind.partition(";")[0] in _READABLE for kind in kinds):
            raise RefusedError(
                406,
                "NotAcceptable",
                "only the following media types are accepted: application/json",
            )
        first = next((kind for kind in kinds if kind.startswith("application/json")), "")
        self.only_metadata = "as=PartialObjectMetadata" in first.replace(" ", "")
        self._table = "as=Table" in first.replace(" ", "")

    def one(self, thing: Json) -> Json:
        """An object as it is asked for."""
        if self._table and thing["metadata"].get("creationTimestamp"):
            version = {"resourceVersion": thing["metadata"].get("resourceVersion", "")}
            found = table(thing["kind"], version, [thing], self._clock(), whole=self._whole)
            return found or thing
        if not self.only_metadata:
            return thing
        return {
            "kind": "PartialObjectMetadata",
            "apiVersion": "meta.k8s.io/v1",
            "metadata": thing["metadata"],
        }

    def list(self, kind: str, api_version: str, metadata: Json, items: list[Json]) -> Json:
        """A list as it is asked for; its items do not say their kind, as in a real one."""
        if self._table:
            found = table(kind, metadata, items, self._clock(), whole=self._whole)
            if found is not None:
                return found
        if self.only_metadata:
            kind, api_version = "PartialObjectMetadata", "meta.k8s.io/v1"
            shown = [{"metadata": each["metadata"]} for each in items]
        else:
            hidden = ("kind", "apiVersion")
            shown = [{k: v for k, v in each.items() if k not in hidden} for each in items]
        return {
            "kind": f"{kind}List",
            "apiVersion": api_version,
            "metadata": metadata,
            "items": shown,
        }
