# SPDX-License-Identifier: BSD-2-Clause
"""The runs of a report: each one's records in a file of its own, so that what is there already is not run again."""

import concurrent.futures
import hashlib
import json
import os
import pathlib
import subprocess
import threading
import time

from hmode import counting, outputs, records, tree, versions
from hmode.messages import Stop, say
from hmode.options import TAKEN
from hmode.qemu import PROGRAM
from hmode.run import NO_H
from hmode.settings import Settings
from report import plan, repeat, words

LAUNCH = tree.PLATFORM / "launch"


def read(path):
    """What a file of ours says; None: there is none, or it was cut off."""
    try:
        return json.loads(path.read_text())
    except (OSError, ValueError):
        return None


def write(path, document):
    """Whole, or not at all."""
    outputs.write_whole(path.with_name(path.name + ".new"), path, (json.dumps(document, indent=1) + "\n").encode())


def with_workload(run, workload):
    """The same for some of the workloads."""
    if not workload or "WORKLOAD=all" not in run.words:
        return run
    chosen = tuple(f"WORKLOAD={workload}" if word == "WORKLOAD=all" else word for word in run.words)
    return plan.Run(run.name, run.part, chosen, run.seconds, run.kind)


def settings_of(run):
    return Settings(dict(word.split("=", 1) for word in run.words))


def ours():
    """The version of the QEMU that `make qemu` builds."""
    folder = tree.current("qemu-hspt")
    return versions.version_of(versions.said_by(str(folder / PROGRAM))) if folder else None


def key(run):
    """What a record depends on; where one of these is another one, the run is made again."""
    made_of = {"command": run.command(), "commit": versions.commit(), "changed": versions.changed(), "compiler": versions.compiler()}
    if run.kind == plan.HSPT:
        return made_of | {"qemu": ours(), "kernel": None}
    try:
        settings = settings_of(run) if run.words else Settings({"MODE": "native"})
    except Stop:        # the run itself says why
        return made_of | {"qemu": None, "kernel": None}
    return made_of | {"qemu": versions.of_qemu(settings), "kernel": versions.of_kernel(settings)}


OF_BENCHES = ("RUNS", "CONFIGS", "PROGRAMS")


def clean():
    """The environment without options of the launcher: a run has those that the plan gives, and no others."""
    return {name: value for name, value in os.environ.items() if name not in (*TAKEN, *OF_BENCHES, "HMODE_GIVEN", "MAKEFLAGS", "MFLAGS")}


def lacks_h(kept):
    """It failed as it must with this QEMU, whose harts have H in name only (docs/hap.md)."""
    return bool(kept["failed"]) and NO_H in kept["failed"] and kept["kind"] not in plan.BENCHES


class Ended(Exception):
    """The report was told to end, and its launchers with it."""


class Execution:
    """Runs, in a folder.  Several threads may make runs at once."""

    def __init__(self, folder, launcher=LAUNCH):
        self.folder, self.launcher = pathlib.Path(folder), launcher
        self.lock, self.processes, self.ended = threading.Lock(), [], False
        for name in ("runs", "log"):
            (self.folder / name).mkdir(parents=True, exist_ok=True)

    def place(self, run):
        """By name and words, so that a report of some workloads leaves those of all alone."""
        return self.folder / "runs" / f"{run.name}-{hashlib.sha256(run.command().encode()).hexdigest()[:8]}.json"

    def kept(self, run):
        """What is there of it, and is still true; a run that failed is made again, if it can succeed here."""
        found = read(self.place(run))
        return found if found and found["key"] == key(run) and (not found["failed"] or lacks_h(found)) else None

    def expected(self, run):
        """What it took the last time that it succeeded, whatever it was made of."""
        found = read(self.place(run))
        return found["seconds"] if found and not found["failed"] else run.seconds

    def command(self, run):
        log, result = self.folder / "log" / f"{run.name}.log", self.folder / "log" / f"{run.name}.json"
        result.unlink(missing_ok=True)
        if run.kind in plan.BENCHES:
            return ["make", "-s", "-C", str(tree.TOP), plan.BENCHES[run.kind]], tree.BUILD / run.kind / "bench.json"
        words_of = [str(self.launcher), "run", *run.words, f"LOG={log}"]
        return (words_of, log) if run.kind == plan.EVENTS else ([*words_of, f"RESULT={result}"], result)

    def execute(self, command):
        """Status and output."""
        with self.lock:
            if self.ended:
                raise Ended
            process = subprocess.Popen(command, cwd=tree.TOP, env=clean(), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                       stderr=subprocess.STDOUT, text=True, errors="replace")
            self.processes.append(process)
        with process:
            output, _ = process.communicate()
        if self.ended:
            raise Ended
        return process.returncode, output

    def end(self):
        """The launchers are told to end, and end their machines.  What they were making leaves no record."""
        with self.lock:
            self.ended = True
            for process in self.processes:
                process.terminate()

    def results(self, run, path):
        if not path.is_file():
            return []
        text = path.read_text(errors="replace")
        if run.kind == plan.EVENTS:
            return [{"event": name, "instructions": total, "count": count, "versions": versions.of(settings_of(run))}
                    for name, (total, count) in counting.events(text).items()]
        if run.kind == plan.HSPT:
            return json.loads(text)["programs"]
        if run.kind == plan.DEVICES:
            return json.loads(text)
        return [json.loads(line) for line in text.splitlines()]

    def make(self, run):
        """Its records, which are kept; a run that fails is kept as one that failed."""
        command, path = self.command(run)
        made_of, begin = key(run), time.monotonic()
        status, output = self.execute(command)
        failed = None
        try:
            # What a bench that failed left in its place is another one's.
            found = [] if status and run.kind in plan.BENCHES else self.results(run, path)
        except ValueError as error:
            found, failed = [], f"its records cannot be read: {error}"
        if status:
            failed = reason(output) or f"it ended with status {status}"
        elif not found and not failed:
            failed = "it left no record"
        made = {"run": run.name, "part": run.part, "kind": run.kind, "command": run.command(), "key": made_of,
                "seconds": round(time.monotonic() - begin, 1), "failed": failed, "results": found}
        write(self.place(run), made)
        return made


