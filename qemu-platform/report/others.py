# SPDX-License-Identifier: BSD-2-Clause
"""The chapters about events, programs, devices and HSPT, and how all of it was measured."""

import statistics

from report import plan, repeat, svg, words
from report.blocks import Chart, Commands, Items, Section, Table, Text
from report.data import Side, exits, instructions, workloads
from report.sections import SUM, against_column, column, table


# ---- what one event costs ----

def events(data):
    priced = data.events()
    if "native" not in priced or len(priced) < 2:
        return None
    native, modes = priced["native"], [name for name in ("ssp-hm", "ssp", "tsp", "tsp-in-step", "hap") if name in priced]
    names = list(priced[modes[0]])
    beyond = {mode: {name: value - native.get(name, 0) for name, value in priced[mode].items()} for mode in modes}
    first = [(name, beyond[modes[0]][name]) for name in names if beyond[modes[0]][name] > 0]
    most = svg.round_up(max((value for _, value in first), default=1))
    drawing = svg.bars([(name, "c-" + modes[0], value, words.whole(value)) for name, value in sorted(first, key=lambda each: -each[1])],
                       most, [(part * most / 4, words.whole(part * most / 4)) for part in range(5)], 200)
    made = tuple((f"`{name}`", words.decimals(native.get(name), 1), *(
        words.decimals(beyond[mode].get(name), 1) for mode in modes)) for name in names)
    title = f"Instructions of one event in `{modes[0]}`, beyond those natively"
    about = "A small program makes each event some hundred times on a guest of its own. Names with `+refill` include the fills that follow, " \
        "and `/64` is one of 64 that a commit drains. `sbi-base` and `vm-exit` are SBI calls, which the firmware and the hypervisor " \
        "answer. Natively they cost something as well."
    behind = Table("events-table", "Instructions of one event: natively, and beyond that in each mode",
                   ("event", "native", *(f"`{mode}`" for mode in modes)), made)
    return Section("events", "What one event costs", (Chart("events-chart", title, about, drawing, (), behind),))


# ---- programs ----

def program_sides(data):
    """mode -> one side of all lists."""
    found = {}
    for kept in data.part("programs"):
        mode = next((name for name in reversed(plan.PRICED) if kept["run"].endswith("-" + name)), None)
        if mode is None:        # native at another moment
            continue
        one = found.setdefault(mode, {"run": mode, "failed": None, "results": []})
        one["results"] = one["results"] + kept["results"]
        one["failed"] = one["failed"] or kept["failed"]
    return {mode: Side(one) for mode, one in found.items()}


def programs(data):
    sides = program_sides(data)
    if "native" not in sides or len(sides) < 2:
        return None
    native, rows, moves = sides["native"], workloads(sides.values()), data.moves("programs")
    marks, shown = repeat.moving(moves), [name for name in ("tsp", "ssp", "ssp-hm", "hap") if name in sides]
    steady = repeat.steady(rows, marks)
    counted = [column(f"`{name}`", sides[name], rows, exits) for name in shown]
    columns = [column("native", native, rows, instructions), *(against_column(f"`{name}`", sides[name], native, steady) for name in shown)]
    about = "Programs of Debian's archive and some of our own, each checked for its result. One warm run comes before the one that counts."
    return Section("programs", "Real programs", (
        Text(about), table("programs-instructions", "Instructions against native", rows, columns, SUM, marks),
        *repeat.told(marks, repeat.WHY), *repeat.not_asked(rows, moves),
        table("programs-exits", "Exits for memory", rows, counted, "sum", marks)))


# ---- devices ----

def spread(values):
    """The median, and in brackets the least and the most."""
    middle, least, most = statistics.median(values), min(values), max(values)
    form = words.whole if middle >= 100 else lambda value: words.decimals(value, 1)
    return form(middle) if least == most else f"{form(middle)} ({form(least)} to {form(most)})"


def failed(name, title, kept):
    """The chapter of a run that failed."""
    return Section(name, title, (Text(f"{words.FAILED}: {kept['failed'].splitlines()[0]}"),))


REAL_TIME = "in real time"


def devices(data):
    kept = data.runs.get("devices")
    title = "A disk and a network card"
    if kept and kept["failed"]:
        return failed("devices", title, kept)
    if not kept or not kept["results"]:
        return None
    told = {(each["mode"], each["request"], each["figure"]): each["values"] for each in kept["results"]}
    modes, columns = list(dict.fromkeys(key[0] for key in told)), list(dict.fromkeys(key[1:] for key in told))
    made = tuple((f"`{mode}`", *(spread(told[mode, *column]) for column in columns)) for mode in modes)
    count = len(next(iter(told.values())))
    about = f"A device works in real time, so no two runs are the same. Each figure is the median of {count} runs, with the least and the most " \
        "in brackets. A request costs what 2N of them take beyond N, divided by N."
    return Section("devices", title, (Text(about), Table(
        "devices-table", f"What a request costs, {REAL_TIME}: median, and least to most",
        ("mode", *(f"{request}: {figure}" for request, figure in columns)), made)))


# ---- HSPT ----

def interval(figure):
    return words.NOTHING if not figure else f"{figure['median']:.2f} ({figure['low']:.2f} to {figure['high']:.2f})"


