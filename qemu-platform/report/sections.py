# SPDX-License-Identifier: BSD-2-Clause
"""The chapters about the workloads in all modes on `virt`."""

from hmode.results import plus
from report import causes, repeat, svg, words
from report.blocks import Chart, Choice, Section, Table, Text
from report.data import exits, instructions, transitions, workloads

PUBLISHED = (-56, -23)
FORMS = {"native": "circle", "tsp": "square", "tsp-in-step": "square", "ssp": "diamond", "ssp-hm": "circle", "hap": "triangle"}
SUM = "sum, and geometric mean"


def of_class(name):
    """A style of the sheet, for a mode or for a reason."""
    return "c-" + name.replace("_", "-")


def legend_of(names):
    return tuple((of_class(name), FORMS[name], f"`{name}`") for name in names)


def others(modes):
    return [name for name in modes if name != "native"]


def table(name, caption, rows, columns, last=0, marks=None, **more):
    """columns: (head, cell of a row's name, cell of the last row).  marks: rows that are in no mean (report/repeat.py)."""
    made = [(repeat.marked(row, marks or {}), *(cell(row) for _, cell, _ in columns)) for row in rows]
    if last:
        made.append((last, *(total for _, _, total in columns)))
    return Table(name, caption, ("workload", *(head for head, _, _ in columns)), tuple(made), last=1 if last else 0, **more)


def total_cell(side, rows, of, form=words.whole):
    value = side.total(rows, of)
    return form(value) if value is not None else words.FAILED if side.failed else words.NOTHING


def mean_cell(side, rows, of):
    value = side.mean(rows, of)
    return words.ratio(value) if value is not None else words.FAILED if side.failed else words.NOTHING


def column(head, side, rows, of, form=words.whole):
    """A count and its sum."""
    return head, lambda row: side.cell(row, of, form), total_cell(side, rows, of, form)


def against_column(head, side, base, rows):
    """Instructions as a ratio, and the geometric mean over these rows."""
    of = side.against(base)
    return head, lambda row: side.cell(row, of, words.ratio), mean_cell(side, rows, of)


def change_column(head, side, base, rows, of):
    return (head, lambda row: words.change(side.figure(row, of), base.figure(row, of)),
            words.change(side.total(rows, of), base.total(rows, of)))


# ---- in short ----

def in_short(data):
    modes = data.modes("virt")
    if not modes:
        return None
    rows = workloads(modes.values())
    native, tsp = modes.get("native"), modes.get("tsp")
    made = []
    for name in others(modes):
        side = modes[name]
        made.append((f"`{name}`", total_cell(side, rows, exits),
                     words.change(side.total(rows, exits), tsp and tsp.total(rows, exits)) if name != "tsp" else "",
                     total_cell(side, rows, transitions),
                     words.change(side.total(rows, transitions), tsp and tsp.total(rows, transitions)) if name != "tsp" else "",
                     mean_cell(side, rows, side.against(native)) if native else words.NOTHING))
    heads = ("mode", "exits for memory", "against `tsp`", "transitions", "against `tsp`", "instructions against native")
    about = "An exit leaves the guest for the hypervisor. A trap goes into the firmware and straight back. Transitions are both. " \
        "`tsp` write-protects the guest's page tables. `ssp` follows its fences instead. In `ssp-hm` the firmware answers all events " \
        "itself. `hap` is a hart with the H extension. Instructions are those retired, and are not time."
    caption = f"Over {len(rows)} workloads on one hart: sums, and the geometric mean of instructions"
    return Section("in-short", "In short", (Text(about), Table("short", caption, heads, tuple(made))))


# ---- exits by reason ----

def reasons(sides, rows):
    """Those for memory that came at all, the most frequent first."""
    names = {name: 0 for name in causes.EXITS}
    for side in sides:
        for row in rows:
            for name in names:
                names[name] += side.figure(row, lambda result: result["vm_exits"]["by_reason"].get(name, 0)) or 0
    return [name for name in sorted(names, key=lambda name: -names[name]) if names[name]]


