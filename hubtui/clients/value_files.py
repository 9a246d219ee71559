"""Files of YAML: those of values as helm reads them, and those that tell of a deployment."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, Final

from hubtui.errors import DecodeError
from hubtui.model.yaml_text import YamlError, load, load_exact

_CONFLICT: Final = re.compile(r"^(?:<{7}|>{7})(?: |$)", re.MULTILINE)


def document(path: str | Path) -> dict[str, Any]:
    """The values of one file, their texts as they are. Raises DecodeError with file and line."""
    text = _text(Path(path))
    try:
        return mapping(load_exact(text), path)
    except YamlError as error:
        raise _broken(path, text, error) from None


def harmless(path: str | Path) -> dict[str, Any]:
    """The same of a file that is for hubtui and its screen: its texts made harmless. Raises
    DecodeError with file and line."""
    text = _text(Path(path))
    try:
        return mapping(load(text), path)
    except YamlError as error:
        raise _broken(path, text, error) from None


def mapping(values: Any, path: str | Path) -> dict[str, Any]:
    """What was read from the file, as a map; an empty file holds none. Raises DecodeError."""
    if values is None:
        return {}
    if not isinstance(values, dict):
        raise DecodeError(
            f"{path} holds no values: it has to be a map of names to values",
            remedy="Mend it, then plan again.",
        )
    return values


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise DecodeError(f"{path} is no text in UTF-8") from None
    except OSError as error:
        raise DecodeError(
            f"{path} cannot be read: {error.strerror or error}",
            remedy="Check the name, and where hubtui was started.",
        ) from None


def _broken(path: str | Path, text: str, error: YamlError) -> DecodeError:
    conflict = _CONFLICT.search(text)
    if conflict is not None:
        line = text.count("\n", 0, conflict.start()) + 1
        return DecodeError(
            f"{path}, line {line}: a merge of git left its conflict there",
            remedy="Resolve it, then plan again: git status names such files.",
        )
    where = f"{path}, line {error.line}" if error.line else str(path)
    return DecodeError(
        f"{where}: not valid YAML: {error.problem}", remedy="Mend it, then plan again."
    )
