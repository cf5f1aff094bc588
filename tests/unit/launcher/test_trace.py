# SPDX-License-Identifier: BSD-2-Clause
"""The trace's files from what the plugin leaves, and its lists and numbers from the firmware's header."""

import json
import re

import pytest

from hmode import abi, cli, run, settings, trace, tree
from hmode.messages import Failed, Refused
from hmode.settings import Settings
from hmode.trace import Event, Recorded

FILL, SFENCE = (trace.KINDS.index(name) for name in ("fill", "sfence_va"))
EXIT, ENTER, CALL, TRAP = range(len(abi.TRAPS), len(trace.KINDS))
EXIT_MMIO = next(each.number for each in abi.EXITS if each.name == "mmio")
VA = 0xffffffff80c03646
SHORT = [Event(0, CALL, 100, 0x54494d45, 2), Event(0, ENTER, 200, 0x103, 7), Event(0, FILL, 300, VA, 7),
         Event(0, SFENCE, 400, 0x1000, 7), Event(0, EXIT, 500, 0x10000000, EXIT_MMIO),
         Event(0, EXIT, 600, 0, 0), Event(0, TRAP, 700, 1 << 63 | 7, 7)]


@pytest.fixture(autouse=True)
def nothing_given(monkeypatch):
    for name in ("TRACE", "EVENTS", "HMODE_GIVEN"):
        monkeypatch.delenv(name, raising=False)


def told(events, dropped=0, **given):
    return [line for line in trace.lines(Settings(given), Recorded(events, dropped)) if not line.startswith("#")]


def made(events, dropped=0):
    lines = list(trace.json_lines(Settings({}), Recorded(events, dropped)))
    return json.loads("\n".join(lines))["traceEvents"]


# ---- lists and numbers ----

def test_kinds_are_those_of_the_header():
    assert trace.KINDS[:EXIT] == [trap.key for trap in abi.TRAPS]
    assert trace.KINDS[EXIT:] == [trace.EXIT, trace.ENTER, trace.HOST_CALL, trace.HOST_TRAP]
    assert trace.KINDS[EXIT:] == ["exit", "enter", "host_call", "host_trap"]


def test_a_ring_is_as_large_as_the_header_says():
    slot = 1 << int(re.search(r"^#define HM_TRACE_SLOT_SHIFT (\d+)$", trace.TEXT, re.M)[1])
    assert trace.RING == 256 * slot and len(trace.KINDS) + 2 <= slot // 8


# ---- the time line ----

def test_each_event_has_its_world():
    assert [re.sub(" +", " ", line.strip()) for line in told(SHORT)] == [
        "100 0 host host call TIME (0x54494d45), function 2",
        "200 0 vCPU 3 of VM 1 enter",
        f"300 0 vCPU 3 of VM 1 trap fill {VA:#x}",
        "400 0 vCPU 3 of VM 1 trap sfence_va 0x1000",
        "500 0 vCPU 3 of VM 1 exit mmio 0x10000000",
        "600 0 host exit interrupt 0x0, before the guest ran",
        "700 0 host host trap interrupt 7"]


def test_harts_have_worlds_of_their_own():
    lines = told([Event(0, ENTER, 1, 0, 0), Event(1, ENTER, 2, 1, 0), Event(0, FILL, 3, 0, 0), Event(1, FILL, 4, 0, 0)])
    assert [line.split()[1:4] for line in lines[2:]] == [["0", "vCPU", "0"], ["1", "vCPU", "1"]]


@pytest.mark.parametrize("event, world", [(SHORT[2], "guest"), (SHORT[4], "?"), (SHORT[6], "host"), (SHORT[1], "vCPU 3 of VM 1")])
def test_of_a_world_that_was_entered_before_is_said_what_is_known(event, world):
    line, = told([event], dropped=5)
    assert f" {world} " in line


@pytest.mark.parametrize("number, name", [(0x54494d45, "TIME (0x54494d45)"), (0x735049, "sPI (0x735049)"), (0x10, "0x10"),
                                          (0x08484d43, "HMC (0x8484d43)"), (8, "0x8"), (0xffff_ffff_ffff_ffff, f"{(1 << 64) - 1:#x}"),
                                          (0x2d2d2d2d, "0x2d2d2d2d")])
def test_extensions_of_sbi_have_letters(number, name):
    assert trace.name_of_extension(number) == name


def test_unknown_numbers_are_told_as_numbers():
    first, second = told([Event(0, EXIT, 1, 0, 5), Event(0, 29, 2, 0, 0)])
    assert "exit 5" in first and "kind 29" in second


def test_the_head_says_what_was_dropped_and_what_the_clock_is():
    assert "# 1 events; 41 before them were dropped" in list(trace.lines(Settings({}), Recorded(SHORT[:1], 41)))
    assert any("ticks" in line for line in trace.lines(Settings({"ICOUNT": "0"}), Recorded([], 0)))
    assert any("instructions" in line for line in trace.lines(Settings({}), Recorded([], 0)))


