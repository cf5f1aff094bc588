# SPDX-License-Identifier: BSD-2-Clause
"""What was recorded, as the page asks for it: a side is what one run says of its workloads."""

from hmode import regions
from hmode.results import mean, plus, ratio
from report import plan
from report.words import FAILED, NOTHING


# ---- what a record says ----

def exits(result):
    return result["vm_exits"]["memory"]


def transitions(result):
    return plus(result["vm_exits"]["memory"], result["hm_traps"]["memory"])


def instructions(result):
    return (result["instructions"] or {}).get("total")


def reason(name):
    return lambda result: result["vm_exits"]["by_reason"].get(name, 0)


class Side:
    """failed: why the run failed, or None.  A result that is wrong is as good as none."""

    def __init__(self, kept):
        whole = [each for each in regions.together(kept["results"]) if not each.get("region")]
        self.name, self.failed = kept["run"], kept["failed"]
        self.rows = {each["workload"]: each for each in whole if each["ok"]}
        self.names = [each["workload"] for each in whole]

    def figure(self, workload, of):
        result = self.rows.get(workload)
        return None if result is None else of(result)

    def cell(self, workload, of, form):
        value = self.figure(workload, of)
        if value is not None:
            return form(value)
        is_wrong = workload in self.names and workload not in self.rows
        return FAILED if self.failed or is_wrong else NOTHING

    def figures(self, workloads, of):
        return [self.figure(workload, of) for workload in workloads]

    def total(self, workloads, of):
        values = self.figures(workloads, of)
        return sum(values) if values and None not in values else None

    def mean(self, workloads, of):
        return mean(self.figures(workloads, of))

    def against(self, other, of=instructions):
        """A figure of a result: how many times the other side's it is."""
        return lambda result: ratio(of(result), other.figure(result["workload"], of))


NOT_RUN = {"run": "", "failed": None, "results": []}


class Data:
    """document: report.json."""

    def __init__(self, document):
        self.runs = {kept["run"]: kept for kept in document["runs"]}

    def side(self, name):
        return Side(self.runs.get(name, NOT_RUN))

    def has(self, *names):
        return all(name in self.runs for name in names)

    def part(self, name):
        return [kept for kept in self.runs.values() if kept["part"] == name]

    def moves(self, part):
        """Row -> by how much native moves, of those of which that was measured (report/repeat.py)."""
        return {result["workload"]: result["moves"] for kept in self.part(part) for result in kept["results"] if "moves" in result}

    def modes(self, profile):
        """mode -> side of those that were run."""
        return {name: self.side(f"{profile}-{name}") for name in plan.PRICED if self.has(f"{profile}-{name}")}

    def events(self):
        """mode -> event -> instructions of one."""
        found = {}
        for kept in self.part(plan.EVENTS):
            if not kept["failed"]:
                found[kept["run"].removeprefix("events-")] = {
                    each["event"]: each["instructions"] / each["count"] for each in kept["results"]}
        return found

    def failures(self):
        return {name: kept["failed"] for name, kept in self.runs.items() if kept["failed"]}


def workloads(sides):
    """In the order of the records."""
    return list(dict.fromkeys(name for side in sides for name in side.names))
