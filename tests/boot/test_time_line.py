# SPDX-License-Identifier: BSD-2-Clause
"""TRACE=FILE: what is in the time line took place, and no less; a fault shows the last events; what an event costs."""

import collections
import json
import re
import shutil
import subprocess

import pytest

from hmode import abi, qemu
from launcher import BUILD, LAUNCH, ROOT, Run

MODES = ["native", "tsp", "tsp-in-step", "ssp", "ssp-hm"]
LINE = re.compile(r" *(?P<time>\d+) +(?P<hart>\d+)  (?P<world>host|\?|guest|vCPU \d+ of VM \d+) +"
                  r"(?P<what>trap \w+|exit \w+|enter|host call|host trap)(?: (?P<more>.*))?")
Event = collections.namedtuple("Event", "time hart world what more")
# Instructions more than without a trace.
MOST_PER_TRAP, MOST_PER_FILL, MOST_PER_SBI_TRAP, MOST_PER_EXIT_AND_ENTRY = 6, 7, 8, 21
TRAPS = ["fill", "true-fault", "permission-fault", "fence-page", "fence-page-asid", "ring-commit",
         "ring-flush+refill+commit", "ring-range16+refill+commit", "ring-flush+commit", "satp-hit"]


@pytest.fixture(scope="session")
def traced(plugins):
    """The firmware with a trace, and the plugin."""
    subprocess.run(["make", "-s", "-C", str(ROOT / "hmcode"), "TRACED=1", f"BUILD={BUILD}/hmcode-trace"], check=True)


def events(path):
    """Those of a time line; each line that tells of none is a comment."""
    found = []
    for line in path.read_text().splitlines():
        if not line.startswith("#"):
            fields = LINE.fullmatch(line)
            assert fields, line
            found.append(Event(int(fields["time"]), int(fields["hart"]), *fields.group("world", "what", "more")))
    return found


def objects(path):
    """Of the file for Perfetto, by phase: what "Trace Event Format" asks of each."""
    parsed = json.loads(path.with_name(path.name + ".json").read_text())
    assert parsed["displayTimeUnit"] == "ns"
    by_phase = collections.defaultdict(list)
    for each in parsed["traceEvents"]:
        assert isinstance(each["name"], str) and each["name"] and isinstance(each["pid"], int)
        assert each["ph"] == "M" or (isinstance(each["ts"], (int, float)) and each["ts"] >= 0 and each["cat"])
        assert each["ph"] != "X" or each["dur"] >= 0
        assert each["ph"] != "i" or each["s"] == "t"
        by_phase[each["ph"]].append(each)
    assert set(by_phase) == {"M", "X", "i"}
    named = {each["tid"] for each in by_phase["M"] if each["name"] == "thread_name"}
    assert {each["tid"] for each in by_phase["X"] + by_phase["i"]} == named
    return by_phase


def measured(found):
    """What the record counts: from the entry behind the first marker to the last marker."""
    first, *_, last = (i for i, event in enumerate(found) if event.what == "exit mark")
    return found[first + 1:last]


def counted(found, what):
    return collections.Counter(event.what.removeprefix(f"{what} ") for event in found if event.what.startswith(f"{what} "))


def must_be_in_order(found):
    """Each hart's events by time; an entry and an exit by turns, and between them nothing of the host's."""
    for hart in {event.hart for event in found}:
        guest, own = False, [event for event in found if event.hart == hart]
        assert [event.time for event in own] == sorted(event.time for event in own)
        for event in own:
            if event.what == "enter":
                assert not guest, event
                guest = True
            elif event.what.startswith("exit "):
                assert guest != (event.world == "host") and ("before the guest ran" in event.more) != guest, event
                guest = False
            else:
                assert event.what.startswith("trap ") == guest == event.world.startswith("vCPU "), event


# ---- the time line ----

