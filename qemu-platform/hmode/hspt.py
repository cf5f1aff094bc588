# SPDX-License-Identifier: BSD-2-Clause
"""What `make bench-hspt` measured: a table, the same for docs/hspt.md, JSON, and what gnuplot draws.

python3 -m hmode.hspt LINES FOLDER CONFIGURATIONS MEMORY-PROGRAMS; a line is: configuration, program, number,
nanoseconds, round.
"""

import collections
import json
import math
import pathlib
import sys

from hmode.messages import naming, of_system

MEAN = "memory-programs"        # the geometric mean of the memory programs' medians
PUBLISHED = ("published (VEE 2015: CINT2006, other hardware, QEMU of its time): shared x1.63, with prefill x1.68, "
             "private x1.92")

# The median and an interval of it; a Row has those of milliseconds (None: of a mean), and of the times against the
# first and the second configuration.
Figure = collections.namedtuple("Figure", "median low high")
Row = collections.namedtuple("Row", "program configuration milliseconds first second")


# ---- statistics ----

def median(values):
    ordered, middle = sorted(values), len(values) // 2
    return (ordered[(len(values) - 1) // 2] + ordered[middle]) / 2


def rank(count):
    """The largest rank that at most 2.5 % of samples have above the median: their signs are as coins."""
    chance = total = 0.5 ** count
    found = 0
    while total <= 0.025:
        found += 1
        chance *= (count - found + 1) / found
        total += chance
    return max(found, 1)


def figure(middle, values):
    """The interval is that of the median, at 95 % or more, by its ranks alone (2nd to 10th of eleven; all of eight
    or fewer)."""
    ordered, at = sorted(values), rank(len(values))
    return Figure(*(round(value, 4) for value in (middle, ordered[at - 1], ordered[-at])))


def geometric_mean(values):
    return math.exp(sum(map(math.log, values)) / len(values))


class Measured:
    """Milliseconds by program, configuration and round."""

    def __init__(self, lines, configurations, memory):
        self.configurations, self.times = configurations, {}
        for line in lines:
            configuration, program, _, nanoseconds, number = line.split()
            self.times.setdefault(program, {}).setdefault(configuration, {})[int(number)] = int(nanoseconds) / 1e6
        self.memory = [program for program in self.times if program in memory]

    def ratios(self, program, configuration, base):
        """Taken within a round."""
        of, against = self.times[program][configuration], self.times[program][base]
        return [against[number] / of[number] for number in sorted(of)]

    def against(self, program, configuration, base):
        values = self.ratios(program, configuration, base)
        return figure(median(values), values)

    def mean_against(self, configuration, base):
        """With the interval of the rounds' geometric means."""
        values = [self.ratios(program, configuration, base) for program in self.memory]
        return figure(geometric_mean(list(map(median, values))), list(map(geometric_mean, zip(*values))))

    def row(self, program, configuration):
        times = list(self.times[program][configuration].values())
        return Row(program, configuration, figure(median(times), times),
                   *(self.against(program, configuration, base) for base in self.bases()))

    def bases(self):
        return [self.configurations[0], self.configurations[min(1, len(self.configurations) - 1)]]

    def rows(self):
        found = [self.row(program, configuration) for program in self.times for configuration in self.configurations]
        if self.memory:
            found += [Row(MEAN, configuration, None, *(self.mean_against(configuration, base) for base in self.bases()))
                      for configuration in self.configurations]
        return found


def by_program(rows):
    grouped = {}
    for row in rows:
        grouped.setdefault(row.program, []).append(row)
    return grouped


# ---- what is made of them ----

def interval(shown):
    return f"{shown.median:.2f} ({shown.low:.2f} to {shown.high:.2f})"


def table(rows, configurations):
    lines = [""]
    for program, group in by_program(rows).items():
        line = f"{program:<15}"
        for row in group:
            time = f" {row.milliseconds.median:.0f} ms" if row.milliseconds else ""
            line += f"  {row.configuration}{time} x{interval(row.first)}"
        lines.append(line)
    over = [row for row in rows if row.program == MEAN]
    if over and len(configurations) > 1:
        lines.append(f"{'over ' + configurations[1]:<15}" +
                     "".join(f"  {row.configuration} x{interval(row.second)}" for row in over))
    return [*lines, PUBLISHED]


def markdown(rows, configurations):
    """Times of the first configuration, ratios of the others; the third over the second."""
    first, *others = configurations
    third = others[1] if len(others) > 1 else None
    heads = ["", f"{first}, ms", *(f"`{name}`" for name in others)]
    if third:
        heads.append(f"`{third}` over `{others[0]}`")
    lines = [heads, ["---"] * len(heads)]
    for program, group in by_program(rows).items():
        by_name = {row.configuration: row for row in group}
        last = [interval(by_name[third].second)] if third else []
        if program == MEAN:
            lines.append(["**memory programs, geometric mean**", "", *(
                "**{:.2f}** ({:.2f} to {:.2f})".format(*by_name[name].first) for name in others), *last])
            lines.append([f"the same over `{others[0]}`" if others else "the same", "", *(
                interval(by_name[name].second) for name in others), *([""] if third else [])])
        else:
            time = by_name[first].milliseconds
            lines.append([program, f"{time.median:.0f} ({time.low:.0f} to {time.high:.0f})",
                          *(f"{by_name[name].first.median:.2f}" for name in others), *last])
    return ["|" + "".join(f" {cell} |" if cell else " |" for cell in cells) for cells in lines]


def as_json(rows, configurations, runs):
    def entry(row):
        times = dict(zip(configurations, (row.first._asdict(), row.second._asdict())))
        return {"program": row.program, "configuration": row.configuration, "runs": runs,
                **({"milliseconds": row.milliseconds._asdict()} if row.milliseconds else {}), "times": times}

    return json.dumps({"schema": 2, "programs": list(map(entry, rows))}, indent=2)


def ratios(rows, configurations):
    """A line for each program, a column for each configuration but the first."""
    return [" ".join([program, *(f"{row.first.median:.3f}" for row in group if row.configuration != configurations[0])])
            for program, group in by_program(rows).items()]


def main(lines, folder, configurations, memory):
    configurations, folder = configurations.split(), pathlib.Path(folder)
    measured = Measured(pathlib.Path(lines).read_text().splitlines(), configurations, memory.split())
    rows = measured.rows()
    runs = len(next(iter(next(iter(measured.times.values())).values())))
    print("\n".join(table(rows, configurations)))
    made = {"bench.md": "\n".join(markdown(rows, configurations)), "ratios": "\n".join(ratios(rows, configurations)),
            "bench.json": as_json(rows, configurations, runs)}
    for name, text in made.items():
        with naming(folder / name):
            (folder / name).write_text(text + "\n")


if __name__ == "__main__":
    try:
        main(*sys.argv[1:])
    except OSError as failed:
        of_system(failed).show()
        sys.exit(1)
