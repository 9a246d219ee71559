"""A k9s to measure beside hubtui: built once, into the testbed's cache."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from tests.testbed import places

VERSION = "v0.51.0"
_MODULE = f"github.com/derailed/k9s@{VERSION}"


def build() -> Path:
    """The k9s binary, from the cache or, in about five minutes, from the Go module proxy."""
    folder = places.built("k9s", VERSION)
    binary = folder / "k9s"
    if not binary.exists():
        print(f"building k9s {VERSION} (about 5 minutes)", file=sys.stderr, flush=True)
        folder.mkdir(parents=True, exist_ok=True)
        # `go install` also asks for the list of all versions, which not every mirror has.
        asked = ["go", "mod", "download", "-json", _MODULE]
        module = json.loads(subprocess.run(asked, check=True, capture_output=True).stdout)
        # Low priority: a build beside a measurement should not be one of its figures.
        command = ["nice", "-n", "10", "go", "build", "-C", module["Dir"], "-trimpath"]
        flags = f"-s -w -X github.com/derailed/k9s/cmd.version={VERSION}"
        subprocess.run([*command, "-ldflags", flags, "-o", str(binary), "."], check=True)
    return binary
