"""Whether what is deployed can be found again in the repository, and how it stands to what runs."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from hubtui.model.deployment import Distance, GitState
from hubtui.model.plan import Check
from hubtui.services.actions.common import counted, ok, stop, warn
from hubtui.services.actions.upgrade_facts import DIGITS, UpgradeFacts, commit_of

NAMED: Final = 4

_DIRTY: Final = re.compile(r"(?P<changed>\d+) changed and not committed")
"""What the description of an upgrade from changed files says (`upgrade_facts.description`)."""


def checks(facts: UpgradeFacts) -> tuple[Check, ...]:
    """The work tree's state, and the commit that runs beside its own; nothing for files of values
    that lie in no work tree."""
    request, git = facts.request, facts.request.work_tree
    if request.no_git:
        return (warn("git", f"? not looked at: {request.no_git}"),)
    if request.deployment is None and git is None:
        return ()
    if git is None and not facts.git_here:
        return (warn("git", "? not looked at: git is not on this machine; install it"),)
    if git is None or not git.commit:
        return (warn("git", "no commit: what is deployed is written down nowhere"),)
    return (_state(git), _running(facts, git))


def _state(git: GitState) -> Check:
    name = "git"
    what = git.unfinished or "merge"
    if git.conflicts:
        files = first_of(git.conflicts)
        return stop(
            name,
            f"a {what} is not finished: conflicts in {files}; resolve them, then "
            f"{_finish(what)}, or git {what} --abort",
        )
    at = f"{git.branch} at {git.commit[:DIGITS]}" if git.branch else git.commit[:DIGITS]
    words = f"{at} by {git.author}: {git.subject}"
    if git.unfinished:
        return stop(
            name,
            f"{words}; a {what} is not finished: {_finish(what)}, or git {what} --abort",
            overridable=True,
        )
    odd = []
    if git.dirty:
        odd.append(f"not committed: {first_of(git.dirty)}")
    if git.behind:
        odd.append(f"{counted(git.behind, 'commit')} behind {git.upstream}")
    if git.ahead:
        odd.append(f"{counted(git.ahead, 'commit')} not pushed to {git.upstream}")
    return warn(name, "; ".join([words, *odd])) if odd else ok(name, words)


def _finish(what: str) -> str:
    return "git commit" if what == "merge" else f"git {what} --continue"


def _running(facts: UpgradeFacts, git: GitState) -> Check:
    """From which commit the revision in force came, if it says so."""
    name, side = "commit that runs", facts.facts.current
    described = side.payload.description if side.payload is not None else ""
    before = commit_of(described)
    revision = f"revision {side.head.revision}"
    if not before:
        return ok(name, f"{revision} does not say from which commit it was deployed")
    words = f"{revision} was deployed from {before[:DIGITS]}"
    changed = _DIRTY.search(described)
    dirty = f", with {changed[0]}" if changed else ""
    if git.commit.startswith(before):
        same = f"{words}, the commit of this folder{dirty}"
        return warn(name, same) if dirty else ok(name, same)
    if facts.distance is None:
        words = f"{words}{dirty}, which this clone does not know: git fetch, or clone it whole"
        return warn(name, words)
    words = f"{words}{dirty}; this folder is {_far(facts.distance)}"
    return warn(name, words) if dirty or facts.distance.behind else ok(name, words)


def _far(distance: Distance) -> str:
    ahead = f"{counted(distance.ahead, 'commit')} ahead of it" if distance.ahead else ""
    if not distance.behind:
        return ahead
    lost = "what it brought" if distance.behind == 1 else "what they brought"
    behind = f"{counted(distance.behind, 'commit')} behind it, and takes {lost} back"
    return f"{ahead} and {behind}" if ahead else behind


def first_of(names: Iterable[str]) -> str:
    """The first names, and how many more there are."""
    found = list(names)
    more = f" and {len(found) - NAMED} more" if len(found) > NAMED else ""
    return f"{', '.join(found[:NAMED])}{more}"
