"""How KWOK plays the kubelet for pods: pulling, starting, and the ways in which pods go wrong.

A pod's annotation `testbed.hubtui/stage` chooses what goes wrong with it, and taking the annotation
away mends it; an image with `missing` in its name cannot be pulled, one with `slow` takes long. One
stage at most matches a pod at any time, because KWOK chooses among several by chance.
"""

from collections.abc import Sequence
from typing import Any

STAGE = "testbed.hubtui/stage"
PULL_DELAY = "testbed.hubtui/pull-delay"  # a Go duration: how long each image takes to pull
RESTART_DELAY = "testbed.hubtui/restart-delay"  # how long a crashed container is backed off
MISSING = "missing"  # in an image's name: no registry has it
SLOW = "slow"  # in the name of an init step's image: it takes SLOWLY to pull
SLOWLY = 20  # seconds

FAILURES = (
    "image-pull-backoff",
    "no-volume",  # its claim's disk does not come, so its containers are not created
    "init-stuck",
    "crash-loop",
    "oom-loop",
    "oom-killed",
    "never-ready",
    "evicted",
    "stuck-terminating",
)

# jq: what goes wrong with this pod, or "none".
_FAILURE = f"""\
.metadata.annotations["{STAGE}"] //
(if ([.spec.containers[].image, (.spec.initContainers // [])[].image] | any(test("{MISSING}")))
 then "image-pull-backoff" else "none" end)"""
# jq: whether the pod is seen pulling, step by step.
_STEPS = f"""\
((.spec.initContainers // []) | length > 0) or (.metadata.annotations["{PULL_DELAY}"] != null)"""
# jq: how long the image takes that is pulled next, or nothing.
_PULLED_IN = f"""\
.metadata.annotations["{PULL_DELAY}"] //
(if ([.status.initContainerStatuses[]? | select(.state.terminated == null)][0].image // ""
     | test("{SLOW}")) then "{SLOWLY}s" else null end)"""
_READY = '.status.conditions.[] | select(.type == "Ready") | .status'
_WAITING = ".status.containerStatuses.[0].state.waiting.reason"
_INITIALIZED = '.status.conditions.[] | select(.type == "Initialized") | .status'
_SINCE = "lastTransitionTime: {{ $now | Quote }}"
_GOOD = ("none", "oom-killed", "stuck-terminating")

Requirement = tuple[str, str, Sequence[str]]

_KNOWN = """\
{{ $now := Now }}
{{ $root := . }}
{{ $old := .status.containerStatuses }}
hostIP: {{ NodeIPWith .spec.nodeName | Quote }}
startTime: {{ or .status.startTime $now | Quote }}
"""
_HEAD = (
    _KNOWN
    + """\
{{ $ip := .status.podIP }}
{{ if not $ip }}
{{ $ip = PodIPWith .spec.nodeName (or .spec.hostNetwork false) .metadata.uid .metadata.name
   .metadata.namespace }}
{{ end }}
podIP: {{ $ip | Quote }}
podIPs:
- ip: {{ $ip | Quote }}
"""
)


def _conditions(initialized: bool, ready: bool, sandbox: bool = True) -> str:
    """The conditions of a pod; a kubelet writes all of them at once."""
    rows = [("PodReadyToStartContainers", sandbox, "Created")]
    rows += [("Initialized", initialized, "Initialized")]
    rows += [("Ready", ready, "Ready"), ("ContainersReady", ready, "Ready")]
    text = "conditions:\n"
    for kind, good, what in rows:
        text += f'- type: {kind}\n  status: "{good}"\n  {_SINCE}\n'
        if not good:
            text += f"  reason: ContainersNot{what}\n  message: containers with unready status\n"
    return text


def _containers(key: str, state: str, ready: bool, restarts: str = "", last: str = "") -> str:
    """The statuses of the containers; the list is atomic, so the old counts are written again."""
    spec = "initContainers" if key == "initContainerStatuses" else "containers"
    return f"""\
{key}:
{{{{ range $index, $item := .spec.{spec} }}}}
{{{{ $was := dict }}}}
{{{{ if $old }}}}{{{{ $was = index $old $index }}}}{{{{ end }}}}
- name: {{{{ $item.name | Quote }}}}
  image: {{{{ $item.image | Quote }}}}
  imageID: {{{{ printf "%s@sha256:%s" $item.image (sha256sum $item.image) | Quote }}}}
  {{{{ $id := sha256sum (print $root.metadata.uid $item.name) }}}}
  containerID: {{{{ printf "kwok://%s" $id | Quote }}}}
  ready: {str(ready).lower()}
  started: {str(ready).lower()}
  restartCount: {{{{ {restarts or "int (or $was.restartCount 0)"} }}}}
  state: {state}
  lastState: {last or "{{ or $was.lastState dict | toJson }}"}
{{{{ end }}}}
"""


