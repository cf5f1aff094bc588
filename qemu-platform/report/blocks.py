# SPDX-License-Identifier: BSD-2-Clause
"""What a page consists of, before it is HTML or Markdown.  Words in `back quotes` are code in either."""

import dataclasses
import typing


@dataclasses.dataclass(frozen=True)
class Text:
    """soft: beside the matter."""

    text: str
    soft: bool = False


@dataclasses.dataclass(frozen=True)
class Items:
    texts: tuple


@dataclasses.dataclass(frozen=True)
class Commands:
    """To be typed as they stand."""

    lines: tuple


@dataclasses.dataclass(frozen=True)
class Table:
    """Cells are texts.  words: how many columns at the left are words, and not figures.  folded: behind a line that opens
    it.  last: the last rows are sums."""

    name: str
    caption: str
    heads: tuple
    rows: tuple
    words: int = 1
    folded: bool = False
    last: int = 0


@dataclasses.dataclass(frozen=True)
class Chart:
    """A drawing, what it says in words, the meaning of its colours, and the table of what it shows."""

    name: str
    title: str
    about: str
    drawing: typing.Any
    legend: tuple       # (class, text)
    table: Table


@dataclasses.dataclass(frozen=True)
class Choice:
    """Some of which one is read at a time: (name, blocks) each.  The first one is open."""

    name: str
    label: str
    options: tuple


@dataclasses.dataclass(frozen=True)
class Section:
    name: str
    title: str
    blocks: tuple


@dataclasses.dataclass(frozen=True)
class Page:
    title: str
    lead: tuple
    sections: tuple
    csv: str = ""
