# SPDX-License-Identifier: BSD-2-Clause
"""What became of the user's programs: their ends and outputs, as the guest's first process tells them
(tests/workloads/program.c), and whether they are right."""

import base64
import binascii
import collections
import difflib
import functools
import pathlib
import re
import signal
import subprocess
import sys
import zlib

from hmode import program as programs, records, regions
from hmode.messages import LINE_LETTERS, Failed, naming, printable, say
from hmode.modes import label

DIFFERENCE_LINES = 16


class Output:
    """kept: its beginning, `most` bytes of it at least; size and checksum are those of all of it."""

    def __init__(self, most):
        self.lines, self.most, self.size, self.checksum = [], most, None, None

    @functools.cached_property
    def kept(self):
        """Once all has been taken."""
        return b"".join(self.lines)

    @property
    def is_whole(self):
        return len(self.kept) == self.size

    @property
    def is_sound(self):
        """Not torn by anything else on the console."""
        if self.is_whole:
            return zlib.crc32(self.kept) == self.checksum
        return self.size is not None and self.most <= len(self.kept) < self.size


class Outcome:
    """end: (what, number or text) with what of status, signal, begun."""

    def __init__(self, most):
        self.out, self.err, self.marks, self.end, self.ring = Output(most), Output(most), Output(most), None, None

    def take(self, text):
        output = re.fullmatch(r"(out|err|marks)(?: ([A-Za-z0-9+/=]+)|: ([0-9]{1,18}) bytes, checksum ([0-9a-f]{8}))", text)
        end = re.fullmatch(r"(status|signal|not begun:) (.*)", text)
        ring = re.fullmatch(r"hmwork: program ring: (.*)", text)
        if output and output[2]:
            getattr(self, output[1]).lines.append(decoded(output[2]))
        elif output:
            each = getattr(self, output[1])
            each.size, each.checksum = int(output[3]), int(output[4], 16)
        elif end:
            self.end = end[1], end[2]
        elif ring:
            self.ring = records.counts(ring[1])

    @property
    def is_sound(self):
        return self.end is not None and self.out.is_sound and self.err.is_sound and self.marks.is_sound and self.marks.is_whole

    def status(self):
        return int(self.end[1]) if self.end[0] == "status" and is_small(self.end[1]) else None

    def signal(self):
        """Its name."""
        if self.end[0] != "signal" or not is_small(self.end[1]):
            return None
        try:
            return signal.Signals(int(self.end[1])).name
        except ValueError:
            return f"signal {self.end[1]}"

    def why(self):
        """What is wrong with its end; None: nothing."""
        if self.end[0] == "not begun:":
            return f"cannot be started: {self.end[1]}"
        if self.signal():
            return f"ended by {self.signal()}" + (
                ", an instruction that the hart has not" if self.signal() == "SIGILL" else "")
        return f"exit status {self.end[1]}" if self.status() != 0 else None


def is_small(text):
    """A number of a process's end: a program may have written the line, with anything in it."""
    return re.fullmatch("[0-9]{1,3}", text) is not None


def decoded(text):
    try:
        return base64.b64decode(text, validate=True)
    except binascii.Error:
        return b""


def told(settings, console):
    """Number -> outcome."""
    found = collections.defaultdict(lambda: Outcome(programs.kept(settings)))
    for number, text in re.findall(r"hmprog: ([0-9]{1,3}) (.*)$", "\n".join(records.lines(console)), re.M):
        found[int(number)].take(text)
    return found


# ---- is it right? ----

def lines_of(data):
    return [printable(line) for line in data.decode(errors="backslashreplace").split("\n")]


def difference(one, other, names):
    """Of two outputs, as a few lines; none: they only differ beyond what is kept."""
    made = list(difflib.unified_diff(lines_of(one), lines_of(other), *names, n=0, lineterm=""))
    return made[:DIFFERENCE_LINES] + (["..."] if len(made) > DIFFERENCE_LINES else [])


def checked(settings, output):
    """What CHECK has against a kept output; None: nothing."""
    if output["kept"] < output["bytes"]:
        return f"CHECK needs all of its output, of whose {output['bytes']} bytes only {output['kept']} are kept; {more(output)}"
    try:
        with open(output["file"], "rb") as file:
            done = subprocess.run(["sh", "-c", settings.check], stdin=file, capture_output=True, check=False,
                                  timeout=settings.timeout)
    except subprocess.TimeoutExpired:
        return f"CHECK was still running after {settings.timeout} seconds"
    said = lines_of((done.stdout + done.stderr).rstrip(b"\n")[:LINE_LETTERS * DIFFERENCE_LINES])
    return None if not done.returncode else "\n".join(
        [f"CHECK found its output wrong (status {done.returncode})", *filter(None, said[:DIFFERENCE_LINES])])


