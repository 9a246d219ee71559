"""PromQL's text as tokens, each made when the parser comes to it.

Source: Prometheus 2.42, promql/parser/lex.go, whose messages these are.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Final, NamedTuple

from hubtui.demo.prometheus.promql.words import AGGREGATIONS, KEYWORDS, NUMBERS, WORD_OPERATORS
from hubtui.demo.prometheus.refusals import QueryRefusedError

_SPACE: Final = re.compile(r"(?:[ \t\n\r]+|#[^\r\n]*)*")
_IDENTIFIER: Final = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*", re.ASCII)
_NAME: Final = re.compile(r"[a-zA-Z_:][a-zA-Z0-9_:]*", re.ASCII)
_NUMBER: Final = re.compile(
    r"(?:0[xX][0-9a-fA-F]++|(?:\d++\.?+\d*+|\.\d++)(?:[eE][+-]?\d++)?+)(?![a-zA-Z0-9_])", re.ASCII
)
DURATION: Final = re.compile(
    r"(?=\d)(?:\d+y)?(?:\d+w)?(?:\d+d)?(?:\d+h)?(?:\d+m(?!s))?(?:\d+s)?(?:\d+ms)?(?![a-zA-Z0-9_])",
    re.ASCII,
)
_PART: Final = re.compile(r"(\d+)(ms|[smhdwy])", re.ASCII)
_DIGITS: Final = re.compile(r"[\d.]*", re.ASCII)
_WORDY: Final = re.compile(r"[a-zA-Z0-9_.]*", re.ASCII)
_OPERATOR: Final = re.compile(r"==|!=|<=|>=|[-+*/%^<>=,()\[\]{}@]")
_MATCHING: Final = re.compile(r"=~|!~|!=|=|,|}")
_STRING: Final = re.compile(r"\"(?:[^\"\\\n]|\\.)*\"|'(?:[^'\\\n]|\\.)*'|`[^`]*`")
_ESCAPE: Final = re.compile(
    r"\\(?:x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|([0-7]{3})|(.))", re.DOTALL
)
_SINGLE: Final = {"a": "\a", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"}
_MILLIS: Final = {
    "ms": 1, "s": 1000, "m": 60_000, "h": 3_600_000, "d": 86_400_000,
    "w": 604_800_000, "y": 31_536_000_000,
}  # fmt: skip

END: Final = "end"
_DESCRIBED: Final = {
    "identifier": "identifier",
    "metric": "metric identifier",
    "string": "string",
    "number": "number",
    "duration": "duration",
}


class Token(NamedTuple):
    """A word: its kind (the operator itself for one), its text, and where it begins."""

    kind: str
    text: str
    at: int

    def described(self) -> str:
        """What a message calls it."""
        if self.kind == END:
            return "end of input"
        if self.kind in _DESCRIBED:
            return f"{_DESCRIBED[self.kind]} {_quoted(self.text, self.kind)}"
        if self.kind == "keyword":
            return f"<{self.text}>"
        if self.kind == "aggregation":
            return f"<aggr:{self.text}>"
        is_operator = self.kind not in ",()[]{}:="
        return f"<op:{self.text}>" if is_operator else f'"{self.text}"'


def _quoted(text: str, kind: str) -> str:
    if len(text) > 10 and kind not in ("identifier", "metric"):
        return f"{json.dumps(text[:10], ensure_ascii=False)}..."
    return json.dumps(text, ensure_ascii=False)


def wrong(text: str, at: int, words: str) -> QueryRefusedError:
    """What cannot be parsed, with its place as Prometheus writes it."""
    before = text[:at]
    where = f"{before.count(chr(10)) + 1}:{at - (before.rfind(chr(10)) + 1) + 1}"
    return QueryRefusedError(
        "bad_data", f"{where if text else 'unknown position'}: parse error: {words}"
    )


def millis(duration: str) -> int:
    """A duration in milliseconds."""
    return sum(int(number) * _MILLIS[unit] for number, unit in _PART.findall(duration))


def tokens(text: str) -> Iterator[Token]:
    """The tokens, an END at last. Raises QueryRefusedError where it comes to what is none."""
    return _Lexer(text).tokens()


class _Lexer:
    def __init__(self, text: str) -> None:
        self._text, self._at = text, 0
        self._open = 0
        self._in_brackets = self._had_colon = False

    def tokens(self) -> Iterator[Token]:
        while True:
            self._take(_SPACE)
            if self._at == len(self._text):
                yield self._end()
                continue
            token = self._one()
            yield token
            if token.kind == "{":
                yield from self._braces()
            elif token.kind == "[":
                yield self._bracket()

    def _end(self) -> Token:
        if self._open:
            raise self._wrong("unclosed left parenthesis")
        if self._in_brackets:
            raise self._wrong("unclosed left bracket")
        return Token(END, "", self._at)

    def _one(self) -> Token:
        begun, letter = self._at, self._text[self._at]
        if letter.isdigit() or (letter == "." and self._text[begun + 1 : begun + 2].isdigit()):
            return self._number()
        if letter in "\"'`":
            return self._string()
        if letter == ":" and self._in_brackets:
            return self._colon()
        word = self._take(_NAME)
        if word:
            return _worded(word, begun)
        operator = self._take(_OPERATOR)
        if not operator or (operator == "=" and self._text[self._at : self._at + 1] == "~"):
            raise self._no_operator(letter, begun)
        if operator in "()":
            self._open += 1 if operator == "(" else -1
            if self._open < 0:
                raise self._wrong("unexpected right parenthesis ')'")
        elif operator == "}":
            raise self._no_operator(letter, begun)
        elif operator in "[]":
            if (operator == "[") is self._in_brackets:
                side = "left" if operator == "[" else "right"
                self._at = begun
                raise self._wrong(f"unexpected {side} bracket '{operator}'")
            self._in_brackets, self._had_colon = operator == "[", False
        return Token(operator, operator, begun)

    def _colon(self) -> Token:
        begun = self._at
        if self._had_colon:
            raise self._wrong("unexpected colon ':'")
        self._had_colon = True
        self._at += 1
        return Token(":", ":", begun)

    def _no_operator(self, letter: str, begun: int) -> QueryRefusedError:
        self._at = begun
        if letter in "=!":
            after = self._text[begun + 1 : begun + 2]
            shown = f"'{after}'" if after else "'\\uffff'"
            return self._wrong(f"unexpected character after '{letter}': {shown}")
        return self._wrong(f"unexpected character: '{letter}'")

    def _number(self) -> Token:
        begun = self._at
        number = self._take(_NUMBER)
        if number:
            return Token("number", number, begun)
        duration = self._take(DURATION)
        if duration:
            return Token("duration", duration, begun)
        bad = self._take(_DIGITS)
        self._at = begun
        raise self._wrong(f'bad number or duration syntax: "{bad}"')

    def _bracket(self) -> Token:
        self._take(_SPACE)
        begun = self._at
        duration = self._take(DURATION)
        if duration:
            return Token("duration", duration, begun)
        number, more = self._take(_DIGITS), self._take(_WORDY)
        self._at = begun
        if not more:
            raise self._wrong("missing unit character in duration")
        raise self._wrong(f'bad duration syntax: "{number}"')

    def _braces(self) -> Iterator[Token]:
        while True:
            self._take(_SPACE)
            begun, letter = self._at, self._text[self._at : self._at + 1]
            if not letter:
                raise self._wrong("unexpected end of input inside braces")
            if letter in "\"'`":
                yield self._string()
                continue
            name = self._take(_IDENTIFIER)
            if name:
                yield Token("identifier", name, begun)
                continue
            operator = self._take(_MATCHING)
            if not operator:
                raise self._no_matching(letter)
            yield Token(operator, operator, begun)
            if operator == "}":
                return

    def _no_matching(self, letter: str) -> QueryRefusedError:
        if letter == "{":
            return self._wrong("unexpected left brace '{'")
        if letter == "!":
            after = self._text[self._at + 1 : self._at + 2]
            return self._wrong(f"unexpected character after '!' inside braces: '{after}'")
        return self._wrong(f"unexpected character inside braces: '{letter}'")

    def _string(self) -> Token:
        begun = self._at
        written = self._take(_STRING)
        if not written:
            if self._text.endswith("\\"):
                raise self._wrong("escape sequence not terminated")
            kind = "raw" if self._text[begun] == "`" else "quoted"
            raise self._wrong(f"unterminated {kind} string")
        return Token("string", written, begun)

    def _wrong(self, words: str) -> QueryRefusedError:
        return wrong(self._text, self._at, words)

    def _take(self, pattern: re.Pattern[str]) -> str:
        found = pattern.match(self._text, self._at)
        if found is None:
            return ""
        self._at = found.end()
        return found.group()


def _worded(word: str, at: int) -> Token:
    lower = word.lower()
    if lower in KEYWORDS:
        return Token("keyword", lower, at)
    if lower in AGGREGATIONS:
        return Token("aggregation", lower, at)
    if lower in WORD_OPERATORS:
        return Token(lower, lower, at)
    if lower in NUMBERS:
        return Token("number", word, at)
    return Token("metric" if ":" in word else "identifier", word, at)


def unquoted(text: str, token: Token) -> str:
    """What a string says. Raises QueryRefusedError."""
    value = token.text[1:-1]
    if token.text[0] == "`":
        return value

    def single(found: re.Match[str]) -> str:
        two, four, eight, octal, letter = found.groups()
        if letter is None:
            number = int(octal, 8) if octal else int(two or four or eight, 16)
            if number < 0x110000:
                return chr(number)
        elif letter in _SINGLE or letter in ("\\", token.text[0]):
            return _SINGLE.get(letter, letter)
        raise wrong(
            text, token.at, f"unknown escape sequence U+{ord(letter or 'x'):04X} '{letter}'"
        )

    return _ESCAPE.sub(single, value)