@pytest.fixture(scope="module")
def runs(traced, payloads, tmp_path_factory):
    """Mode -> (events, objects, record) of one guest that does everything; each run is made once."""
    made = {}

    def run(mode):
        if mode not in made:
            folder = tmp_path_factory.mktemp(mode)
            end = Run(folder, {"MODE": mode, "MEM": "128M", "MARKS": 1, "KERNEL": payloads / "bench-events.bin",
                               "APPEND": "marks=1", "TRACE": folder / "line"})
            assert end.status == 0, repr(end)
            made[mode] = events(folder / "line"), objects(folder / "line"), end
        return made[mode]

    return run


@pytest.mark.parametrize("mode", MODES[1:])
def test_traps_and_exits_are_those_of_the_record(runs, mode):
    found, _, end = runs(mode)
    record, part = end.mark(), measured(found)
    traps = {kind: count for kind, count in record["hm_traps"]["by_kind"].items() if count}
    assert sum(traps.values()) > 400 and counted(part, "trap") == traps
    exits = counted(part, "exit")
    assert sum(exits.values()) == record["vm_exits"]["total"] > 400
    # An exit that host-hv finds the reason of counts as what it found.
    reasons = {each.name: each.reason for each in abi.EXITS}
    for name, count in exits.items():
        assert reasons[name] is None or count <= record["vm_exits"]["by_reason"][reasons[name]], name


@pytest.mark.parametrize("mode", MODES)
def test_events_are_in_their_order(runs, mode):
    found, _, _ = runs(mode)
    must_be_in_order(found)


@pytest.mark.parametrize("mode", MODES)
def test_both_files_tell_the_same(runs, mode):
    found, by_phase, _ = runs(mode)
    entries = sum(event.what == "enter" for event in found)
    assert len(by_phase["i"]) == len(found) - entries
    assert collections.Counter(each["name"] for each in by_phase["i"]) == collections.Counter(
        event.what for event in found if event.what != "enter")
    worlds = collections.Counter(each["name"] for each in by_phase["X"])
    assert worlds["vCPU 0 of VM 0"] == entries and worlds["host"] >= 1
    assert set(worlds) <= {"host", "vCPU 0 of VM 0"}


@pytest.mark.parametrize("mode", MODES)
def test_slices_of_a_hart_do_not_overlap(runs, mode):
    _, by_phase, _ = runs(mode)
    slices = sorted((each["ts"], each["ts"] + each["dur"]) for each in by_phase["X"])
    assert all(second[0] >= first[1] - 1e-6 for first, second in zip(slices, slices[1:]))


def test_natively_there_is_what_the_kernel_asks_of_firmware(runs):
    found, _, _ = runs("native")
    assert {event.world for event in found} == {"host"}
    assert {event.what for event in found} == {"host call", "host trap"}
    calls = collections.Counter(event.more for event in found)
    assert calls["0x10, function 0"] >= 448     # "sbi-base", 448 times
    assert found[-1].more == "SRST (0x53525354), function 0"


def test_an_address_is_that_of_the_event(runs):
    """The payload fences 448 pages in a row, without an ASID and with one, and reads a register of the UART paged and bare."""
    part = measured(runs("ssp-hm")[0])
    fences = collections.Counter(int(event.more, 16) for event in part if event.what == "trap sfence_va")
    first = min(fences)
    assert fences == {first + 4096 * n: 2 for n in range(448)}
    devices = collections.Counter(event.more for event in part if event.what == "exit mmio")
    assert devices.pop("0x10000007") == 448 and list(devices.values()) == [448]


