"""What repo2docker would build from a folder."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

_FROM: Final = re.compile(r"^\s*FROM\s+(?:--\S+\s+)*(?P<image>\S+)", re.MULTILINE | re.IGNORECASE)

FOLDERS: Final = ("binder", ".binder")
"""Where repo2docker looks for its files; only where neither is there, in the folder itself."""

FILES: Final = (
    "Dockerfile",
    "environment.yml",
    "Pipfile",
    "Pipfile.lock",
    "requirements.txt",
    "pyproject.toml",
    "setup.py",
    "Project.toml",
    "REQUIRE",
    "install.R",
    "DESCRIPTION",
    "default.nix",
    "apt.txt",
    "runtime.txt",
    "postBuild",
    "start",
)
"""The files that it reads (repo2docker's documentation, "Configuration files")."""


@dataclass(frozen=True, slots=True)
class ImagePlan:
    """`files` are those it reads, `said` its own words; `buildpack` is "" where it did not say."""

    folder: str
    dockerfile: str
    buildpack: str = ""
    version: str = ""
    files: tuple[str, ...] = ()
    said: tuple[str, ...] = ()

    @property
    def base(self) -> str:
        """The image that it starts from; "" when there is none."""
        found = _FROM.search(self.dockerfile)
        return found["image"] if found else ""
