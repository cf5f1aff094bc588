# SPDX-License-Identifier: BSD-2-Clause
"""The chapter about what page walks cost."""

from hmode.results import mean
from report import words
from report.blocks import Choice, Section, Table, Text
from report.data import workloads
from report.sections import others


def cycles(result, core):
    """Modelled cycles of one core, where the record has them."""
    told = (result.get("translation") or {}).get(core) if isinstance(result.get("translation"), dict) else None
    value = told.get("cycles") if isinstance(told, dict) else None
    return value if isinstance(value, (int, float)) else None


def cores(sides):
    found = {}
    for side in sides:
        for result in side.rows.values():
            told = result.get("translation")
            found |= {name: None for name in told if cycles(result, name) is not None} if isinstance(told, dict) else {}
    return list(found)


def translation_table(core, modes, rows):
    def of(result):
        return cycles(result, core)

    native, hap = modes.get("native"), modes.get("hap")
    shown = [name for name in others(modes) if modes[name].figures(rows, of) != [None] * len(rows)]
    made = []
    for row in rows:
        cells = []
        for name in shown:
            value, base = modes[name].figure(row, of), native and native.figure(row, of)
            cells.append(words.ratio(value / base) if value is not None and base else modes[name].cell(row, of, words.whole))
        mine, its = (modes[name].figure(row, of) if name in modes else None for name in ("ssp-hm", "hap"))
        made.append((row, *cells, *([words.change(mine, its)] if hap else [])))
    heads = ("workload", *(f"`{name}`" for name in shown), *(["`ssp-hm` against `hap`"] if hap else []))
    averages = [mean([value for value in ratios(modes[name], native, rows, of)]) for name in shown]
    made.append(("geometric mean", *map(words.ratio, averages), *([""] if hap else [])))
    return Table(f"walks-{core}", f"Modelled cycles against native, with the prices of {core}", heads, tuple(made), last=1)


def ratios(side, native, rows, of):
    for row in rows:
        value, base = side.figure(row, of), native and native.figure(row, of)
        yield value / base if value is not None and base else None


def translation(data):
    modes = data.modes("virt")
    found = cores(modes.values())
    if not found:
        return None
    rows = workloads(modes.values())
    about = "A model prices instructions, traps, exits and the references of page walks. Sizes are published where the price list names " \
        "a source, and all prices are assumed (docs/walks.md). " \
        "Below 0 % `ssp-hm` takes fewer modelled cycles than `hap`."
    options = tuple((core, (translation_table(core, modes, rows),)) for core in found)
    return Section("walks", "What walks cost", (Text(about), Choice("prices", "Prices of", options)))
