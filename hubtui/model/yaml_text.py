"""YAML as Helm and Kubernetes read it: into JSON's types, with strings made harmless or exact.

PyYAML follows YAML 1.1 where Go's reader (sigs.k8s.io/yaml) does not: there a date is a string,
`1:30` is no number, `1e3` is one, `=` is a string, and `y` and `n` are truths.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import Any

import yaml

from hubtui.model.text import safe

try:
    from yaml import CSafeLoader as _Base
except ImportError:  # PyYAML built without libyaml: ten times slower, the same result
    from yaml import SafeLoader as _Base  # type: ignore[assignment]

MAX_NODES = 500_000
"""How many values one document may expand to: YAML's aliases can multiply without end."""

MAX_DEPTH = 100
"""How deeply values may be nested: libyaml's loader in C ends the process at some depth."""

_DROPPED = {"tag:yaml.org,2002:timestamp", "tag:yaml.org,2002:value"}
_NUMBERS = {"tag:yaml.org,2002:int", "tag:yaml.org,2002:float"}
_TRUE = {"y", "yes", "true", "on"}
_INT = re.compile(
    r"[-+]?0b[0-1_]+|[-+]?0[0-7_]+|[-+]?0o[0-7]+|[-+]?(?:0|[1-9][0-9_]*)"
    r"|[-+]?0x[0-9a-fA-F_]+"
)
_FLOAT = re.compile(
    r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?|[-+]?\.(?:inf|Inf|INF)"
    r"|\.(?:nan|NaN|NAN)"
)


@dataclass(frozen=True, slots=True)
class Repeated:
    """A key that its mapping has already; `line` counts from 1."""

    key: str
    line: int


class YamlError(ValueError):
    """A document that cannot be read; `line` counts from 1, 0 when it is not known."""

    def __init__(self, problem: str, line: int = 0) -> None:
        super().__init__(f"line {line}: {problem}" if line else problem)
        self.problem = problem
        self.line = line


class _Loader(_Base):
    """Notes the keys that come twice in one mapping: PyYAML takes the last, as helm does."""

    def __init__(self, stream: str) -> None:
        super().__init__(stream)
        self.repeated: list[Repeated] = []

    def construct_mapping(self, node: Any, deep: bool = False) -> dict[Any, Any]:
        seen: set[tuple[str, str]] = set()
        for key, _value in node.value if isinstance(node, yaml.MappingNode) else ():
            if not isinstance(key, yaml.ScalarNode) or key.tag == _MERGE:
                continue
            if (key.tag, key.value) in seen:
                self.repeated.append(Repeated(safe(key.value), key.start_mark.line + 1))
            seen.add((key.tag, key.value))
        found: dict[Any, Any] = super().construct_mapping(node, deep)
        return found


_MERGE = "tag:yaml.org,2002:merge"


class _Dumper(getattr(yaml, "CSafeDumper", yaml.SafeDumper)):  # type: ignore[misc]
    def ignore_aliases(self, _data: object) -> bool:
        return True


def _adapt_resolvers() -> None:
    resolvers = {
        first: [(tag, rule) for tag, rule in rules if tag not in _DROPPED | _NUMBERS]
        for first, rules in _Base.yaml_implicit_resolvers.items()
    }
    _Loader.yaml_implicit_resolvers = resolvers
    for tag, rule, first in (
        ("int", _INT, "-+0123456789."),
        ("float", _FLOAT, "-+0123456789."),
        ("bool", re.compile("[yYnN]"), "yYnN"),
    ):
        whole = re.compile(rf"(?:{rule.pattern})\Z")
        for side in (_Loader, _Dumper):  # what is read as a number is quoted where it is a text
            side.add_implicit_resolver(f"tag:yaml.org,2002:{tag}", whole, list(first))


def _float(loader: Any, node: Any) -> float:
    return float(
        loader.construct_scalar(node).lower().replace(".inf", "inf").replace(".nan", "nan")
    )


def _int(loader: Any, node: Any) -> int:
    text = loader.construct_scalar(node).replace("_", "")
    digits = text.lstrip("+-")
    base = {"0x": 16, "0b": 2, "0o": 8}.get(digits[:2], 8 if digits[:1] == "0" else 10)
    number = int(digits, base)
    return -number if text.startswith("-") else number


def _bool(loader: Any, node: Any) -> bool:
    return loader.construct_scalar(node).lower() in _TRUE


def _text(loader: Any, node: Any) -> str:
    return str(loader.construct_scalar(node))


_adapt_resolvers()
_Loader.add_constructor("tag:yaml.org,2002:float", _float)
_Loader.add_constructor("tag:yaml.org,2002:int", _int)
_Loader.add_constructor("tag:yaml.org,2002:bool", _bool)
_Loader.add_constructor("tag:yaml.org,2002:binary", _text)
_Loader.add_constructor("tag:yaml.org,2002:timestamp", _text)


