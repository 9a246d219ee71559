"""Days that a Prometheus is to remember: samples as OpenMetrics text, and blocks made of it.

    past = [
        ({"__name__": "kubelet_volume_stats_used_bytes", "namespace": "hub"}, [(at, 1.5e9), …]),
    ]

What is left out is a gap, and a value below the one before it a reset or what somebody deleted.
`promtool` reads the text once for each two hours that it spans: a week of a few thousand samples
costs a second or two, so tell an hour by few samples.
"""

from __future__ import annotations

import subprocess
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path

from tests.testbed.errors import TestbedError

Points = Sequence[tuple[datetime, float]]
Past = Iterable[tuple[Mapping[str, str], Points]]
"""Labels, `__name__` among them, and what was measured when."""


def open_metrics(past: Past) -> str:
    """The text of OpenMetrics 1.0: times in seconds, and an end that says so."""
    return "\n".join([*_lines(past), "# EOF", ""])


def _lines(past: Past) -> Iterator[str]:
    for labels, points in past:
        name = labels["__name__"]
        told = ",".join(f'{key}="{quoted(labels[key])}"' for key in labels if key != "__name__")
        for at, value in points:
            yield f"{name}{{{told}}} {value} {at.timestamp():.3f}"


def quoted(value: str) -> str:
    """A label's value as both text formats write it between quotes."""
    return value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


def write_blocks(promtool: str, past: Past, data: Path) -> None:
    """Adds blocks to the data folder of a Prometheus that does not run."""
    text = data.with_suffix(".openmetrics")
    text.write_text(open_metrics(past))
    command = [promtool, "tsdb", "create-blocks-from", "openmetrics", "--quiet"]
    command += [str(text), str(data)]
    done = subprocess.run(command, text=True, capture_output=True, check=False)
    if done.returncode:
        raise TestbedError(f"promtool made no blocks: {done.stdout}{done.stderr}")
    text.unlink()