@pytest.mark.parametrize("icount", [1, 0])
def test_several_harts_are_apart(launch, traced, payloads, tmp_path, icount):
    """With ICOUNT=1 they take turns in one thread of QEMU's, otherwise each has one."""
    end = launch(MODE="ssp", HARTS=2, VCPUS=2, MEM="128M", KERNEL=payloads / "random-guest.bin", ICOUNT=icount,
                 APPEND="seed=1 steps=1000 harts=2", TRACE=tmp_path / "line")
    assert end.status == 0, repr(end)
    found = events(tmp_path / "line")
    must_be_in_order(found)
    worlds = collections.defaultdict(set)
    for event in found:
        worlds[event.hart].add(event.world)
    assert worlds == {0: {"host", "vCPU 0 of VM 0"}, 1: {"host", "vCPU 1 of VM 0"}}
    assert {each["args"]["name"] for each in objects(tmp_path / "line")["M"] if each["name"] == "thread_name"} == {
        "hart 0", "hart 1"}


def test_of_a_long_run_the_last_events_are_kept(launch, traced, payloads, tmp_path, runs):
    end = launch(MODE="ssp-hm", MEM="128M", MARKS=1, KERNEL=payloads / "bench-events.bin", APPEND="marks=1",
                 TRACE=tmp_path / "line", EVENTS=1000)
    whole = runs("ssp-hm")[0]
    assert f": 1000 events; {len(whole) - 1000} before them were dropped, EVENTS= keeps more" in end.messages
    assert f"# 1000 events; {len(whole) - 1000} before them" in (tmp_path / "line").read_text()
    kept = events(tmp_path / "line")
    assert [event[3:] for event in kept] == [event[3:] for event in whole[-1000:]]
    assert kept[0].world in ("?", "guest")      # what it entered was dropped
    objects(tmp_path / "line")


# ---- what goes wrong ----

@pytest.fixture
def run(launch, traced, payloads):
    return lambda **options: launch(**{"MODE": "ssp-hm", "MEM": "128M", "KERNEL": payloads / "sharing.bin"} | options)


def test_a_file_that_cannot_be_written_is_refused_before_the_run(run, tmp_path):
    for path, why in [(tmp_path / "none/line", "its folder is not there"), (tmp_path, "Is a directory")]:
        end = run(TRACE=path)
        assert end.status == 1 and f"TRACE={path} cannot be written: {why}" in end.messages, repr(end)
        assert not end.console


def test_a_full_disk_is_told(run, tmp_path):
    (tmp_path / "line").symlink_to("/dev/full")
    end = run(TRACE=tmp_path / "line")
    assert end.status == 1 and f"TRACE={tmp_path}/line cannot be written: No space left" in end.messages, repr(end)


FULL = """#!/bin/sh
case $1 in --version) exec {qemu} "$@" ;; esac
trap '' XFSZ        # a write beyond the limit fails as on a full disk
ulimit -f 40        # blocks of 512 bytes; there are some 900 events of 40 bytes
exec {qemu} "$@"
"""


def test_a_disk_that_is_full_for_the_plugin_is_told(run, tmp_path, payloads):
    wrapper = tmp_path / "qemu"
    wrapper.write_text(FULL.format(qemu=qemu.find("").program))
    wrapper.chmod(0o755)
    end = run(MODE="native", KERNEL=payloads / "bench-events.bin", QEMU=wrapper, TRACE=tmp_path / "line")
    assert end.status == 1 and "File too large" in end.console and "is not whole: is its disk full?" in end.messages, repr(end)


@pytest.mark.parametrize("command", ["shell", "debug", "measure", "tour", "bench-events"])
def test_it_goes_with_run_alone(tmp_path, command):
    end = subprocess.run([LAUNCH, command, f"TRACE={tmp_path}/line"], capture_output=True, text=True, check=False,
                         stdin=subprocess.DEVNULL, timeout=60)
    assert end.returncode == 2 and "TRACE goes with make run MODE=..., not with" in end.stderr
    assert not (tmp_path / "line").exists()


def test_a_run_that_fails_has_its_trace(run, tmp_path, payloads):
    end = run(KERNEL=payloads / "endless-faults.bin", TIMEOUT=3, TRACE=tmp_path / "line")
    assert end.status == 1 and "still running after 3 seconds" in end.messages, repr(end)
    assert counted(events(tmp_path / "line"), "trap") and not list(tmp_path.rglob("*.events"))
    objects(tmp_path / "line")


