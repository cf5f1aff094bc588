# SPDX-License-Identifier: BSD-2-Clause
"""TRACE=FILE: every event of a run, as a time line in FILE and as Trace Event JSON in FILE.json, for Perfetto's UI.

The firmware of build/hmcode-trace stores events (hmcode/include/hm_trace.h), and a plugin of QEMU's takes them as they are
stored (plugins/trace.c).  Time is mcycle: with ICOUNT=1 instructions, all harts' together.
"""

import collections
import contextlib
import json
import os
import pathlib
import struct
import subprocess

from hmode import abi, addresses, outputs, tree
from hmode.image import RAM
from hmode.messages import Failed, Stop, say

HEADER = abi.HEADER.with_name("hm_trace.h")
TEXT = HEADER.read_text()
RING = 1 << int(TEXT.partition("#define HM_TRACE_RING_SHIFT ")[2].split()[0])
PLUGIN = "plugins/trace.so"
MEMORY = "hm_trace_memory"              # of hmcode/core/trace.c

EVENT = struct.Struct("<5Q")            # plugins/trace.c
Event = collections.namedtuple("Event", "hart kind time value detail")
Recorded = collections.namedtuple("Recorded", "events dropped")     # dropped: how many came before

# Kind, in the order of their numbers.
KINDS = [trap.key for trap in abi.TRAPS] + [name for _, name, _ in abi.entries("HM_TRACE_MORE", TEXT)]
MEMORY_TRAPS = {trap.key for trap in abi.TRAPS if trap.memory}
EXIT, ENTER, HOST_CALL, HOST_TRAP = KINDS[len(abi.TRAPS):]
EXITS = {number: name for number, name, _ in abi.EXITS}

HOST, GUEST = "host", "guest"           # worlds; one of which nothing was seen yet: None
Told = collections.namedtuple("Told", "event world what more category")     # world: where the event took place


# ---- what QEMU is told ----

def symbol(elf, name):
    """Where it lies in the ELF file, and how large it is."""
    tool = os.environ.get("CROSS_COMPILE", "riscv64-linux-gnu-") + "nm"
    try:
        said = subprocess.run([tool, "-S", elf], capture_output=True, text=True, check=False).stdout
    except FileNotFoundError:
        raise Failed(f"the tool '{tool}' is missing", "run: make fetch") from None
    for at, size, _, found in (line.split() for line in said.splitlines() if len(line.split()) == 4):
        if found == name:
            return int(at, 16), int(size, 16)
    raise Failed(f"{elf} has no {name}", "run: make hmcode-trace")


