# SPDX-License-Identifier: BSD-2-Clause
"""One run: what it needs is looked at, the machine runs to its end, and its console is judged."""

import collections
import pathlib
import re
import sys

from hmode import addresses, devices, guest, machine, modes, outcome, outputs, qemu, records, results, trace, translation, tree, \
    walks
from hmode.console import HUNG, Console, execute
from hmode.messages import Failed, Refused, naming, say, warn
from hmode.options import OPTIONS

Prepared = collections.namedtuple("Prepared", "command log")


class RunFailed(Failed):
    """With what the console says of it."""

    def __init__(self, what, log, remedy=None):
        super().__init__(what, remedy)
        self.log, self.console = log, read(log)

    def show(self):
        tail = records.without_records("\n".join(records.lines(self.console.rstrip("\n"))[-15:]))
        super().show()
        print(f"       cause: {records.cause(self.console)}\n       the end of {self.log}:", *tail, sep="\n",
              file=sys.stderr)


NO_H = "this QEMU runs no guest by the H extension"


class NoGuestsByH(Failed):
    """This QEMU's harts have H, but no firmware can hand a trap of a guest's on."""

    def __init__(self):
        super().__init__(f"{NO_H}: mstatus.MPV cannot be written, as in 10.0.13", "run: make qemu, and then the same with QEMU=hspt")


def read(log):
    return pathlib.Path(log).read_bytes().decode(errors="replace")


def must_be_built(settings):
    """make builds all before it launches; the launcher by itself only looks."""
    wanted = [tree.firmware(settings.trace) / "hmcode.bin"]
    wanted += [] if settings.is_native else [tree.BUILD / "host-hv/host-hv.bin"]
    wanted += [tree.BUILD / trace.PLUGIN] if settings.trace else []
    wanted += [tree.BUILD / walks.PLUGIN] if settings.walks else []
    for path in wanted:
        if not path.is_file():
            more = (" TRACE=1" if settings.trace else "") + (" WALKS=1" if settings.walks else "")
            raise Failed(f"{path} is not built", f"run: make all{more}")


def must_have_folders(settings):
    """Before a run that may be long, of what is written at its end as well."""
    (tree.BUILD / "log").mkdir(parents=True, exist_ok=True)
    for name in ("LOG", "RESULT", "TRACE"):
        path = getattr(settings, name.lower())
        if path and not pathlib.Path(path).parent.is_dir():
            raise outputs.cannot_write(name, path, "its folder is not there")


def log_of(settings):
    return pathlib.Path(settings.log or tree.BUILD / "log" / f"{settings.mode}-{settings.profile}.log")


def ignored(settings):
    """(option, value in its place) of what the user gave; only an option that one of several modes has no use for can be."""
    for option in OPTIONS:
        value = str(getattr(settings, option.name.lower()))
        if option.ignored and settings.is_given(option.name) and settings.given[option.name] != value:
            yield option, value


def say_what_is_ignored(settings):
    """In a table, whose other modes have a use for it."""
    for option, value in ignored(settings):
        warn(f"{option.name}={settings.given[option.name]} is for other modes, {settings.mode} has {value}")


def must_ignore_nothing(settings):
    """Alone a run takes all that is given."""
    for option, _ in ignored(settings):
        raise Refused(f"{option.name}={settings.given[option.name]} does not go with MODE={settings.mode}",
                      f"HARTS={settings.given[option.name]}, whose harts are its CPUs")


def prepare(settings, *more):
    """The command of the machine and its log."""
    must_have_folders(settings)
    say_what_is_ignored(settings)
    guest.must_be_there(settings)
    files = guest.look(settings, tree.BUILD / "kernels")
    found = qemu.find(settings.qemu or "", settings.misaligned == "trap")
    devices.must_have(settings, found)
    must_be_built(settings)
    log = log_of(settings)
    return Prepared([*machine.command(settings, found, files, log), *trace.words(settings, log), *walks.words(settings, log), *more],
                    log)


# Of a shell, perhaps with busybox's question where the cursor is, or of a login; then QEMU says that the launcher ended it.
PROMPT = re.compile(r"([#$>]|login:) (\x1b\[6n)?(qemu-system-\S*: terminating on signal .*\n?)?\Z")


def execute_to_the_end(settings, prepared):
    """The console; RunFailed: it did not end as it should, with all that was asked for."""
    with naming(prepared.log), prepared.log.open("wb") as log:
        status = execute([*prepared.command, "-serial", "stdio", "-monitor", "none"], Console(settings, log),
                         settings.timeout)
    console = read(prepared.log)
    addresses.show(console, settings.is_native, bool(settings.trace))
    if status is None and HUNG in console:
        raise RunFailed("the guest's kernel panicked, and stayed", prepared.log)
    if status is None:
        raise RunFailed(f"the guest was still running after {settings.timeout} seconds and was stopped", prepared.log,
                        "it waits for a keyboard: make shell has one, with the same options" if PROMPT.search(console) else None)
    if status < 0:
        raise RunFailed(f"QEMU was ended by signal {-status}", prepared.log)
    if status:
        raise RunFailed(f"QEMU ended with status {status}", prepared.log)
    judge(settings, console, prepared.log)
    return console


NO_MPV = "hmcode: mstatus.MPV cannot be written"


def lacks_mpv(console):
    """What the firmware says before host-hv, and so before any guest, says anything."""
    return NO_MPV in re.split("^host-hv ", console, maxsplit=1, flags=re.M)[0]


def judge(settings, console, log):
    if settings.mode == modes.HAP and lacks_mpv(console):
        raise NoGuestsByH()
    if "Kernel panic" in console:
        raise RunFailed("the guest's kernel panicked", log)
    ends = records.ends(console)
    if not settings.is_native and not ends:
        raise RunFailed("host-hv ended without saying how", log)
    if not settings.is_native and not set(ends) <= {"shutdown", "reboot"}:
        raise RunFailed(f"the guest did not shut down: {' '.join(ends)}", log)
    found = records.results(settings, console)
    missing = settings.programs and outcome.is_measured(settings, console, found)
    if missing:
        raise RunFailed(f"program '{missing}' gave no result", log)
    correct = {result["workload"] for result in found if result["ok"]}
    for name in settings.workload:
        if name not in correct:
            raise RunFailed(f"workload '{name}' gave no correct result", log)


def run(settings, title=""):
    """The results; RESULT has them as well."""
    with outputs.log(log_of(settings)), outputs.result(settings.result) as write:
        prepared = prepare(settings)
        say("RUN", title + settings.title())
        with trace.taken(settings, prepared.log), walks.taken(settings, prepared.log):
            console = execute_to_the_end(settings, prepared)
            found = outcome.with_programs(settings, console, prepared.log, records.walked(settings, console, prepared.log))
            found += regions_of(settings, console)
            write(records.as_text(found))
    return found


def regions_of(settings, console):
    """With MARKS=1 alone: those that were marked.  What is wrong with a mark is said, and makes no figure."""
    if not settings.tells_regions:
        return []
    found, wrong = records.of_regions(settings, console)
    for text in wrong:
        warn(f"MARKS=1: {text}")
    return found


def show_results(found):
    if found:
        print("\n".join(results.table(found) + translation.tables(found)))