# ---- a fault of the firmware ----

def symbols(elf):
    said = subprocess.run(["riscv64-linux-gnu-nm", elf], capture_output=True, text=True, check=True).stdout
    return {name: int(address, 16) for address, name in re.findall(r"^(\w+) \w (\w+)$", said, re.M)}


def test_a_fault_shows_the_last_events_of_each_hart(run, tmp_path, payloads, monkeypatch):
    """The first instruction of a function becomes an illegal one."""
    copy = tmp_path / "build"
    for name in ("hmcode-trace", "host-hv", "plugins"):
        shutil.copytree(BUILD / name, copy / name)
    image = copy / "hmcode-trace/hmcode.bin"
    data, at = bytearray(image.read_bytes()), symbols(BUILD / "hmcode-trace/hmcode.elf")["hm_route_sbi"]
    data[at:at + 2] = bytes(2)
    image.write_bytes(data)
    monkeypatch.setenv("BUILD", str(copy))
    end = run(MODE="ssp", KERNEL=payloads / "bench-events.bin", TRACE=tmp_path / "line")
    assert end.status == 1 and "hmcode: hm_route_sbi (hmcode/trap/sbi.c:" in end.messages, repr(end)
    shown = re.findall(r"^hmcode: trace: hart 0, (\d+): (trap \w+|exit \w+|enter|host_\w+)(?: \d+)?, ([0-9a-f]+)\r*$",
                       end.console, re.M)
    whole = events(tmp_path / "line")
    assert len(shown) == 256 == len(re.findall("hmcode: trace: ", end.console))
    assert [(int(time), what.replace("_", " ", 1) if what.startswith("host") else what) for time, what, _ in shown] == [
        (event.time, event.what) for event in whole[-256:]]
    assert re.search(r"cause: hmcode: fault in the firmware: hart 0, cause 2 at", end.messages)


def test_the_firmware_that_ships_has_no_trace():
    assert not [name for name in symbols(BUILD / "hmcode/hmcode.elf") if name.startswith("hm_trace")]


# ---- what an event costs ----

@pytest.fixture(scope="module")
def costs(runs, payloads, tmp_path_factory):
    """Mode -> event of the payload -> instructions that the trace adds to one."""
    def told(console):
        return {name: int(total) / int(count)
                for name, count, total in re.findall(r"^note event (\S+) (\d+) (\d+)", console, re.M)}

    def cost(mode):
        plain = Run(tmp_path_factory.mktemp("plain"), {"MODE": mode, "MEM": "128M", "MARKS": 1, "APPEND": "marks=1",
                                                       "KERNEL": payloads / "bench-events.bin"})
        without, traced = told(plain.console), told(runs(mode)[2].console)
        # Each is a mean: their difference is not to be more than it is by the last bits of a float.
        return {name: round(traced[name] - without[name], 6) for name in without}

    return cost


def test_an_event_costs_no_more_than(costs):
    spent = costs("ssp-hm")
    assert {name: spent[name] for name in TRAPS if not 0 < spent[name] <= (MOST_PER_FILL if name == "fill" else MOST_PER_TRAP)} == {}
    assert 0 < spent["sbi-base"] <= MOST_PER_SBI_TRAP
    assert 0 < spent["vm-exit"] <= MOST_PER_EXIT_AND_ENTRY and 0 < spent["mmio-load"] <= MOST_PER_EXIT_AND_ENTRY
    assert spent["no-event"] == 0


def test_an_exit_with_its_entry_costs_no_more_than(costs):
    spent = costs("tsp")
    assert 0 < spent["fill"] <= MOST_PER_EXIT_AND_ENTRY and 0 < spent["vm-exit"] <= MOST_PER_EXIT_AND_ENTRY