_RUNNING = "{running: {startedAt: {{ $now | Quote }}}}"
_MORE = "add1 (int (or $was.restartCount 0))"


def _waiting(reason: str, message: str = "") -> str:
    return f'{{waiting: {{reason: {reason}, message: "{message}"}}}}'


def _dead(reason: str, code: int) -> str:
    times = "startedAt: {{ $now | Quote }}, finishedAt: {{ $now | Quote }}"
    return f"{{terminated: {{reason: {reason}, exitCode: {code}, {times}}}}}"


def _all_init_done() -> str:
    head = "{{ $old = .status.initContainerStatuses }}\n{{ if .spec.initContainers }}\n"
    body = _containers("initContainerStatuses", _dead("Completed", 0), ready=True)
    return head + body + "{{ end }}\n{{ $old = .status.containerStatuses }}\n"


def _init_step(running: bool) -> str:
    """Moves the first init container that has not ended one step on; the others stay."""
    step = _RUNNING if running else _dead("Completed", 0)
    return f"""\
{{{{ $now := Now }}}}
{{{{ $moved := false }}}}
{{{{ $left := 0 }}}}
initContainerStatuses:
{{{{ range $was := .status.initContainerStatuses }}}}
- name: {{{{ $was.name | Quote }}}}
  image: {{{{ $was.image | Quote }}}}
  restartCount: {{{{ int (or $was.restartCount 0) }}}}
{{{{ if and $was.state.terminated (eq (toString $was.state.terminated.reason) "Completed") }}}}
  ready: true
  imageID: {{{{ $was.imageID | Quote }}}}
  state: {{{{ $was.state | toJson }}}}
{{{{ else if $moved }}}}
{{{{ $left = add1 $left }}}}
  ready: false
  imageID: ""
  state: {_waiting("PodInitializing")}
{{{{ else }}}}
{{{{ $moved = true }}}}
  ready: {str(not running).lower()}
  imageID: {{{{ printf "%s@sha256:%s" $was.image (sha256sum $was.image) | Quote }}}}
  state: {step}
{{{{ end }}}}
{{{{ end }}}}
"""


_INITIALIZED_NOW = """\
{{ if eq (int $left) 0 }}
conditions:
- type: Initialized
  status: "True"
  lastTransitionTime: {{ $now | Quote }}
{{ end }}
"""
_CREATED = (
    _HEAD
    + """\
{{ if .spec.initContainers }}
"""
    + _conditions(initialized=False, ready=False)
    + _containers("initContainerStatuses", _waiting("PodInitializing"), ready=False)
    + _containers("containerStatuses", _waiting("PodInitializing"), ready=False)
    + "{{ else }}\n"
    + _conditions(initialized=True, ready=False)
    + _containers("containerStatuses", _waiting("ContainerCreating"), ready=False)
    + "{{ end }}\nphase: Pending\n"
)
_UNMOUNTED = (
    _KNOWN
    + _conditions(initialized=True, ready=False, sandbox=False)
    + _containers("containerStatuses", _waiting("ContainerCreating"), ready=False)
    + "phase: Pending\n"
)
# In containerd's words: as of a tag that no registry has.
_PULL_BACKOFF = (
    "{waiting: {reason: ImagePullBackOff, message: {{ replace `IMAGE` $item.image "
    '`Back-off pulling image "IMAGE": ErrImagePull: rpc error: code = NotFound desc = failed to '
    'pull and unpack image "IMAGE": failed to resolve reference "IMAGE": IMAGE: not found`'
    " | Quote }}}}"
)


def _found(variable: str, where: str) -> str:
    """Sets a variable to whether a container there has an image that nobody has."""
    tested = f'{{{{ if contains "{MISSING}" .image }}}}{{{{ {variable} = true }}}}{{{{ end }}}}'
    return f"{{{{ {variable} := false }}}}\n{{{{ range {where} }}}}\n{tested}\n{{{{ end }}}}\n"


