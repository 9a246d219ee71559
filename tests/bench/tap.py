"""Reads a pty and stamps each piece with the time of the read. Runs as a process of its own.

Rendering a screen is slow in Python; in here it would delay the reads, and so both the stamps and
the program that is measured. Standard library only, started with `-S -E`: MASTER OUT.
"""

from __future__ import annotations

import os
import select
import struct
import sys
import time

FRAME = struct.Struct("<dI")
"""Before each piece: seconds of CLOCK_MONOTONIC (so `time.perf_counter`), its length."""


def pump(master: int, out: int) -> None:
    """Copy until the pty ends; never waits for the reader, so never holds the program up."""
    os.set_blocking(out, False)
    waiting = bytearray()
    is_open = True
    while is_open or waiting:
        readable, writable, _ = select.select(
            [master] if is_open else [], [out] if waiting else [], []
        )
        if readable:
            try:
                data = os.read(master, 1 << 16)
            except OSError:  # EIO: the last process with the terminal has ended
                data = b""
            is_open = bool(data)
            if data:
                waiting += FRAME.pack(time.perf_counter(), len(data)) + data
        if writable:
            try:
                del waiting[: os.write(out, waiting[: 1 << 16])]
            except BrokenPipeError:
                return


if __name__ == "__main__":
    pump(int(sys.argv[1]), int(sys.argv[2]))
