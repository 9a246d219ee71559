"""Where a release's values are secret because a deployment keeps them in an encrypted file."""

from __future__ import annotations

import logging
from pathlib import Path

from hubtui.clients import repo, sops, value_files
from hubtui.config import Settings
from hubtui.errors import HubtuiError
from hubtui.model import sops_file, values_path

log = logging.getLogger(__name__)


def secret_paths(settings: Settings, release: str) -> frozenset[values_path.Path]:
    """The paths in the release's values that come from the encrypted files, and those named
    secret, of the deployment folder that one is in, else of the configuration.

    No key is needed. A file that cannot be read tells nothing.
    """
    try:
        paths = repo.value_paths(settings, Path.cwd(), release)
    except (HubtuiError, OSError) as error:
        log.info("the deployment's secrets are not known: %s", type(error).__name__)
        return frozenset()
    return frozenset[values_path.Path]().union(*map(_of_file, paths))


def _of_file(path: Path) -> frozenset[values_path.Path]:
    try:
        document = value_files.document(path)
    except HubtuiError as error:
        log.info("the secrets of a value file are not known: %s", type(error).__name__)
        return frozenset()
    file = sops.described(path, document)
    secret = file.encrypted or file.named_secret
    return sops_file.secret_paths(document) if secret else frozenset()
