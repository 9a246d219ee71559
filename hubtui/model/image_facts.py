"""What a registry tells of an image: when it was built, from what, how large it is.

Source: the OCI image specification, configuration, manifest and annotations.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final

import msgspec

CREATED: Final = "org.opencontainers.image.created"
REVISION: Final = "org.opencontainers.image.revision"
SOURCE: Final = "org.opencontainers.image.source"
BUILDER: Final = "repo2docker.version"
BUILT_FROM: Final = "repo2docker.repo"
BUILT_REF: Final = "repo2docker.ref"

_NO_DATE: Final = datetime(1990, 1, 1, tzinfo=UTC)
"""Reproducible builds write a date before this instead of none."""


@dataclass(frozen=True, slots=True)
class ImageFacts:
    """One image; `built` is None where it does not say when. `size` counts the packed layers in
    bytes, `platform` is the one that was looked at."""

    built: datetime | None
    digest: str
    size: int
    platform: str
    labels: Mapping[str, str] = field(default_factory=dict)

    @property
    def origin(self) -> str:
        """What it was built from, as far as its labels say: `repo2docker 2026.4.0 of …`."""
        builder, revision = self.labels.get(BUILDER, ""), self.labels.get(REVISION, "")
        words = [f"repo2docker {builder}"] if builder else []
        repo, ref = self.labels.get(BUILT_FROM, ""), self.labels.get(BUILT_REF, "")
        source = repo if repo and repo != "local" else self.labels.get(SOURCE, "")
        if source:
            words.append(f"of {source}")
        commit = ref if ref not in ("", "None") else revision
        if commit:
            words.append(f"at {commit[:12]}")
        return " ".join(words)


def built_at(created: str, told: Mapping[str, str]) -> datetime | None:
    """When an image was built: by its label or annotation, else by its configuration."""
    for text in (told.get(CREATED, ""), created):
        try:
            moment = msgspec.convert(text, datetime)
        except msgspec.ValidationError:
            continue
        if moment.tzinfo is not None and moment > _NO_DATE:
            return moment
    return None
