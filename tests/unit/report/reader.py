# SPDX-License-Identifier: BSD-2-Clause
"""Reads a page as a browser would: elements that are balanced, tables as lists of cells."""

import html.parser

VOID = {"meta"}


class Reader(html.parser.HTMLParser):
    """tables: name -> rows of cells' texts.  open_: what is not closed yet.  errors: what does not balance."""

    def __init__(self, text):
        super().__init__(convert_charrefs=True)
        self.open, self.errors, self.ids, self.links, self.tables, self.elements = [], [], [], [], {}, []
        self.table = self.cell = None
        self.feed(text)
        self.close()
        self.errors += [f"{tag} is left open" for tag, _ in self.open]

    def handle_starttag(self, tag, attrs):
        attributes = dict(attrs)
        self.elements.append((tag, attributes, tuple(name for name, _ in self.open)))
        if "id" in attributes:
            self.ids.append(attributes["id"])
        self.links += [attributes[name] for name in ("href", "src", "action", "data") if name in attributes]
        if tag not in VOID:
            self.open.append((tag, attributes))
        if tag == "table":
            self.table = self.tables.setdefault(attributes["id"], [])
        elif tag == "tr":
            self.table.append([])
        elif tag in ("td", "th"):
            self.cell = ""

    def handle_endtag(self, tag):
        if not self.open or self.open[-1][0] != tag:
            self.errors.append(f"</{tag}> at {self.getpos()} closes {self.open[-1:]}")
            return
        self.open.pop()
        if tag in ("td", "th"):
            self.table[-1].append(self.cell)
            self.cell = None

    def handle_data(self, data):
        if self.cell is not None:
            self.cell += data

    def of(self, tag):
        return [(attributes, around) for name, attributes, around in self.elements if name == tag]

    def column(self, table, head):
        """Workload -> cell; of heads that are alike the first."""
        heads, *rows = self.tables[table]
        return {row[0]: row[heads.index(head)] for row in rows}