def more(output):
    """The option by which all of an output is kept, if one can."""
    megabytes = (output["bytes"] + (1 << 20) - 1) >> 20
    return f"OUTPUT={min(megabytes, programs.MOST_OUTPUT)} keeps {'all' if megabytes <= programs.MOST_OUTPUT else 'more'}"


def told_of_output(output):
    if output["kept"] < output["bytes"]:
        return f"the first {output['kept']} of {output['bytes']} bytes"
    return f"{output['bytes']} bytes"


def kept(log, program, name, output):
    path = pathlib.Path(f"{log}.{program.name.replace('/', '_')}.{name}")
    with naming(path):
        path.write_bytes(output.kept)
    return {"file": str(path), "bytes": output.size, "kept": len(output.kept), "crc32": output.checksum}


def with_programs(settings, console, log, results):
    """The result objects with what became of their programs; the outputs lie beside the log."""
    if not settings.programs:
        return results
    outcomes, found = told(settings, console), []
    for program in settings.programs:
        outcome = outcomes[program.number]
        pieces = [result for result in results if result["workload"] == program.name]
        result, parts, wrong_marks = regions.taken(program.name, outcome.marks.kept, pieces, records.begun(console, program.number))
        stdout, stderr = kept(log, program, "stdout", outcome.out), kept(log, program, "stderr", outcome.err)
        why = outcome.why() or wrong_marks
        if why is None and settings.check:
            why = checked(settings, stdout)
        result["ok"], result["guest_ring"] = bool(result["ok"]) and why is None, outcome.ring
        result["program"] = {
            "command": [program.file, *program.arguments], "warm": settings.warm, "status": outcome.status(), "signal": outcome.signal(),
            "wrong": why, "checked": bool(settings.check), "stdout": stdout, "stderr": stderr}
        say("OUTPUT", f"{told_of_output(stdout)} of {program.name} in {stdout['file']}")
        found += [result, *parts]
    return found


def is_measured(settings, console, results):
    """The first program of which something is missing, or None."""
    outcomes, measured = told(settings, console), {result["workload"] for result in results}
    return next((each.name for each in settings.programs
                 if each.name not in measured or not outcomes[each.number].is_sound), None)


def compare(results):
    """Each output with native's, or with the first one's where there is no native; what differs is wrong."""
    base = {}
    for result in sorted(results, key=lambda each: each["mode"] != "native"):
        one, other = base.setdefault(result["workload"], result), result
        mine, its = (each["program"]["stdout"] for each in (other, one))
        if other["program"]["checked"] or (mine["bytes"], mine["crc32"]) == (its["bytes"], its["crc32"]):
            continue
        name = "native" if one["mode"] == "native" else label(one["mode"], one["hm"])
        texts = [pathlib.Path(each["file"]).read_bytes() for each in (its, mine)]
        lines = difference(*texts, (name, label(other["mode"], other["hm"]))) or \
            [f"it differs behind the {mine['kept']} bytes that are kept; {more(mine)}"]
        differs = "\n".join([f"its output is not that of {name}", *lines])
        other["program"]["wrong"] = "\n".join(filter(None, [other["program"]["wrong"], differs]))
        other["ok"] = False


class Wrong(Failed):
    """Programs that ended badly or wrote something wrong; what several modes have in common is told once."""

    def __init__(self, results):
        super().__init__("a program did not do what it should")
        self.modes = collections.defaultdict(list)
        for result in results:
            self.modes[result["workload"], told_of(result)].append(label(result["mode"], result["hm"]))

    def show(self):
        super().show()
        for (name, (head, *more)), modes in self.modes.items():
            print(f"       {name} in {', '.join(modes)}: {head}", *(f"           {line}" for line in more), sep="\n", file=sys.stderr)


def told_of(result):
    """Why it is wrong, and the end of what it wrote as errors: lines."""
    errors = pathlib.Path(result["program"]["stderr"]["file"]).read_bytes().rstrip(b"\n")
    return (*result["program"]["wrong"].split("\n"), *(f"it says: {line}" for line in lines_of(errors)[-4:] if line))


def must_be_right(results):
    """At the end, when everything has been shown."""
    wrong = [result for result in results if result.get("program") and result["program"]["wrong"]]
    if wrong:
        raise Wrong(wrong)