def reason(output):
    """What the launcher said, without its lines of progress."""
    told = [line for line in records.lines(output) if line.strip() and not line.startswith("  ")]
    at = next((number for number, line in enumerate(told) if line.startswith("hmode: ")), max(len(told) - 3, 0))
    return "\n".join(line.removeprefix("hmode: ").strip() for line in told[at:at + 6])


def with_comparison(found):
    """Outputs of programs against native's of the same part; where they differ the record is wrong.  Benches
    have programs that are no guests'."""
    native, guests = {}, [kept for kept in found if kept["kind"] == plan.WORKLOADS]
    for kept in guests:
        for result in kept["results"]:
            if result.get("program") and result["mode"] == "native":
                native[kept["part"], result["workload"]] = result["program"]["stdout"]
    for kept in guests:
        for result in kept["results"]:
            told, base = result.get("program"), native.get((kept["part"], result.get("workload")))
            if told and base and not told["checked"] and any(told["stdout"][name] != base[name] for name in ("bytes", "crc32")):
                result["ok"], told["wrong"] = False, told["wrong"] or "its output is not that of native"
    return found


class Progress:
    """What is said at each run: where we are, and how long the others may take."""

    def __init__(self, expected, jobs):
        self.expected, self.jobs = dict(expected), jobs
        self.lock, self.begun, self.count = threading.Lock(), 0, len(expected)
        self.spent = self.planned = 0

    def left(self):
        return sum(self.expected.values()) / self.jobs * (self.spent / self.planned if self.planned else 1)

    def begins(self, run):
        with self.lock:
            self.begun += 1
            say("RUN", f"{self.begun}/{self.count} {run.name}: {run.command()} ({words.minutes(self.left())} left)")

    def ends(self, run, made):
        with self.lock:
            self.spent, self.planned = self.spent + made["seconds"], self.planned + self.expected.pop(run.name)
            if made["failed"]:
                say("FAILED", f"{run.name}: {made['failed'].splitlines()[0]}")


def make_all(execution, runs, progress, jobs):
    """The records of runs that can be made at once: so many at a time, in the order of the runs."""
    def make(run):
        progress.begins(run)
        made = execution.make(run)
        progress.ends(run, made)
        return made

    with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
        try:
            made = [pool.submit(make, run) for run in runs]
            for done in concurrent.futures.wait(made, return_when=concurrent.futures.FIRST_EXCEPTION).done:
                done.result()
            return [each.result() for each in made]
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            execution.end()
            raise


def all_of(execution, runs, jobs=1):
    """The records of all these; what is missing is run, with the time that is left.  What works in real time is alone."""
    there = {run.name: execution.kept(run) for run in runs}
    left = [run for run in runs if there[run.name] is None]
    progress = Progress({run.name: execution.expected(run) for run in left}, jobs)
    say("REPORT", f"{len(runs)} runs, {len(runs) - len(left)} of them are there already; "
        + (f"the others take about {words.minutes(progress.left())}" if left else "nothing to run"))
    for group, at_once in (([run for run in left if run.kind not in plan.BENCHES], jobs),
                           ([run for run in left if run.kind in plan.BENCHES], 1)):
        there |= {made["run"]: made for made in make_all(execution, group, progress, at_once)}
    return repeat.with_moves(with_comparison([there[run.name] for run in runs]))
