"""Where dashboards come from: ConfigMaps, a Grafana, a folder, a file, an address."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from hubtui.clients.grafana import Grafana
from hubtui.clients.http import Http, Tls
from hubtui.clients.token import Named, read_named
from hubtui.config import MetricsSource
from hubtui.errors import ApiError, ConfigError, DecodeError, DeniedError, HubtuiError, UsageError
from hubtui.model import kube
from hubtui.model.dashboard import Dashboard
from hubtui.model.dashboard_reading import MOST, read
from hubtui.model.kinds import CONFIGMAPS
from hubtui.model.origin import origin_of
from hubtui.model.prometheus_place import place_of
from hubtui.model.prometheus_service import NAMESPACES
from hubtui.model.text import one_line
from hubtui.model.why_facts import Missing

if TYPE_CHECKING:
    from hubtui.services.session import Session

LABEL: Final = "grafana_dashboard"
"""Of ConfigMaps that Grafana's sidecar loads, whatever its value (chart grafana,
`sidecar.dashboards.label`)."""

VARIABLE: Final = "HUBTUI_GRAFANA_TOKEN"

MOST_FILES: Final = 500
"""Files of a folder that are looked at."""


class Source(StrEnum):
    """Where a dashboard is from, the nearest first."""

    FILE = "file"
    FOLDER = "folder"
    CLUSTER = "ConfigMap"
    GRAFANA = "Grafana"
    ADDRESS = "address"


@dataclass(frozen=True, slots=True)
class Found:
    """A dashboard that can be opened. `place` says where it is: a path, an address,
    `NAMESPACE/NAME KEY` of a ConfigMap, the folder in Grafana. `fault` is why it cannot be."""

    title: str
    source: Source
    place: str
    uid: str = ""
    fault: str = ""

    @property
    def key(self) -> str:
        """Tells it from all others."""
        return f"{self.source} {self.place} {self.uid}"


@dataclass(frozen=True, slots=True)
class Offers:
    """The dashboards there are, and what could not be read; `waits` while a source is asked."""

    found: tuple[Found, ...]
    notes: tuple[Missing, ...]
    waits: bool = False


class Dashboards:
    """The dashboards of one session. In the demo neither settings nor environment count."""

    def __init__(self, session: Session) -> None:
        own = session.settings.demo is None
        self._settings = session.settings.metrics if own else MetricsSource()
        self._environ: Mapping[str, str] = os.environ if own else {}
        self._client = session.client
        self._namespace = session.namespace
        self._http = Http(session.gate, tls=Tls(self._settings.ca_file))
        self._grafana: Grafana | None = None
        self.last: tuple[Found, Dashboard] | None = None
        """What was opened last."""

    async def offers(self) -> Offers:
        """The dashboards of the folder, the cluster and the Grafana that are configured."""
        *_, whole = [each async for each in self.looking()]
        return whole

    async def looking(self) -> AsyncIterator[Offers]:
        """What is known each time that a source has answered; what was opened from elsewhere is
        among it."""
        notes: list[Missing] = []
        found: list[Found] = []
        if self.last is not None and self.last[0].source in (Source.FILE, Source.ADDRESS):
            found.append(self.last[0])
        sources = (self._of_folder(notes), self._of_cluster(notes), self._of_grafana(notes))
        asked = [asyncio.ensure_future(each) for each in sources]
        try:
            for count, answered in enumerate(asyncio.as_completed(asked), 1):
                found += await answered
                whole = tuple(sorted(found, key=_order))
                yield Offers(whole, tuple(notes), waits=count < len(asked))
        finally:
            for task in asked:
                task.cancel()
            await asyncio.gather(*asked, return_exceptions=True)

    async def open(self, found: Found) -> Dashboard:
        """Reads a dashboard. Raises DecodeError with its place, UsageError for no file,
        DeniedError, NotFoundError, UnreachableError, ApiError."""
        try:
            dashboard = await asyncio.to_thread(read, await self._document(found))
        except DecodeError as error:
            raise _at(error, found) from None
        self.last = replace(found, title=dashboard.title, uid=dashboard.uid), dashboard
        return dashboard

    async def bring(self, where: str) -> Dashboard:
        """Opens what an operator names: a file, or an address. Raises as `open`, ConfigError."""
        bare = where.strip()
        if not bare:
            raise UsageError("No dashboard is named", remedy="Name a file, or an https:// address.")
        if "://" not in bare:
            return await self.open(Found(Path(bare).name, Source.FILE, bare))
        uid = self._uid_of(bare)
        if uid:
            return await self.open(Found(uid, Source.GRAFANA, bare, uid))
        return await self.open(Found(bare, Source.ADDRESS, bare))

    async def close(self) -> None:
        """Ends the connections."""
        await self._http.close()

    async def _document(self, found: Found) -> bytes:
        if found.source in (Source.FILE, Source.FOLDER):
            return await asyncio.to_thread(_content, found.place)
        if found.source is Source.CLUSTER:
            where, key = found.place.split(" ", 1)
            namespace, name = where.split("/", 1)
            config_map = await self._client.get(CONFIGMAPS, namespace, name)
            if key not in config_map.data:
                raise DecodeError(f"ConfigMap {where} has no {key} any more")
            return config_map.data[key].encode()
        if found.source is Source.GRAFANA:
            return await (await self._opened()).dashboard(found.uid)
        return await self._downloaded(found.place)

    async def _downloaded(self, url: str) -> bytes:
        try:
            self._http.gate.allow_origin(origin_of(url))
        except ValueError as error:
            raise ConfigError(f"No dashboard can be had from there: {error}") from None
        answer = await self._http.get(url, headers={"accept": "application/json"}, elsewhere=True)
        if not answer.ok:
            raise ApiError(f"{url} answers with HTTP {answer.status}", status=answer.status)
        if answer.body[:256].lstrip().startswith(b"<"):
            raise DecodeError(
                "It answers with a page of HTML",
                remedy="Give the address of the JSON; metrics.grafana names a Grafana.",
            )
        return answer.body

    async def _opened(self) -> Grafana:
        """Raises ConfigError, ToolError where there is no token."""
        if self._grafana is None:
            token = await read_named(self._named(), self._environ)
            self._grafana = Grafana(self._http, self._settings.grafana, token)
        return self._grafana

    def _named(self) -> Named:
        given = self._settings
        file, command = given.grafana_token_file, given.grafana_token_command
        return Named(VARIABLE, "metrics", file, command, "Grafana", prefix="grafana_")

    def _uid_of(self, url: str) -> str:
        """The dashboard that an address of the Grafana's own pages shows: `/d/UID/name`."""
        base = self._settings.grafana.rstrip("/")
        if not base or not url.startswith(f"{base}/d/"):
            return ""
        return urlsplit(url.removeprefix(f"{base}/d/")).path.split("/")[0]

    async def _of_folder(self, notes: list[Missing]) -> list[Found]:
        if not self._settings.dashboards:
            return []
        return await asyncio.to_thread(_in_folder, self._settings.dashboards, notes)

    async def _of_grafana(self, notes: list[Missing]) -> list[Found]:
        if not self._settings.grafana:
            return []
        try:
            listed = await (await self._opened()).search()
        except HubtuiError as error:
            self._grafana = None  # a token that a command prints may be another one next time
            notes.append(Missing(Source.GRAFANA, error.what))
            return []
        return [
            Found(one_line(each.title) or each.uid, Source.GRAFANA, each.folder_title, each.uid)
            for each in listed
        ]

    async def _of_cluster(self, notes: list[Missing]) -> list[Found]:
        try:
            maps = await self._client.list(CONFIGMAPS, labels=LABEL)
        except DeniedError:
            maps = await self._of_namespaces(notes)
        except HubtuiError as error:
            notes.append(Missing(Source.CLUSTER, error.what))
            return []
        found = []
        for each in maps:
            for key, document in each.data.items():
                if key.endswith(".json"):
                    meta = each.metadata
                    place = f"{meta.namespace}/{meta.name} {key}"
                    one = await asyncio.to_thread(
                        _headed, document.encode(), Source.CLUSTER, place, key
                    )
                    found.append(one)
        return found

    async def _of_namespaces(self, notes: list[Missing]) -> list[kube.ConfigMap]:
        """Those of the hub's namespace, and of where Prometheus usually is."""
        named = place_of(self._settings.prometheus)
        wanted = (self._namespace, *([named.namespace] if named else ()), *NAMESPACES)
        names = list(dict.fromkeys(wanted))
        answers = await asyncio.gather(
            *(self._client.list(CONFIGMAPS, name, labels=LABEL) for name in names),
            return_exceptions=True,
        )
        found: list[kube.ConfigMap] = []
        refused = []
        for name, answer in zip(names, answers, strict=True):
            if isinstance(answer, HubtuiError):
                refused.append(name)
            elif isinstance(answer, BaseException):
                raise answer
            else:
                found += answer
        words = "ConfigMaps of all namespaces may not be listed"
        if refused:
            words += f", nor those of {', '.join(refused)}"
        notes.append(Missing(Source.CLUSTER, words))
        return found


