"""`doctor`: whether hubtui can work here, and what to mend; asks, and writes nothing."""

from __future__ import annotations

import os
import platform
import shutil
from collections.abc import Iterable

from hubtui import __version__, config
from hubtui.headless.output import Answer, Output, Scope, speaks_utf8
from hubtui.headless.run import Run
from hubtui.headless.text import fact, fitted
from hubtui.model.text import safe
from hubtui.services.doctor import examine
from hubtui.services.doctor_finding import Finding, Verdict
from hubtui.views.cells import SIGN_FINE, SIGN_NOW, SIGN_SOON, Cell, Tone, cell, join
from hubtui.views.document import Hung, heading

_SIGNS = {
    Verdict.OK: (SIGN_FINE, Tone.FINE),
    Verdict.WARN: (SIGN_SOON, Tone.SOON),
    Verdict.FAIL: (SIGN_NOW, Tone.NOW),
}
_NAME_WIDTH = 18
_SLOW = 0.1
"""Seconds from which it is said how long something took."""

_VARIABLES = ("TERM", "COLORTERM", "LANG", "LC_ALL", "LC_CTYPE", "SSH_TTY", "TMUX", "NO_COLOR")


async def doctor(run: Run) -> int:
    """Examines everything; 1 when something fails."""
    findings = [_program(), _terminal(run.out)]
    async for finding in examine(run.settings):
        run.out.progress(f"{finding.name}: {finding.verdict.value}")
        findings.append(finding)
    failed = any(finding.verdict is Verdict.FAIL for finding in findings)
    settings = run.settings
    run.out.show(
        Answer(
            kind="doctor",
            scope=Scope(settings.context, settings.namespace, settings.release),
            body={
                "ok": not failed,
                "items": [_item(finding) for finding in findings],
                "config_file": str(config.config_file()),
                "settings": [
                    {"name": origin.name, "value": origin.value, "source": origin.source}
                    for origin in run.origins
                ],
            },
            lines=lambda width: fitted(_lines(run, findings), width),
        )
    )
    return 1 if failed else 0


def _program() -> Finding:
    words = f"hubtui {__version__}, Python {platform.python_version()}, {platform.platform()}"
    return Finding("program", Verdict.OK, words)


def _terminal(out: Output) -> Finding:
    size = shutil.get_terminal_size()
    known = ", ".join(f"{name}={os.environ[name]}" for name in _VARIABLES if os.environ.get(name))
    where = f"{size.columns}×{size.lines}" if out.terminal else "no terminal"
    utf8 = speaks_utf8(out.out)
    words = f"{where}, {'UTF-8' if utf8 else 'ASCII signs only'}{f' ({known})' if known else ''}"
    if utf8:
        return Finding("terminal", Verdict.OK, words)
    return Finding("terminal", Verdict.WARN, words, "Set LANG to a UTF-8 locale, such as C.UTF-8.")


def _lines(run: Run, findings: Iterable[Finding]) -> Iterable[Cell | Hung]:
    for finding in findings:
        name: Cell = ((f"{finding.name:<{_NAME_WIDTH}}", Tone.PLAIN),)
        words = cell(finding.evidence)
        if finding.seconds is not None and finding.seconds >= _SLOW:
            words = join(words, cell(f"{finding.seconds:.1f} s", Tone.MUTED))
        yield Hung(join((_SIGNS[finding.verdict],), name, words), _NAME_WIDTH + 3)
        blank: Cell = ((" " * (_NAME_WIDTH + 3), Tone.PLAIN),)
        if finding.remedy:
            yield Hung((*blank, *cell(finding.remedy, Tone.ACCENT)), _NAME_WIDTH + 3)
        for line in finding.snippet:
            yield (*blank, (safe(line), Tone.PLAIN))
    given = [origin for origin in run.origins if origin.source != "default"]
    yield ()
    yield heading("Settings that are no defaults (`hubtui config` has all)")
    for origin in given:
        value = join(cell(str(origin.value)), cell(f"from {origin.source}", Tone.MUTED))
        yield fact(f"  {origin.name}", value, 16)
    if not given:
        yield cell("  none", Tone.MUTED)


def _item(finding: Finding) -> dict[str, object]:
    seconds = finding.seconds
    return {
        "name": finding.name,
        "verdict": finding.verdict.value,
        "evidence": finding.evidence,
        "remedy": finding.remedy,
        "snippet": "\n".join(finding.snippet),
        "seconds": None if seconds is None else round(seconds, 3),
    }