def load(text: str) -> Any:
    """The one document in `text` as JSON's types; raises YamlError."""
    return load_noting(text)[0]


def load_exact(text: str) -> Any:
    """The one document with its strings as they are: for helm, never for a screen. Raises
    YamlError, also for numbers that JSON does not have."""
    return _read(text, _Exact())[0]


def load_noting(text: str) -> tuple[Any, tuple[Repeated, ...]]:
    """The one document, and the keys that come twice in it: the last one counts. Raises
    YamlError."""
    return _read(text, _Plain())


def _read(text: str, plain: _Plain) -> tuple[Any, tuple[Repeated, ...]]:
    try:
        _check_depth(text)
        loader = _Loader(text)
        try:
            value = loader.get_single_data()
        finally:
            loader.dispose()
        return plain.value(value), tuple(loader.repeated)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        problem = (error.problem or error.context or "cannot be read").removeprefix("but ")
        raise YamlError(
            _WORDS_OF_THE_TEXT.sub("", safe(problem)), mark.line + 1 if mark else 0
        ) from None
    except yaml.reader.ReaderError as error:
        line = text.encode(errors="replace")[: error.position].count(b"\n") + 1
        raise YamlError(safe(error.reason), line) from None
    except YamlError:
        raise
    except (yaml.YAMLError, ValueError, TypeError):
        raise YamlError("holds a value that is not what its tag says") from None
    except RecursionError:
        raise YamlError("is nested too deeply, or contains itself") from None


_INDENT = re.compile(r"^[ ?:-]*", re.MULTILINE)


def _check_depth(text: str) -> None:
    """Raises YamlError when the text nests too deeply, before anything recursive reads it."""
    # Each level costs a bracket or a column: most documents are cleared by counting these.
    brackets = text.count("[") + text.count("{")
    if brackets + max(len(indent) for indent in _INDENT.findall(text)) <= MAX_DEPTH:
        return
    depth = 0
    for event in yaml.parse(text, Loader=_Loader):
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
            if depth > MAX_DEPTH:
                mark = event.start_mark
                raise YamlError("is nested too deeply", mark.line + 1 if mark else 0)
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1


_WORDS_OF_THE_TEXT = re.compile(r"(?:(?<= tag)|(?<= alias)|(?<= anchor)) .*", re.DOTALL)
"""What PyYAML quotes of a document in its messages: it may be of a secret."""


class _Plain:
    """Turns what PyYAML built into JSON's types, and bounds what aliases can make of it."""

    def __init__(self) -> None:
        self._left = MAX_NODES

    def value(self, value: object) -> Any:
        self._left -= 1
        if self._left < 0:
            raise YamlError(f"expands to more than {MAX_NODES:,} values")
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, dict):
            return {self._key(key): self.value(item) for key, item in value.items()}
        if isinstance(value, (list, tuple, set)):
            return [self.value(item) for item in value]
        if isinstance(value, float) and not math.isfinite(value):
            return self.no_number(value)
        return value

    def text(self, text: str) -> str:
        return safe(text)

    def no_number(self, value: float) -> Any:
        return str(value)  # JSON has no such number, and nan is not even itself

    def _key(self, key: object) -> str:
        return self.text(key) if isinstance(key, str) else scalar(self.value(key))


class _Exact(_Plain):
    """Leaves texts as they are."""

    def text(self, text: str) -> str:
        return text

    def no_number(self, value: float) -> Any:
        raise YamlError(f"holds {value}, which JSON has no number for")


def dump(value: object) -> str:
    """The value as YAML without the end of its last line: keys in their order, texts of several
    lines as blocks."""
    text: str = yaml.dump(value, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=10_000)
    return text.removesuffix("...\n").removesuffix("\n")


def scalar(value: object) -> str:
    """A value on one line as YAML would write it: quoted only where it would read otherwise."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float)):
        return str(value)
    if isinstance(value, str):
        return _quoted(value)
    text: str = yaml.dump(
        value,
        Dumper=_Dumper,
        sort_keys=False,
        allow_unicode=True,
        default_flow_style=True,
        width=10**9,
    )
    return text.removesuffix("\n...\n").strip()


_BARE = re.compile(r"[A-Za-z0-9_./@•][^\n\"']*")
_WORDS = {"true", "false", "null", "yes", "no", "on", "off", "y", "n", "~"}


def _quoted(text: str) -> str:
    bare = _BARE.fullmatch(text) and not text.endswith(" ")
    other = _INT.fullmatch(text) or _FLOAT.fullmatch(text) or text.lower() in _WORDS
    if bare and not other and ": " not in text and " #" not in text:
        return text
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'


def _block_texts(dumper: Any, text: str) -> Any:
    style = "|" if "\n" in text.strip("\n") else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Dumper.add_representer(str, _block_texts)