def bar(side, mode, row, base, found):
    """Parts as a share of the base's exits."""
    result = side.rows.get(row)
    if result is None:
        return mode, [], side.cell(row, exits, words.whole)
    counts = [(name, result["vm_exits"]["by_reason"].get(name, 0)) for name in found]
    parts = [(of_class(name), count / base * 100, f"{row}, {mode}: {causes.EXITS[name][0]} {count:,}") for name, count in counts
             if count]
    return mode, parts, words.whole(exits(result))


def exits_by_reason(data):
    sides = {name: side for name, side in data.modes("virt").items() if name in ("tsp", "ssp", "ssp-hm", "hap")}
    if "tsp" not in sides:
        return None
    rows = workloads(sides.values())
    found, tsp = reasons(sides.values(), rows), sides["tsp"]
    drawn = [row for row in rows if tsp.figure(row, exits)]
    groups = [(row, [bar(side, mode, row, tsp.figure(row, exits), found) for mode, side in sides.items()]) for row in drawn]
    most = max((sum(part[1] for part in parts) for _, bars in groups for _, parts, _ in bars), default=100)
    full = max(100, -(-most // 10) * 10)
    drawing = svg.stacked(groups, full, [(value, f"{value} %") for value in (0, 25, 50, 75, 100)])
    made = [(row, f"`{mode}`", side.cell(row, exits, words.whole),
             *(side.cell(row, lambda r, name=name: r["vm_exits"]["by_reason"].get(name, 0), words.whole) for name in found))
            for row in rows for mode, side in sides.items() if mode == "tsp" or side.figure(row, exits) != 0]
    heads = ("workload", "mode", "all", *(f"`{name}`" for name in found))
    behind = Table("reasons", "Exits for memory by reason; a mode without a line makes none", heads, tuple(made), words=2)
    about = "The length of a bar is a share of the exits that `tsp` makes in the same workload. The figure at its end is their number. " \
        + without(rows, drawn)
    legend = tuple((of_class(name), "bar", f"`{name}`: {causes.EXITS[name][0]}") for name in found)
    return Section("exits", "Exits by reason", (Chart("exits-chart", "Exits for memory, by reason", about, drawing, legend, behind),))


def without(rows, drawn):
    left = [row for row in rows if row not in drawn]
    if not left:
        return ""
    return f"Not drawn, as `tsp` makes no exit there or has no figure: {', '.join(left)}."


# ---- change against tsp ----

def in_percent(side, base, row, of):
    value, against = side.figure(row, of), base.figure(row, of)
    return (value / against - 1) * 100 if value is not None and against else None


def change_chart(name, about, sides, rows, title, classes):
    """sides: (label, side, its base); classes: (class, form) of each."""
    drawn = []
    for row in rows:
        marks = [(*classes[at], in_percent(side, base, row, exits), f"{row}, {label}") for at, (label, side, base) in enumerate(sides)]
        drawn.append((row, [(kind, form, value, f"{tip}: {words.signed(value, 1, ' %')}") for kind, form, value, tip in marks
                            if value is not None]))
    drawn = [each for each in drawn if each[1]]
    values = [value for _, marks in drawn for _, _, value, _ in marks]
    high = max(20, -(-max(values, default=0) // 10) * 10)
    ticks = [(value, words.signed(value, 0, " %") if value else "0") for value in (0, -25, -50, -75, -100)]
    drawing = svg.dots(drawn, -100, high, ticks, (*PUBLISHED, "published: 23 to 56 % fewer"))
    columns = []
    for label, side, base in sides:
        columns += [column(f"`tsp`{label}", base, rows, exits), column(f"`ssp`{label}", side, rows, exits),
                    change_column("change", side, base, rows, exits)]
    legend = tuple((*classes[at], f"`ssp`{label}") for at, (label, _, _) in enumerate(sides)) if len(sides) > 1 else ()
    return Chart(name, title, about, drawing, legend, table(f"{name}-table", title, rows, columns, "sum"))


def change(data):
    modes = data.modes("virt")
    if not {"tsp", "ssp"} <= set(modes):
        return None
    rows = workloads(modes.values())
    about = "Left of the line `ssp` makes fewer exits than `tsp`. The band is what was published for the design that it follows (VEE 2021): " \
        "23 to 56 % fewer, on other hardware with other programs."
    chart = change_chart("change-chart", about, [("", modes["ssp"], modes["tsp"])], rows, "Exits for memory of `ssp` against `tsp`",
                         [("c-ssp", "diamond")])
    note = "The sign and the size can be compared with the published figures, and not the figures themselves."
    shown = [column("`tsp`", modes["tsp"], rows, transitions)]
    for name in ("tsp-in-step", "ssp", "ssp-hm"):
        if name in modes:
            shown += [column(f"`{name}`", modes[name], rows, transitions),
                      change_column("change", modes[name], modes["tsp"], rows, transitions)]
    both = table("transitions", "Transitions for memory: exits and traps, against `tsp`", rows, shown, "sum")
    return Section("change", "Against traditional shadow paging", (chart, Text(note), both))


# ---- instructions ----

def instruction_table(name, caption, modes, rows, native, **more):
    columns = [column("native", native, rows, instructions)]
    columns += [against_column(f"`{each}`", modes[each], native, rows) for each in others(modes)]
    return table(name, caption, rows, columns, SUM, **more)


def against_native(data):
    modes = data.modes("virt")
    if "native" not in modes or len(modes) < 2:
        return None
    native, rows = modes["native"], workloads(modes.values())
    shown = [name for name in ("tsp", "ssp", "ssp-hm", "hap") if name in modes]
    drawn = [(row, [(of_class(name), FORMS[name], modes[name].figure(row, modes[name].against(native)), name) for name in shown])
             for row in rows]
    drawn = [(row, [(kind, form, value, f"{row}, {name}: {words.ratio(value)}") for kind, form, value, name in marks if value is not None])
             for row, marks in drawn]
    values = [value for _, marks in drawn for _, _, value, _ in marks]
    high = max(1.5, -(-max(values, default=1) * 4 // 1) / 4)
    ticks = [(1 + step / 4, words.decimals(1 + step / 4, 2)) for step in range(int((high - 1) * 4) + 1)]
    drawing = svg.dots(drawn, min(0.95, *values, 1), high, ticks)
    title = "Instructions against native"
    about = "How many times the instructions that the same kernel retires without a hypervisor. Firmware and hypervisor count. " \
        "In boot the guest's own instructions move by some percent from build to build."
    behind = instruction_table("instructions-table", title, modes, rows, native)
    return Section("instructions", "Instructions", (
        Chart("instructions-chart", title, about, drawing, legend_of(shown), behind),))


# ---- what a row pays for ----

def cause_cell(cause):
    about = "≈ " if cause.borrowed else ""
    return f"{cause.words}: {cause.count:,} {cause.what} × {about}{round(cause.price):,} = {words.short(causes.cost(cause))}"


def cause_row(row, result, native, events):
    found = causes.of(result, events)
    above = plus(instructions(result), -native) if native and instructions(result) is not None else None
    cells = [cause_cell(cause) for cause in found[:3]]
    share = words.share(sum(map(causes.cost, found)), above) if found and above and above > 0 else words.NOTHING
    return (row, *(cells + [words.NOTHING] * (3 - len(cells))), words.short(above) if above is not None else words.NOTHING, share)


def dearest(data):
    modes, events = data.modes("virt"), data.events()
    if "native" not in modes or "native" not in events:
        return None
    native, rows, found = modes["native"], workloads(modes.values()), []
    for name in ("ssp-hm", "ssp", "tsp", "tsp-in-step", "hap"):
        side = modes.get(name)
        if side and name in events:
            made = [cause_row(row, side.rows[row], native.figure(row, instructions), events) for row in rows if row in side.rows]
            heads = ("workload", "dearest", "second", "third", "above native", "explained")
            found.append((name, (Table(f"causes-{name}", f"The dearest events of each workload in `{name}`", heads, tuple(made), words=4),)))
    if not found:
        return None
    about = "The number of an event, times the instructions of one where nothing else happens (\"What one event costs\"). `explained` is the " \
        "sum of all priced events as a share of the instructions above native. Far from 100 % the row pays for something else, " \
        "or its events cost more or less than alone. `≈` marks a price that stands in where none was measured: of an SBI call that exits, " \
        "or of a trap in `ssp-hm`."
    return Section("causes", "What each workload pays for", (Text(about), Choice("causes-of", "Mode", tuple(found))))