def words(settings, log):
    """For QEMU's command line."""
    if not settings.trace:
        return []
    elf = tree.firmware(traced=True) / "hmcode.elf"
    at, size = symbol(elf, MEMORY)
    code = list(addresses.code(elf))
    first, last = -(-(RAM + at) // RING) * RING, (RAM + at + size) // RING * RING
    parts = [tree.BUILD / PLUGIN, f"out={events_file(log)}", f"most={settings.events}", f"rings={first:#x}-{last:#x}",
             f"code={RAM + min(each.start for each in code):#x}-{RAM + max(each.stop for each in code):#x}"]
    return ["-plugin", ",".join(str(part).replace(",", ",,") for part in parts)]


# ---- what the plugin leaves ----

def events_file(log):
    return pathlib.Path(f"{log}.events")


def read(path):
    """Failed: it is not whole."""
    try:
        with path.open("rb") as file:
            name, kept, dropped = file.readline().decode(errors="replace").split()
            data = file.read()
    except (OSError, ValueError):
        raise Failed("QEMU left no trace", f"the end of its console may say why: {path.with_suffix('')}") from None
    if name != "hmode-trace" or len(data) != int(kept) * EVENT.size:
        raise Failed(f"{path} is not whole: is its disk full?")
    return Recorded([Event(*fields) for fields in EVENT.iter_unpack(data)], int(dropped))


# ---- what it means ----

def name_of_extension(number):
    """Most of SBI's are letters, as TIME."""
    letters = number.to_bytes(8, "big").lstrip(bytes(range(32)))
    return f"{letters.decode()} ({number:#x})" if len(letters) > 2 and letters.isalnum() else f"{number:#x}"


def vcpu_of(value):
    return f"vCPU {value & 0xff} of VM {value >> 8}"


def told_of_host(event):
    if KINDS[event.kind] == HOST_CALL:
        return Told(event, HOST, "host call", f"{name_of_extension(event.value)}, function {event.detail}", "host")
    what = "interrupt" if event.value >> 63 else "exception"
    return Told(event, HOST, "host trap", f"{what} {event.value & ~(1 << 63)}", "host")


def told_of_exit(event, world):
    early = ", before the guest ran" if world == HOST else ""
    return Told(event, world, f"exit {EXITS.get(event.detail, event.detail)}", f"{event.value:#x}{early}", "exit")


def tell(recorded):
    """Each event in its order, with the world that its hart was in."""
    worlds = collections.defaultdict(lambda: None if recorded.dropped else HOST)
    for event in recorded.events:
        world, kind = worlds[event.hart], KINDS[event.kind] if event.kind < len(KINDS) else f"kind {event.kind}"
        if kind == ENTER:
            worlds[event.hart] = vcpu_of(event.value)
            yield Told(event, worlds[event.hart], "enter", "", "world")
        elif kind == EXIT:
            worlds[event.hart] = HOST
            yield told_of_exit(event, world)
        elif kind in (HOST_CALL, HOST_TRAP):
            worlds[event.hart] = HOST
            yield told_of_host(event)
        else:
            worlds[event.hart] = world or GUEST
            category = "trap,memory" if kind in MEMORY_TRAPS else "trap"
            yield Told(event, world or GUEST, f"trap {kind}", f"{event.value:#x}", category)


# ---- for a reader ----

def title(settings, recorded):
    clock = "instructions of all harts" if settings.icount else "ticks of mcycle, which are no instructions: ICOUNT=0"
    return [f"hmode trace: {settings.title()}", f"{len(recorded.events)} events; {recorded.dropped} before them were dropped",
            f"time: {clock}"]


def lines(settings, recorded):
    yield from (f"# {line}" for line in title(settings, recorded))
    yield f"# {'time':>16}  hart  {'world':<18} event"
    for told in tell(recorded):
        yield f"{told.event.time:>18}  {told.event.hart:>4}  {told.world or '?':<18} {told.what} {told.more}".rstrip()


# ---- for Perfetto: "Trace Event Format", with a thread for each hart ----

PROCESS = 1


def metadata(settings, harts):
    yield {"name": "process_name", "ph": "M", "pid": PROCESS, "args": {"name": f"hmode: {settings.title()}"}}
    for hart in harts:
        common = {"ph": "M", "pid": PROCESS, "tid": hart + 1}
        yield {"name": "thread_name", **common, "args": {"name": f"hart {hart}"}}
        yield {"name": "thread_sort_index", **common, "args": {"sort_index": hart}}


def microseconds(time):
    return time / 1000


def stay(hart, world, begin, end):
    """A world from its first event on, as a slice."""
    return {"name": world or "?", "cat": "world", "ph": "X", "pid": PROCESS, "tid": hart + 1,
            "ts": microseconds(begin), "dur": microseconds(max(0, end - begin))}


def instant(told):
    return {"name": told.what, "cat": told.category, "ph": "i", "s": "t", "pid": PROCESS, "tid": told.event.hart + 1,
            "ts": microseconds(told.event.time), "args": {"world": told.world or "?", "value": told.more}}


def slices(recorded):
    """Stays in worlds, and the events within; the last stays end with the last event."""
    stays, last = {}, max((event.time for event in recorded.events), default=0)
    for told in tell(recorded):
        event = told.event
        world, begin = stays.setdefault(event.hart, (told.world if told.category != "world" else HOST, event.time))
        if told.category == "world":
            yield stay(event.hart, world, begin, event.time)
            stays[event.hart] = told.world, event.time
            continue
        yield instant(told)
        if told.category == "exit" and world != HOST:
            yield stay(event.hart, world, begin, event.time)
            stays[event.hart] = HOST, event.time
    for hart, (world, begin) in stays.items():
        yield stay(hart, world, begin, last)


def json_lines(settings, recorded):
    """One object, an event a line."""
    harts = sorted({event.hart for event in recorded.events})
    first, *others = title(settings, recorded)
    yield '{"displayTimeUnit":"ns","otherData":' + json.dumps({"title": first, "notes": others}) + ',"traceEvents":['
    between = ""
    for event in (*metadata(settings, harts), *slices(recorded)):
        yield between + json.dumps(event, separators=(",", ":"))
        between = ","
    yield "]}"


# ---- files ----

def files(settings):
    return {settings.trace: lines, f"{settings.trace}.json": json_lines}


def write(settings, log):
    """Both; Failed: one of them is not whole."""
    recorded = read(events_file(log))
    for path, maker in files(settings).items():
        try:
            with open(path, "w", encoding="ascii") as file:
                file.writelines(f"{line}\n" for line in maker(settings, recorded))
        except OSError as error:
            raise outputs.cannot_write("TRACE", path, error) from error
    dropped = f"; {recorded.dropped} before them were dropped, EVENTS= keeps more" if recorded.dropped else ""
    say("TRACE", f"{settings.trace}, {settings.trace}.json: {len(recorded.events)} events{dropped}")


def must_be_writable(settings):
    """Before a run that may be long."""
    for path in files(settings) if settings.trace else ():
        try:
            open(path, "w", encoding="ascii").close()
        except OSError as error:
            raise outputs.cannot_write("TRACE", path, error) from error


@contextlib.contextmanager
def taken(settings, log):
    """Around a run; that of a run that fails or is interrupted is written as well."""
    if not settings.trace:
        yield
        return
    must_be_writable(settings)
    events_file(log).unlink(missing_ok=True)
    try:
        yield
    except (Stop, KeyboardInterrupt):
        try:
            write(settings, log)
        except Stop as other:       # what ended the run is told last
            other.show()
        raise
    else:
        write(settings, log)
    finally:
        events_file(log).unlink(missing_ok=True)
