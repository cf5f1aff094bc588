# SPDX-License-Identifier: BSD-2-Clause
"""The chapter about what page walks cost, by the cores of which price lists are known."""

from hmode import walks
from report import plan, repeat, words
from report.blocks import Choice, Section, Table, Text
from report.data import Side, workloads
from report.sections import mean_cell

# Below this share of the cycles two modes are as good as each other.
EQUAL = 0.005
BESIDE = ("hap", "hap-4k")
NAMES = {"hap": "hap", "hap-4k": "hap with 4 KiB pages"}


def figure_of(core, key):
    """A figure of the model of that core, where a record has it."""
    def of(result):
        told = result.get("translation")
        told = told.get(core) if isinstance(told, dict) else None
        value = told.get(key) if isinstance(told, dict) else None
        return value if isinstance(value, (int, float)) else None

    return of


def sides_of(data):
    """Side of the model -> what all its runs say, of workloads and of programs."""
    found = {}
    for kept in data.part("walks"):
        side = next((name for name in reversed(plan.MODELLED) if kept["run"].endswith("-" + name)), None)
        if side is None:        # native at another moment, without the model
            continue
        one = found.setdefault(side, {"run": side, "failed": None, "results": []})
        one["results"] = one["results"] + kept["results"]
        one["failed"] = one["failed"] or kept["failed"]
    return {name: Side(found[name]) for name in plan.MODELLED if name in found}


def beside(sides):
    """Those that ssp-hm is compared with."""
    return [name for name in BESIDE if name in sides and "ssp-hm" in sides]


def cores(sides):
    """Those that records have cycles of."""
    results = [result for side in sides for result in side.rows.values()]
    return [core for core in walks.listed() if any(figure_of(core, "cycles")(result) is not None for result in results)]


# ---- one core ----

def price(core):
    """Of a reference, in cycles."""
    values, _ = walks.read_list(core, walks.CORES / core)
    return values["reference"]


def break_even(core, mine, its):
    """From which price of a reference the shadow takes fewer cycles than the other: cycles are linear in it."""
    cycles = [figure_of(core, "cycles")(result) for result in (mine, its)]
    references = [sum(figure_of(core, key)(result) or 0 for key in ("walk_refs", "g_refs")) for result in (mine, its)]
    if None in cycles:
        return words.NOTHING
    ahead, fewer = cycles[1] - cycles[0], references[1] - references[0]
    if fewer == 0:
        return "any" if ahead > 0 else "none"
    at = round(price(core) - ahead / fewer)
    if fewer > 0:
        return "any" if at <= 0 else f"above {words.whole(at)}"
    return "none" if at <= 0 else f"below {words.whole(at)}"


def table(core, sides, rows, marks):
    of, native = figure_of(core, "cycles"), sides["native"]
    shown = [name for name in sides if name != "native"]
    made = []
    for row in rows:
        cells = [sides[name].cell(row, sides[name].against(native, of), words.ratio) for name in shown]
        mine = sides["ssp-hm"].rows.get(row) if "ssp-hm" in sides else None
        for name in beside(sides):
            its = sides[name].rows.get(row)
            cells += [words.change(of(mine), of(its)), break_even(core, mine, its)] if mine and its else [words.NOTHING] * 2
        made.append((repeat.marked(row, marks), *cells))
    heads = ("workload", *(f"`{name}`" for name in shown), *(head for name in beside(sides) for head in (f"against `{name}`", "from a price of")))
    averages = [mean_cell(sides[name], repeat.steady(rows, marks), sides[name].against(native, of)) for name in shown]
    made.append(("geometric mean", *averages, *[""] * (2 * len(beside(sides)))))
    return Table(f"walks-{core}", f"Modelled cycles against native, with the prices of {core}, and those of `ssp-hm` against `hap`", heads,
                 tuple(made), last=1)


# As many names fit into a cell; of more the column "against" of the table below tells the same.
NAMED = 12


def verdict(core, sides, rows, name):
    """A row: on which workloads ssp-hm takes fewer modelled cycles than the other, and on which more."""
    of, told = figure_of(core, "cycles"), {"fewer": [], "more": [], "as many": []}
    for row in rows:
        mine, its = sides["ssp-hm"].figure(row, of), sides[name].figure(row, of)
        if mine is None or not its:
            continue
        change = mine / its - 1
        told["as many" if abs(change) < EQUAL else "fewer" if change < 0 else "more"].append(row)
    return NAMES[name], *(listed(found) for found in told.values())


def listed(found):
    return f"{len(found)}: {', '.join(found)}" if 0 < len(found) <= NAMED else str(len(found))


def verdicts(core, sides, rows):
    made = tuple(verdict(core, sides, rows, name) for name in beside(sides))
    caption = f"On how many workloads `ssp-hm` takes fewer cycles, with the prices of {core}, and on which where they are few"
    return Table(f"verdicts-{core}", caption, ("against", "fewer on", "more on", "as many on"), made, words=4)


def option(core, sides, rows, marks):
    return core, (*([verdicts(core, sides, repeat.steady(rows, marks))] if beside(sides) else []), table(core, sides, rows, marks))


def chapter(data):
    sides = sides_of(data)
    found = cores(sides.values())
    if "native" not in sides or not found:
        return None
    rows, marks = workloads(sides.values()), repeat.moving(data.moves("walks"))
    about = "A model prices instructions, traps, exits and the references of page walks, on the stream of accesses as it was. Sizes are " \
        "published where the price list names a source, and all prices are assumed (docs/walks.md). Programs run in their second size. " \
        "A percentage below 0 means that `ssp-hm` takes fewer cycles. Beside it stands the line: the price of a reference, in cycles, " \
        f"from which that holds. The lists say {', '.join(f'{price(core)} for {core}' for core in found)}. " \
        f"Two that differ by less than {words.decimals(100 * EQUAL, 1)} % count as equal."
    return Section("walks", "What walks cost", (
        Text(about), Choice("prices", "Prices of", tuple(option(core, sides, rows, marks) for core in found)), *repeat.told(marks, repeat.WHY)))