def milliseconds(figure):
    return f"{words.whole(figure['median'])} ({words.whole(figure['low'])} to {words.whole(figure['high'])})"


MEAN = "memory-programs"


def hspt(data):
    kept = data.runs.get("hspt")
    title = "Embedded shadow page tables in QEMU"
    if kept and kept["failed"]:
        return failed("hspt", title, kept)
    if not kept or not kept["results"]:
        return None
    told = kept["results"]
    names = list(dict.fromkeys(each["configuration"] for each in told))
    by_place = {(each["program"], each["configuration"]): each for each in told}
    first = names[0]
    made = []
    for program in dict.fromkeys(each["program"] for each in told):
        time = (by_place.get((program, first)) or {}).get("milliseconds")
        cells = [interval((by_place.get((program, name)) or {}).get("times", {}).get(first)) for name in names[1:]]
        label = "memory programs, geometric mean" if program == MEAN else program
        made.append((label, milliseconds(time) if time else "", *cells))
    is_mean = made[-1][0].startswith("memory programs,")
    behind = Table("hspt-table", f"Times as fast as {first}, {REAL_TIME}: median, and an interval of it", (
        "program", f"{first}, ms", *names[1:]), tuple(made), last=1 if is_mean else 0)
    about = f"QEMU with the guest's tables embedded in its own (`hspt`) and without, as times of {first}. Each is the median of " \
        f"{told[0]['runs']} rounds with an interval that holds the median in 95 % of all cases. These are seconds, and not counts."
    means = [(name, by_place[MEAN, name]["times"][first]) for name in names if (MEAN, name) in by_place]
    if not means:
        return Section("hspt", title, (Text(about), behind))
    high = max(figure["high"] for _, figure in means) * 1.05
    marks = [(name, "c-ssp-hm", figure["median"], figure["low"], figure["high"], f"{name}: {interval(figure)}") for name, figure in means]
    ticks = [(value / 2, words.decimals(value / 2, 1)) for value in range(2, int(high * 2) + 1)]
    drawing = svg.intervals(marks, min(1, *(figure["low"] for _, figure in means)), high, ticks)
    return Section("hspt", title, (
        Chart("hspt-chart", f"Memory programs, times as fast as {first}", about, drawing, (), behind),))


# ---- what is missing, and how it was done ----

def missing(data):
    left = []
    planned = plan.whole()
    for part in plan.parts(planned):
        without = [run.name for run in planned if run.part == part and not data.has(run.name)]
        if without:
            whole = len(without) == len([run for run in planned if run.part == part])
            left.append(f"`{part}`: {'none of its runs was made' if whole else 'not run: ' + spelled(without)}.")
    return Section("missing", "What is not here", (Items(tuple(left)),)) if left else None


VERSIONS = ("hmode", "commit", "changed", "qemu", "kernel", "compiler")


def versions(data):
    """What the records name, each with the runs that it holds for."""
    found = {}
    for kept in data.runs.values():
        for result in kept["results"]:
            for name in VERSIONS:
                value = (result.get("versions") or {}).get(name)
                if value:
                    found.setdefault((name, value), {})[kept["run"]] = None
    return tuple((name, value, "all that name it" if sum(each[0] == name for each in found) == 1 else spelled(list(runs)))
                 for (name, value), runs in sorted(found.items(), key=lambda each: (VERSIONS.index(each[0][0]), each[0][1])))


def spelled(names):
    return ", ".join(names[:4]) + (f" and {len(names) - 4} more" if len(names) > 4 else "")


def packages(data):
    found = sorted({each for kept in data.runs.values() for result in kept["results"]
                    for each in (result.get("versions") or {}).get("packages", [])})
    return tuple(tuple(each.split("=", 1)) for each in found)


def state(kept):
    return words.FAILED if kept["failed"] else "right"


def made_by(data):
    runs = tuple((name, f"`{kept['command']}`", state(kept)) for name, kept in data.runs.items())
    blocks = [Text("With `ICOUNT=1` and one hart two runs of one command give the same records. Each run of this page by itself:"),
              Table("runs", "Runs and their commands", ("run", "command", "result"), runs, words=3, folded=True),
              Text("The whole page, or some runs of it:"), Commands(("make report", 'make report RUNS="virt events"')),
              Table("versions", "Versions", ("what", "version", "runs"), versions(data), words=3)]
    if packages(data):
        blocks.append(Table("packages", "Debian's packages in the guests of programs", ("package", "version"), packages(data), words=2, folded=True))
    return Section("method", "How it was measured", tuple(blocks))


def failures(data):
    failed = data.failures()
    wrong = [(name, result["workload"]) for name, kept in data.runs.items() if not kept["failed"]
             for result in kept["results"] if result.get("ok") is False]
    if not failed and not wrong:
        return None
    rows = [(name, why.split("\n")[0]) for name, why in failed.items()] + [
        (name, f"{workload}: its answer was wrong") for name, workload in wrong]
    return Section("failed", "Runs that failed", (
        Text("Figures of these runs are missing below, and stand as `failed`."),
        Table("failed-runs", "What failed", ("run", "why"), tuple(rows), words=2)))
