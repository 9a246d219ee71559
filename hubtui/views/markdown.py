"""Markdown as lines to read. Nothing in it is obeyed: a link shows its address, an image its name,
HTML is text."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from markdown_it import MarkdownIt
from markdown_it.token import Token

from hubtui.model.text import safe
from hubtui.views.cells import EMPTY, Cell, Span, Tone
from hubtui.views.document import INDENT, Hung
from hubtui.views.lines import merged

_TAB = 4


def markdown_lines(text: str) -> Iterator[Cell | Hung]:
    """The lines of a document, with an empty one between its blocks."""
    parser = MarkdownIt("commonmark", {"html": False}).enable("table")
    yield from _Lines().of(parser.parse(safe(text)))


class _Lines:
    """Goes through the blocks; `_lists` are the lists that are open, with the next number of each,
    None for bullets."""

    def __init__(self) -> None:
        self._lists: list[int | None] = []
        self._lead = ""
        self._heading = False
        self._quoted = 0
        self._row: list[Cell] | None = None
        self._begun = False

    def of(self, tokens: Sequence[Token]) -> Iterator[Cell | Hung]:
        for token in tokens:
            yield from self._one(token)

    def _one(self, token: Token) -> Iterator[Cell | Hung]:
        match token.type:
            case "heading_open" | "heading_close":
                self._heading = token.type == "heading_open"
            case "bullet_list_open":
                yield from self._between()
                self._lists.append(None)
            case "ordered_list_open":
                yield from self._between()
                self._lists.append(int(token.attrGet("start") or 1))
            case "bullet_list_close" | "ordered_list_close":
                self._lists.pop()
            case "list_item_open":
                self._lead = self._next_lead()
            case "blockquote_open" | "blockquote_close":
                self._quoted += 1 if token.type == "blockquote_open" else -1
            case "inline":
                yield from self._text(token.children or ())
            case "fence" | "code_block":
                yield from self._code(token.content)
            case "tr_open":
                self._row = []
            case "tr_close":
                yield self._table_row()

    def _between(self) -> Iterator[Cell]:
        """An empty line before a block, but not within a list."""
        if self._begun and not self._lists:
            yield EMPTY
        self._begun = True

    def _next_lead(self) -> str:
        number = self._lists[-1]
        if number is None:
            return "- "
        self._lists[-1] = number + 1
        return f"{number}. "

    def _text(self, children: Iterable[Token]) -> Iterator[Cell | Hung]:
        if self._row is not None:
            self._row.append(next(iter(_inline(children, Tone.PLAIN)), EMPTY))
            return
        yield from self._between()
        tone = Tone.STRONG if self._heading else Tone.MUTED if self._quoted else Tone.PLAIN
        depth = max(0, len(self._lists) - 1)
        room = INDENT * depth
        for line in _inline(children, tone):
            lead = self._lead or (INDENT if self._lists else "")
            self._lead = ""
            start = room + lead
            yield Hung(merged(((start, Tone.MUTED), *line)) if start else line, len(start))

    def _code(self, content: str) -> Iterator[Cell | Hung]:
        yield from self._between()
        room = INDENT * (len(self._lists) + 1)
        for line in content.expandtabs(_TAB).rstrip("\n").split("\n"):
            start = room + " " * (len(line) - len(line.lstrip()))
            yield Hung(((room + line, Tone.ACCENT),), len(start) + len(INDENT))

    def _table_row(self) -> Hung:
        cells, self._row = self._row or [], None
        spans: list[Span] = []
        for index, cell in enumerate(cells):
            spans += [(" · ", Tone.MUTED)] if index else []
            spans += cell
        return Hung(merged(((INDENT, Tone.PLAIN), *spans)), len(INDENT) * 2)


def _inline(children: Iterable[Token], tone: Tone) -> Iterator[Cell]:
    """One line for each hard break."""
    spans: list[Span] = []
    strong = 0
    link = ""
    for token in children:
        here = Tone.STRONG if strong else tone
        match token.type:
            case "text" | "html_inline":
                spans.append((token.content.replace("\t", " "), here))
            case "softbreak":
                spans.append((" ", here))
            case "hardbreak":
                yield merged(spans)
                spans = []
            case "code_inline":
                spans.append((token.content, Tone.ACCENT))
            case "em_open" | "em_close":
                spans.append(("'", here))
            case "strong_open" | "strong_close":
                strong += 1 if token.type == "strong_open" else -1
            case "link_open":
                link = str(token.attrGet("href") or "")
            case "link_close":
                if link and not (spans and spans[-1][0] == link):
                    spans.append((f" ({link})", Tone.MUTED))
            case "image":
                words = f"[image {token.content}: {token.attrGet('src') or ''}]"
                spans.append((words, Tone.MUTED))
    if spans:
        yield merged(spans)