def _order(found: Found) -> tuple[int, str, str]:
    return list(Source).index(found.source), found.title.casefold(), found.place


def _at(error: DecodeError, found: Found) -> DecodeError:
    place = one_line(found.place or found.title)
    return DecodeError(f"{place}: {error.what}", meaning=error.meaning, remedy=error.remedy)


def _headed(document: bytes, source: Source, place: str, name: str) -> Found:
    """A dashboard by its title; by the name of its file where it cannot be read. Takes its time."""
    try:
        dashboard = read(document)
    except DecodeError as error:
        return Found(name, source, place, fault=error.what)
    return Found(dashboard.title, source, place, dashboard.uid)


def _in_folder(folder: str, notes: list[Missing]) -> list[Found]:
    """Takes its time."""
    try:
        root = _path(folder)
    except UsageError as error:
        notes.append(Missing(Source.FOLDER, error.what))
        return []
    try:
        paths = sorted(path for path in root.iterdir() if path.suffix == ".json")
    except OSError as error:
        notes.append(Missing(Source.FOLDER, f"{root} cannot be read: {error.strerror}"))
        return []
    if len(paths) > MOST_FILES:
        notes.append(Missing(Source.FOLDER, f"the first {MOST_FILES} of {len(paths):,} files"))
    found = []
    for path in paths[:MOST_FILES]:
        place, name = one_line(str(path)), one_line(path.name)
        try:
            found.append(_headed(_content(str(path)), Source.FOLDER, place, name))
        except HubtuiError as error:
            found.append(Found(name, Source.FOLDER, place, fault=error.what))
    return found


def _path(written: str) -> Path:
    """Raises UsageError where `~user` names nobody."""
    try:
        return Path(written).expanduser()
    except RuntimeError:
        raise UsageError(f"{one_line(written)}: there is no such user here") from None


def _content(where: str) -> bytes:
    """A file's content. Raises UsageError, DecodeError for one that is too large."""
    path = _path(where)
    words = one_line(str(path))
    try:
        if not path.is_file():
            what = "is a folder" if path.is_dir() else "is no file"
            raise UsageError(f"{words} {what}", remedy="Name a file with a dashboard's JSON.")
        if path.stat().st_size > MOST:
            raise DecodeError(f"the file has more than {MOST:,} bytes")
        return path.read_bytes()
    except OSError as error:
        raise UsageError(f"{words} cannot be read: {error.strerror}") from None
