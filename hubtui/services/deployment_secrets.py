"""Where a release's values are secret because a deployment keeps them in an encrypted file."""

from __future__ import annotations

import logging
from pathlib import Path

from hubtui.clients import repo, value_files
from hubtui.config import Settings
from hubtui.errors import HubtuiError
from hubtui.model import sops_file, values_path
from hubtui.model.deployment import ValueFile

log = logging.getLogger(__name__)


def secret_paths(settings: Settings, release: str) -> frozenset[values_path.Path]:
    """The paths in the release's values that come from the encrypted files, and those named
    secret, of the deployment folder that one is in, else of the configuration.

    No key is needed. What cannot be read tells nothing.
    """
    try:
        documents = [value_files.document(file.path) for file in _files(settings, release)]
    except (HubtuiError, OSError) as error:
        log.info("secrets of the deployment are not known: %s", type(error).__name__)
        return frozenset()
    return frozenset[values_path.Path]().union(*map(sops_file.secret_paths, documents))


def _files(settings: Settings, release: str) -> list[ValueFile]:
    root = repo.find(Path.cwd())
    if root is None:
        found = repo.configured_files(settings)
    else:
        named = repo.named_after(root, release)
        found = repo.value_files(root, *named) if named else ()
    return [file for file in found if file.encrypted or file.named_secret]