# The steps before the first that cannot be pulled are through, those after it wait.
_INIT_PULL_FAILS = f"""\
{{{{ $failed := false }}}}
initContainerStatuses:
{{{{ range $item := .spec.initContainers }}}}
- name: {{{{ $item.name | Quote }}}}
  image: {{{{ $item.image | Quote }}}}
  restartCount: 0
{{{{ if $failed }}}}
  ready: false
  imageID: ""
  state: {_waiting("PodInitializing")}
{{{{ else if or (not $early) (contains "{MISSING}" $item.image) }}}}
{{{{ $failed = true }}}}
  ready: false
  imageID: ""
  state: {_PULL_BACKOFF}
{{{{ else }}}}
  ready: true
  imageID: {{{{ printf "%s@sha256:%s" $item.image (sha256sum $item.image) | Quote }}}}
  state: {_dead("Completed", 0)}
{{{{ end }}}}
{{{{ end }}}}
"""
_PULL_FAILS = (
    _HEAD
    + _found("$early", ".spec.initContainers")
    + _found("$late", ".spec.containers")
    + "{{ if and .spec.initContainers (or $early (not $late)) }}\n"
    + _conditions(initialized=False, ready=False)
    + _INIT_PULL_FAILS
    + _containers("containerStatuses", _waiting("PodInitializing"), ready=False)
    + "{{ else }}\n"
    + _all_init_done()
    + _conditions(initialized=True, ready=False)
    + _containers("containerStatuses", _PULL_BACKOFF, ready=False)
    + "{{ end }}\nphase: Pending\n"
)


def _up(state: str, ready: bool, restarts: str = "", last: str = "") -> str:
    """A pod whose containers have been started at least once."""
    return (
        _HEAD
        + _all_init_done()
        + _conditions(initialized=True, ready=ready)
        + _containers("containerStatuses", state, ready, restarts, last)
        + "phase: Running\n"
    )


_EVICTED = """\
phase: Failed
reason: Evicted
message: "The node was low on resource: memory."
containerStatuses: []
"""
_SUCCEEDED = _HEAD + _containers("containerStatuses", _dead("Completed", 0), ready=False)


def _stage(
    name: str,
    status: str,
    *requirements: Requirement,
    failures: Sequence[str] = _GOOD,
    delay: int = 0,
    delay_from: str = "",
    event: tuple[str, str, str] | None = None,
) -> dict[str, Any]:
    """One Stage document: for pods that are not being deleted and go wrong in one of these ways."""
    rows: list[Requirement] = [
        (".metadata.deletionTimestamp", "DoesNotExist", ()),
        (_FAILURE, "In", failures),
        *requirements,
    ]
    spec: dict[str, Any] = {"next": {"statusTemplate": status}}
    if event is not None:
        spec["next"]["event"] = dict(zip(("type", "reason", "message"), event, strict=True))
    if delay:
        spec["delay"] = {"durationMilliseconds": delay}
    if delay_from:
        spec["delay"]["durationFrom"] = {"expressionFrom": delay_from}
    return _document(name, rows, spec)


def _annotated(name: str) -> str:
    """jq: what an annotation says."""
    return f'.metadata.annotations["{name}"]'


def _document(name: str, rows: Sequence[Requirement], spec: dict[str, Any]) -> dict[str, Any]:
    match = [
        {"key": key, "operator": operator, **({"values": list(values)} if values else {})}
        for key, operator, values in rows
    ]
    return {
        "apiVersion": "kwok.x-k8s.io/v1alpha1",
        "kind": "Stage",
        "metadata": {"name": name},
        "spec": {
            "resourceRef": {"apiGroup": "v1", "kind": "Pod"},
            "selector": {"matchExpressions": match},
            **spec,
        },
    }


def _starting() -> list[dict[str, Any]]:
    """Pending to Ready: at once, or step by step where images are pulled."""
    pending: Requirement = (".status.phase", "In", ("Pending",))
    unready: Requirement = (_READY, "NotIn", ("True",))
    fast: Requirement = (_STEPS, "In", ("false",))
    slow: Requirement = (_STEPS, "In", ("true",))
    init_running: Requirement = (".status.initContainerStatuses.[].state.running", "Exists", ())
    init_waits: Requirement = (".status.initContainerStatuses.[].state.waiting", "Exists", ())
    init_idle: Requirement = (".status.initContainerStatuses.[].state.running", "DoesNotExist", ())
    created: Requirement = (".status.podIP", "Exists", ())
    uncreated: Requirement = (".status.podIP", "DoesNotExist", ())
    started = _up(_RUNNING, ready=True)
    pulling = ("Normal", "Pulling", "Pulling image")
    return [
        _stage("pod-ready", started, pending, unready, fast,
               event=("Normal", "Started", "Started container")),
        _stage("pod-create", _CREATED, pending, uncreated, slow, delay=100, event=pulling,
               failures=(*_GOOD, "init-stuck")),
        _stage("pod-pulled", _init_step(running=True), pending, created, init_idle, init_waits,
               delay=400, delay_from=_PULLED_IN, event=("Normal", "Pulled", "Pulled image")),
        _stage("pod-init-done", _init_step(running=False) + _INITIALIZED_NOW, pending,
               init_running, delay=150),
        _stage("pod-started", started, pending, slow, created, (_INITIALIZED, "In", ("True",)),
               unready, delay=250, delay_from=_annotated(PULL_DELAY),
               event=("Normal", "Started", "Started container")),
        _stage("pod-mended", started, (".status.phase", "In", ("Running",)), unready),
    ]  # fmt: skip