# ---- for Perfetto ----

def test_stays_in_worlds_are_slices():
    assert [(each["name"], each["ts"], each["dur"]) for each in made(SHORT) if each["ph"] == "X"] == [
        ("host", 0.1, 0.1), ("vCPU 3 of VM 1", 0.2, 0.3), ("host", 0.5, 0.2)]


def test_events_are_instants():
    instants = [each for each in made(SHORT) if each["ph"] == "i"]
    assert [(each["name"], each["ts"], each["cat"]) for each in instants] == [
        ("host call", 0.1, "host"), ("trap fill", 0.3, "trap,memory"), ("trap sfence_va", 0.4, "trap,memory"),
        ("exit mmio", 0.5, "exit"), ("exit interrupt", 0.6, "exit"), ("host trap", 0.7, "host")]
    assert instants[1]["args"] == {"world": "vCPU 3 of VM 1", "value": f"{VA:#x}"}


def test_a_trace_without_an_event_is_one():
    assert [each["ph"] for each in made([])] == ["M"]


def test_a_clock_that_goes_back_gives_no_negative_stay():
    assert all(each["dur"] >= 0 for each in made([Event(0, ENTER, 500, 0, 0), Event(0, EXIT, 100, 0, 0)]) if each["ph"] == "X")


# ---- what the plugin leaves ----

def left(tmp_path, head, count, cut=0):
    path = tmp_path / "log.events"
    data = b"".join(trace.EVENT.pack(*event) for event in SHORT[:count])
    path.write_bytes(head + data[:len(data) - cut])
    return path


def test_what_is_whole_is_read(tmp_path):
    assert trace.read(left(tmp_path, b"hmode-trace 3 4\n", 3)) == Recorded(SHORT[:3], 4)


@pytest.mark.parametrize("head, cut", [(b"hmode-trace 4 0\n", 0), (b"hmode-trace 3 0\n", 1), (b"hmode-trace 2 0\n", 0)],
                         ids=["too few", "cut", "too many"])
def test_what_is_not_whole_is_refused(tmp_path, head, cut):
    with pytest.raises(Failed, match="is not whole: is its disk full"):
        trace.read(left(tmp_path, head, 3, cut))


@pytest.mark.parametrize("head", [b"", b"hmode-trace 3\n", b"\xff\xfe"])
def test_what_is_no_trace_is_refused(tmp_path, head):
    with pytest.raises(Failed, match="left no trace"):
        trace.read(left(tmp_path, head, 0))
    with pytest.raises(Failed, match="left no trace"):
        trace.read(tmp_path / "none")


# ---- around a run ----

def around(tmp_path, what, whole=True):
    """A run of one event that ends by `what`; the time line."""
    made = Settings({"TRACE": str(tmp_path / "line")})
    try:
        with trace.taken(made, tmp_path / "log"):
            if whole:
                left(tmp_path, b"hmode-trace 1 0\n", 1)
            if what:
                raise what
    finally:
        assert not trace.events_file(tmp_path / "log").exists()
    return (tmp_path / "line").read_text()


def test_a_run_leaves_both_files_and_nothing_else(tmp_path):
    assert "host call TIME" in around(tmp_path, None)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["line", "line.json"]


@pytest.mark.parametrize("what", [Failed("the run failed"), KeyboardInterrupt()])
def test_a_run_that_does_not_end_well_has_its_trace(tmp_path, what):
    with pytest.raises(type(what)):
        around(tmp_path, what)
    assert "host call TIME" in (tmp_path / "line").read_text()


def test_both_failures_are_told(tmp_path, capsys):
    with pytest.raises(Failed, match="the run failed"):
        around(tmp_path, Failed("the run failed"), whole=False)
    assert "QEMU left no trace" in capsys.readouterr().err


def test_a_run_without_a_trace_is_left_alone(tmp_path):
    with trace.taken(Settings({}), tmp_path / "log"):
        assert trace.words(Settings({}), tmp_path / "log") == []
    assert not list(tmp_path.iterdir())


# ---- options ----

@pytest.mark.parametrize("command", sorted(set(cli.COMMANDS) - {"run", "show"}))
def test_only_a_run_has_a_trace(command):
    with pytest.raises(Refused, match="TRACE goes with make run "):
        cli.execute(command, ["TRACE=x"])


def test_the_firmware_of_a_trace_is_another(monkeypatch, tmp_path):
    monkeypatch.setattr(tree, "BUILD", tmp_path)
    with pytest.raises(Failed, match="hmcode-trace/hmcode.bin is not built") as caught:
        run.must_be_built(Settings(settings.take(["TRACE=x", "MODE=native"])))
    assert caught.value.remedy == "run: make all TRACE=1"
    with pytest.raises(Failed, match="hmcode/hmcode.bin is not built"):
        run.must_be_built(Settings(settings.take(["MODE=native"])))
