# SPDX-License-Identifier: BSD-2-Clause
"""The page as one HTML file that needs nothing beside it."""

import base64
import html
import pathlib
import re

from report import blocks, svg, words

HERE = pathlib.Path(__file__).resolve().parent
# Elements without an end.
EMPTY = ("meta",)


def escaped(text):
    return html.escape(str(text), quote=True)


def element(tag, attributes, *inner):
    """Attributes that are None are left out; what is inside is HTML already."""
    told = "".join(f' {name}="{escaped(value)}"' if value != "" or name in ("class", "alt") else f" {name}"
                   for name, value in attributes.items() if value is not None)
    return f"<{tag}{told}>" if tag in EMPTY else f"<{tag}{told}>{''.join(inner)}</{tag}>"


def inline(text):
    """Words in back quotes are code; **words** are strong."""
    text = re.sub(r"`([^`]*)`", r"<code>\1</code>", escaped(text))
    return re.sub(r"\*\*([^*]*)\*\*", r"<strong>\1</strong>", text)


# ---- drawings ----

def shape(part):
    tag, attributes, inner = part
    attributes = {name: value for name, value in attributes.items() if value or name != "class"}
    return element(tag, attributes, escaped(inner) if isinstance(inner, str) else "".join(map(shape, inner)))


def drawing(chart):
    width, height, parts = chart.drawing
    names = f"{chart.name}-title {chart.name}-about"
    return element("svg", {"role": "img", "aria-labelledby": names, "viewBox": f"0 0 {width} {round(height)}"},
                   element("title", {"id": f"{chart.name}-title"}, escaped(chart.title)),
                   element("desc", {"id": f"{chart.name}-about"}, escaped(chart.about.replace("`", ""))), *map(shape, parts))


def key(kind, form, text):
    drawn = svg.rect(1, 2, 12, 10, kind) if form == "bar" else svg.mark(7, 7, kind, "", form)
    return element("li", {}, element("svg", {"aria-hidden": "true", "viewBox": "0 0 14 14"}, shape((*drawn[:2], []))), inline(text))


def figure(chart):
    legend = element("ul", {"class": "legend"}, *(key(*each) for each in chart.legend)) if chart.legend else ""
    return element("figure", {"id": chart.name},
                   element("figcaption", {}, inline(chart.title)), element("p", {"class": "about"}, inline(chart.about)), legend,
                   scrolled(chart.title, drawing(chart)),
                   element("details", {}, element("summary", {}, "The figures of this drawing"), whole_table(chart.table)))


# ---- tables ----

def scrolled(label, inner):
    """A box of its own to scroll in, which the keyboard reaches too."""
    return element("div", {"class": "scroll", "tabindex": "0", "role": "region", "aria-label": label.replace("`", "")}, inner)


def cell(table, at, text):
    kind = "word" if at < table.words else None
    if text == words.FAILED:
        kind = "failed"
    if at == 0:
        return element("th", {"scope": "row", "class": kind}, inline(text))
    return element("td", {"class": kind}, inline(text))


def whole_table(table):
    first_sum = len(table.rows) - table.last
    heads = (element("th", {"scope": "col", "class": "word" if at < table.words else None}, inline(head))
             for at, head in enumerate(table.heads))
    rows = (element("tr", {"class": "sum" if number >= first_sum else "plain" if number == first_sum - 1 else None},
                    *(cell(table, at, text) for at, text in enumerate(row))) for number, row in enumerate(table.rows))
    return scrolled(table.caption, element("table", {"id": table.name}, element("caption", {}, element("span", {}, inline(table.caption))),
                                           element("thead", {}, element("tr", {}, *heads)), "\n",
                                           element("tbody", {}, "\n".join(rows))))


def maybe_folded(table):
    if not table.folded:
        return whole_table(table)
    return element("details", {}, element("summary", {}, inline(table.caption)), whole_table(table))


# ---- blocks ----

def choice(block):
    parts = (element("details", {"open": "" if number == 0 else None}, element("summary", {}, inline(name)),
                     *map(shown, inner)) for number, (name, inner) in enumerate(block.options))
    return element("div", {"id": block.name, "data-choice": block.label}, *parts)


MAKERS = {
    blocks.Text: lambda block: element("p", {"class": "about" if block.soft else None}, inline(block.text)),
    blocks.Items: lambda block: element("ul", {}, *(element("li", {}, inline(each)) for each in block.texts)),
    blocks.Commands: lambda block: element("pre", {"tabindex": "0"}, escaped("\n".join(block.lines))),
    blocks.Table: maybe_folded,
    blocks.Chart: figure,
    blocks.Choice: choice,
}


def shown(block):
    return MAKERS[type(block)](block) + "\n"


def section(each):
    return element("section", {"aria-labelledby": each.name}, element("h2", {"id": each.name}, inline(each.title)), "\n",
                   *map(shown, each.blocks))


def download(text):
    """The figures as CSV, in the page itself."""
    if not text:
        return ""
    data = base64.b64encode(text.encode()).decode()
    return element("p", {"class": "no-print"}, element("a", {"href": f"data:text/csv;base64,{data}", "download": "hmode-report.csv"},
                                                       "All records as CSV"))


def made(page):
    style, script = ((HERE / name).read_text().split("\n", 1)[1] for name in ("style.css", "script.js"))
    contents = (element("li", {}, element("a", {"href": f"#{each.name}"}, inline(each.title))) for each in page.sections)
    head = element("head", {}, element("meta", {"charset": "utf-8"}),
                   element("meta", {"name": "viewport", "content": "width=device-width, initial-scale=1"}),
                   element("title", {}, escaped(page.title)), element("style", {}, "\n" + style))
    body = element("body", {}, element("a", {"class": "skip", "href": "#main"}, "To the figures"), "\n",
                   element("header", {}, element("h1", {}, escaped(page.title)),
                           *(element("p", {"class": "lead"}, inline(each)) for each in page.lead), download(page.csv)), "\n",
                   element("nav", {"aria-label": "Contents"}, element("ol", {}, *contents)), "\n",
                   element("main", {"id": "main"}, "\n", *(section(each) + "\n" for each in page.sections)),
                   element("script", {}, "\n" + script))
    return "<!DOCTYPE html>\n" + element("html", {"lang": "en"}, head, "\n", body) + "\n"
