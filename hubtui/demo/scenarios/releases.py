"""The release of a scenario: what helm stored of each revision, and its objects in the cluster."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any, Final

import yaml

from hubtui.demo.api import writing
from hubtui.demo.api.asked import Target, Writer
from hubtui.demo.objects import resource_of
from hubtui.demo.resources import SECRETS
from hubtui.demo.scenarios.story import Chapter
from hubtui.demo.seed import files
from hubtui.demo.storage import Json, key_of
from hubtui.demo.world import World

TYPE: Final = "helm.sh/release.v1"
HOOK: Final = 4.0
"""Seconds that a hook took."""

_HELM: Final = Writer("helm", force=True)


class Release:
    """The release `name` in a namespace of the same name."""

    def __init__(self, world: World, name: str) -> None:
        self._world = world
        self.name = name
        self._stored: dict[int, Json] = {}

    def begin(self, chapter: Chapter) -> None:
        """A revision is made: its Secret, its objects, and what that makes of those before it."""
        revision = len(self._stored) + 1
        release = self._made(chapter, revision)
        status = release["info"]["status"]
        if status == "deployed":
            self._take_over(release)
        elif chapter.hooks:
            hooks = sorted(release["hooks"], key=lambda each: each.get("weight", 0))
            self._write(_documents(each["manifest"] for each in hooks))
        self._put(revision, release)

    @property
    def is_pending(self) -> bool:
        """Whether helm is still at the newest revision."""
        live = self._world.objects.find(SECRETS, self.name, self._secret(max(self._stored)))
        status = live["metadata"]["labels"]["status"] if live else ""
        return str(status).startswith("pending-")

    def fail(self, words: str) -> None:
        """The newest revision fails, if helm is still at it."""
        if self.is_pending:
            revision = max(self._stored)
            failed = _with_info(self._stored[revision], status="failed", description=words)
            self._put(revision, failed)

    def finish(self) -> None:
        """The hooks of the newest revision are through, if helm is still at it: it goes on."""
        if not self.is_pending:
            return
        revision = max(self._stored)
        release = self._stored[revision]
        for each in _documents(hook["manifest"] for hook in release["hooks"]):
            resource, key = resource_of(each), key_of(self._placed(each))
            if resource is not None and self._world.objects.find(resource, *key) is not None:
                self._world.objects.delete(resource, *key)
        self._take_over(release)
        words = {"status": "deployed", "description": "Upgrade complete"}
        self._put(revision, _with_info(release, **words))

    def _take_over(self, release: Json) -> None:
        """The cluster holds what this revision brings, and the one before is superseded."""
        self._apply(release)
        for number, before in self._stored.items():
            if before["info"]["status"] == "deployed":
                self._put(number, _with_info(before, status="superseded"))

    def _made(self, chapter: Chapter, revision: int) -> Json:
        if chapter.again:
            description = f"Rollback to {chapter.again}"
            seed = _with_info(
                self._stored[chapter.again], status="deployed", description=description
            )
        else:
            seed = files.read(chapter.seed)
        now = self._world.timeline.now
        first = self._stored[1]["info"]["first_deployed"] if self._stored else _stamp(now)
        times = {"first_deployed": first, "last_deployed": _stamp(now)}
        hooks = [_run(hook, now, place) for place, hook in enumerate(seed["hooks"])]
        return {**_with_info(seed, **times), "hooks": hooks, "version": revision}

    def _apply(self, release: Json) -> None:
        """Has the cluster hold the objects of a manifest, and no others of the one before."""
        wanted = _documents([release["manifest"]])
        self._write(wanted, {"meta.helm.sh/release-name": self.name,
                             "meta.helm.sh/release-namespace": self.name})  # fmt: skip
        before = next(
            (each for each in self._stored.values() if each["info"]["status"] == "deployed"), None
        )
        kept = {_identity(each) for each in wanted}
        for each in _documents([before["manifest"]]) if before else ():
            resource = resource_of(each)
            if _identity(each) not in kept and resource is not None:
                self._world.objects.delete(resource, *key_of(self._placed(each)))

    def _write(self, documents: Iterable[Json], annotations: Json | None = None) -> None:
        for each in documents:
            resource = resource_of(each)
            if resource is None:
                continue
            placed = self._placed(each)
            metadata = placed["metadata"]
            if annotations:
                labels = {**(metadata.get("labels") or {}), "app.kubernetes.io/managed-by": "Helm"}
                notes = {**(metadata.get("annotations") or {}), **annotations}
                placed["metadata"] = {**metadata, "labels": labels, "annotations": notes}
            namespace, name = key_of(placed)
            target = Target(resource, namespace, name, "")
            body = json.dumps(placed).encode()
            writing.patch(self._world, target, body, writing.APPLY[0], _HELM)

    def _placed(self, thing: Json) -> Json:
        resource = resource_of(thing)
        if resource is None or not resource.namespaced:
            return dict(thing)
        return {**thing, "metadata": {**thing["metadata"], "namespace": self.name}}

    def _put(self, revision: int, release: Json) -> None:
        """Stores a revision as helm does: labels are replaced at each change (facts.md §5.1)."""
        is_new = revision not in self._stored
        self._stored[revision] = release
        at = str(int(self._world.timeline.now.timestamp()))
        labels = {
            "name": self.name,
            "owner": "helm",
            "status": release["info"]["status"],
            "version": str(revision),
            ("createdAt" if is_new else "modifiedAt"): at,
        }
        name, data = self._secret(revision), {"release": files.encoded(release)}
        if not is_new:

            def change(secret: Json) -> None:
                secret["metadata"]["labels"], secret["data"] = labels, data

            self._world.objects.change(SECRETS, self.name, name, change)
            return
        metadata = {"name": name, "namespace": self.name, "labels": labels}
        self._world.objects.create(SECRETS, {"metadata": metadata, "type": TYPE, "data": data})

    def _secret(self, revision: int) -> str:
        return f"sh.helm.release.v1.{self.name}.v{revision}"


def _stamp(when: datetime) -> str:
    return when.isoformat(timespec="seconds").replace("+00:00", "Z")


def _with_info(release: Json, **info: Any) -> Json:
    return {**release, "info": {**release["info"], **info}}


def _run(hook: Json, now: datetime, place: int) -> Json:
    """A hook with the times of its run; one that did not run has none."""
    if not hook["last_run"]["phase"]:
        return {**hook, "last_run": {}}
    begun = now + timedelta(seconds=place * HOOK)
    ended = begun + timedelta(seconds=HOOK)
    times = {"started_at": _stamp(begun), "completed_at": _stamp(ended)}
    return {**hook, "last_run": {**times, "phase": hook["last_run"]["phase"]}}


def _documents(manifests: Iterable[str]) -> tuple[Json, ...]:
    return _read("\n---\n".join(manifests))


@lru_cache(maxsize=8)
def _read(text: str) -> tuple[Json, ...]:
    """The documents of a text, not to be changed: one is asked for again with the next revision."""
    return tuple(each for each in yaml.load_all(text, Loader=yaml.CSafeLoader) if each)


def _identity(thing: Json) -> tuple[str, str, str]:
    return thing["apiVersion"], thing["kind"], thing["metadata"]["name"]
