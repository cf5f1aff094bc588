# SPDX-License-Identifier: BSD-2-Clause
"""The page as Markdown: drawings are left to their tables."""

import textwrap

from report import blocks

HEAD = "<!-- SPDX-License-Identifier: CC-BY-4.0 -->\n<!-- Made by `make report`: what is written here by hand is lost. -->"


def wrapped(text, first="", rest=""):
    return textwrap.fill(text, 118, initial_indent=first, subsequent_indent=rest, break_on_hyphens=False, break_long_words=False)


def row(cells):
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def is_sum(table, number):
    return number >= len(table.rows) - table.last


def table(block):
    rules = ["---" if at < block.words else "--:" for at in range(len(block.heads))]
    rows = ([f"**{cell}**" if cell and is_sum(block, number) else cell for cell in each] for number, each in enumerate(block.rows))
    caption = block.caption if block.caption.endswith((".", ":")) else block.caption + ":"
    return "\n".join([wrapped(caption), "", *map(row, [block.heads, rules, *rows])])


def chart(block):
    return wrapped(block.about) + "\n\n" + table(block.table)


def choice(block):
    return "\n\n".join("\n\n".join([f"### {name}", *map(shown, inner)]) for name, inner in block.options)


MAKERS = {
    blocks.Text: lambda block: wrapped(block.text),
    blocks.Items: lambda block: "\n".join(wrapped(each, "- ", "  ") for each in block.texts),
    blocks.Commands: lambda block: "\n".join(f"    {each}" for each in block.lines),
    blocks.Table: table,
    blocks.Chart: chart,
    blocks.Choice: choice,
}


def shown(block):
    return MAKERS[type(block)](block)


def made(page):
    parts = [HEAD + f"\n# {page.title}", *map(wrapped, page.lead)]
    for section in page.sections:
        parts += [f"## {section.title}", *map(shown, section.blocks)]
    return "\n\n".join(parts) + "\n"
