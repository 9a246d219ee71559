"""A prepull in words: how far it is, node by node and image by image, and how it ended."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Final

from hubtui.model.age import precise
from hubtui.model.plan import FailedObject, Outcome, Result, Step, StepState
from hubtui.model.prepulling import NodeState
from hubtui.model.pulls import Pull, PullState
from hubtui.services.actions.common import counted
from hubtui.services.actions.prepull_checks import named

if TYPE_CHECKING:
    from hubtui.services.actions.prepull_run import Ended

CLEAN: Final = "hubtui prepull --clean"


def counts(states: Sequence[NodeState]) -> str:
    """How many nodes are through."""
    done, failed = (
        sum(state.done for state in states),
        sum(state.settled and not state.done for state in states),
    )
    words = f"{done} of {counted(len(states), 'node')} {'has' if done == 1 else 'have'} all images"
    return f"{words}, {failed} failed" if failed else words


def steps(states: Sequence[NodeState], images: Iterable[str]) -> tuple[Step, ...]:
    """How far each image is."""
    return tuple(_step(states, image) for image in images)


def _step(states: Sequence[NodeState], image: str) -> Step:
    pulls = {state.node: _of(state, image) for state in states}
    done = sum(pull.state is PullState.DONE for pull in pulls.values())
    pulling = [node for node, pull in pulls.items() if pull.state is PullState.PULLING]
    failed = [state.node for state in states if image in state.given_up]
    words = []
    if failed:
        words.append(f"failed on {named(failed)}: {_words(pulls[failed[0]])}")
    if pulling:
        words.append(f"pulling on {named(pulling)}")
    state = StepState.WAITING
    if failed:
        state = StepState.STUCK
    elif states and done == len(states):
        state = StepState.DONE
    elif pulling or done:
        state = StepState.MOVING
    return Step("image", image, done, len(states), done, state, "; ".join(words))


def _of(state: NodeState, image: str) -> Pull:
    return next(pull for pull in state.pulls if pull.image == image)


def _words(pull: Pull) -> str:
    """The registry's words; the kubelet's reason changes from try to try."""
    reason, _, words = pull.words.partition(": ")
    return words or reason or "it cannot be pulled"


def node_words(state: NodeState) -> str:
    """What became of one node."""
    if state.done:
        return f"{state.node} has all images"
    if state.failures:
        told = ", ".join(f"{pull.image}: {_words(pull)}" for pull in state.failures)
        return f"{state.node} failed: {told}"
    return f"{state.node} is not waited for: {state.silent}"


def outcome_of(ended: Ended) -> Outcome:
    """How a prepull ended."""
    if ended.refused:
        failed = Outcome(Result.FAILED, f"no image was pulled: {ended.refused}")
        return failed if not ended.left else _with_left(failed, ended)
    states = ended.states
    result, words = _verdict(ended)
    found = Outcome(
        result,
        words,
        failed=tuple(_failed(ended)),
        next_steps=_next(ended),
        notes=tuple(_notes(ended)),
        steps=steps(states, ended.images),
    )
    return _with_left(found, ended) if ended.left else found


def _notes(ended: Ended) -> Iterable[str]:
    if ended.short:
        yield f"what waits behind an image that failed was not brought: {ended.short}"
    if ended.blind:
        yield f"not seen to the end: {ended.blind}"


def _verdict(ended: Ended) -> tuple[Result, str]:
    """How it ended, in a line; a node that is not Ready could not be looked at."""
    states, words = ended.states, counts(ended.states)
    if ended.interrupted:
        return Result.INTERRUPTED, f"ended early: {words}"
    if ended.late:
        return Result.FAILED, f"the time of {precise(ended.seconds)} is over: {words}"
    if not states:
        return Result.FAILED, "no node takes a puller of this release"
    if all(state.done for state in states):
        return Result.OK, f"{_all(ended)} in {precise(ended.seconds)}"
    if all(state.done or state.silent for state in states):
        return Result.UNVERIFIED, f"{words}: not all nodes are Ready"
    return Result.FAILED, words


def _all(ended: Ended) -> str:
    images = counted(len(ended.images), "image")
    if len(ended.states) == 1:
        return f"the node has {images}"
    return f"all {len(ended.states)} nodes have {images}"


def _with_left(outcome: Outcome, ended: Ended) -> Outcome:
    return Outcome(
        Result.FAILED,
        f"{outcome.summary}; its DaemonSet is left: {ended.left}",
        failed=outcome.failed,
        next_steps=(f"{CLEAN} takes it away.", *outcome.next_steps),
        notes=outcome.notes,
        steps=outcome.steps,
    )


def _failed(ended: Ended) -> Iterable[FailedObject]:
    """Each image with the nodes that it failed on for the same reason, then the other nodes."""
    same: dict[tuple[str, str], list[str]] = {}
    for state in ended.states:
        for pull in state.failures:
            same.setdefault((pull.image, _words(pull)), []).append(state.node)
    for (image, words), nodes in same.items():
        yield FailedObject("image", image, f"on {named(nodes)}: {words}")
    if ended.interrupted:
        return
    for state in ended.states:
        if state.done or (state.failures and not state.left):
            continue
        yield FailedObject("node", state.node, state.silent or _unfinished(state))


def _unfinished(state: NodeState) -> str:
    """What a node was at when the time was over."""
    if state.words:
        return state.words
    pull = next((p for p in state.pulls if p.image in state.left), None)
    if pull is None:
        return ""
    more = f": {_words(pull)}" if pull.words else ""
    return f"{pull.state.value} {pull.image}{more}"


def _next(ended: Ended) -> tuple[str, ...]:
    if ended.interrupted or ended.late:
        return ("Prepull again: a node goes on with what it has.",)
    if any(state.failures for state in ended.states):
        return ("Check the image's name and tag, the registry and the pull secrets.",)
    return ()