def _failing() -> list[dict[str, Any]]:
    """The ways of `FAILURES`."""
    pending: Requirement = (".status.phase", "In", ("Pending",))
    alive: Requirement = (".status.phase", "In", ("Pending", "Running"))
    looping: Requirement = (_WAITING, "In", ("CrashLoopBackOff",))
    unlooped: Requirement = (_WAITING, "NotIn", ("CrashLoopBackOff",))
    backed_off = ".status | [.initContainerStatuses[]?, .containerStatuses[]?] | .[].state.waiting"
    killed = ".status.containerStatuses.[0].lastState.terminated.reason"
    unready = '.status | .phase == "Running" and (.containerStatuses[0].ready | not)'
    wait = _waiting("CrashLoopBackOff", "back-off restarting failed container")
    stages = [
        _stage("pod-pull-fails", _PULL_FAILS, pending,
               (f"{backed_off}.reason", "NotIn", ("ImagePullBackOff",)),
               failures=["image-pull-backoff"], delay=200,
               event=("Warning", "Failed", "Failed to pull image: manifest unknown")),
        _stage("pod-unmounted", _UNMOUNTED, pending, (".status.hostIP", "DoesNotExist", ()),
               failures=["no-volume"]),
        _stage("pod-oom-killed",
               _up(_RUNNING, True, _MORE, _dead("OOMKilled", 137)),
               (_READY, "In", ("True",)), (killed, "NotIn", ("OOMKilled",)),
               failures=["oom-killed"], delay=500,
               event=("Warning", "OOMKilling", "Memory cgroup out of memory")),
        _stage("pod-never-ready", _up(_RUNNING, ready=False), alive, (unready, "In", ("false",)),
               failures=["never-ready"],
               event=("Warning", "Unhealthy", "Readiness probe failed: connection refused")),
        _stage("pod-evicted", _EVICTED, alive, failures=["evicted"],
               event=("Warning", "Evicted", "The node was low on resource: memory.")),
    ]  # fmt: skip
    for name, dead in (("crash", _dead("Error", 1)), ("oom", _dead("OOMKilled", 137))):
        failures = [f"{name}-loop"]
        crash = _up(wait, False, _MORE, dead)
        stages += [
            _stage(f"pod-{name}-loop", crash, alive, unlooped, failures=failures, delay=300,
                   event=("Warning", "BackOff", "Back-off restarting failed container")),
            _stage(f"pod-{name}-again", _up(_RUNNING, ready=False), looping, failures=failures,
                   delay=10_000, delay_from=_annotated(RESTART_DELAY)),
        ]  # fmt: skip
    return stages


def _ending() -> list[dict[str, Any]]:
    """Job pods complete, but for the awaiter, which really waits; deleted pods go."""
    of_a_job: Requirement = (".metadata.ownerReferences.[].kind", "In", ("Job",))
    awaiter = '.metadata.labels["batch.kubernetes.io/job-name"]'
    gone: Sequence[Requirement] = (
        (".metadata.deletionTimestamp", "Exists", ()),
        (".metadata.finalizers", "DoesNotExist", ()),
        (_FAILURE, "NotIn", ("stuck-terminating",)),
    )
    delete = {"delay": {"durationMilliseconds": 200}, "next": {"delete": True}}
    return [
        _stage("pod-complete", _SUCCEEDED + "phase: Succeeded\n", of_a_job,
               (_READY, "In", ("True",)), (".status.phase", "In", ("Running",)),
               (awaiter, "NotIn", ("hook-image-awaiter",)), delay=500),
        _document("pod-delete", gone, delete),
    ]  # fmt: skip


def documents() -> list[dict[str, Any]]:
    """All Stage documents for pods."""
    return [*_starting(), *_failing(), *_ending()]
