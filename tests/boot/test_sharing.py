# SPDX-License-Identifier: BSD-2-Clause
"""Several vCPUs on one hart: none takes more than its share, and IPIs come in time."""

import functools
import re

import pexpect
import pytest

from launcher import ROOT
from test_host_hv import command, records

ENDLESS = sorted(path.stem for path in (ROOT / "tests/payloads").glob("endless-*.c"))
NEIGHBOURS = [*((name, "") for name in ENDLESS), *(("endless-wfi", f"ahead={ahead}") for ahead in (6, 8, 15, 100))]
OPTIONS = {"tsp": "policy=tsp", "ssp": "policy=ssp", "ssp-hm": "policy=ssp-hm"}
MODES = [pytest.param("tsp", marks=pytest.mark.long), pytest.param("ssp", marks=pytest.mark.long), "ssp-hm"]
ICOUNT = ["-icount", "shift=0,align=off,sleep=off", "-rtc", "base=2025-01-01,clock=vm"]
# Of what the same work takes alone.
MOST = 2.2
SLICE = 7500		# ticks of 100 ns, host-hv's
SWITCH = 50		# from one vCPU to another


def console(payloads, guests, options, until, timeout=60, harts=1):
    """What is printed until then; guests are names of payloads and their command lines."""
    words = command([(payloads / f"{name}.bin", None, line) for name, line in guests], f"mem=128M {options}", harts)
    if harts == 1:
        words += ICOUNT
    machine = pexpect.spawn(words[0], words[1:], timeout=timeout, encoding="utf-8")
    machine.expect(until)
    machine.close(force=True)
    return machine.before


def ticks(text, what="ticks of work"):
    return [int(n) for n in re.findall(rf"note {what} (\d+)", text)]


@functools.cache
def alone(payloads, mode):
    return ticks(console(payloads, [("bench-victim", "")], OPTIONS[mode], '"end"'))


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("name, line", NEIGHBOURS)
def test_a_neighbour_takes_no_more_than_half(payloads, name, line, mode):
    """All of its work; and each round, which may begin and end anywhere in a slice of the neighbour's."""
    expected = alone(payloads, mode)
    text = console(payloads, [(name, line), ("bench-victim", "")], OPTIONS[mode], '"end":"shutdown","vm":1')
    assert "[vm0] note begins" in text
    rounds = ticks(text)
    assert len(rounds) == len(expected)
    assert sum(rounds) <= MOST * sum(expected), rounds
    assert max(rounds) <= MOST * min(expected) + SLICE, rounds


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("line", ["ahead=10 work=5000", "ahead=8 work=100", "ahead=1000 work=200000"])
def test_a_napping_cpu_leaves_the_other_its_half(payloads, line, mode):
    options = f"vcpus=2 {OPTIONS[mode]}"
    expected = ticks(console(payloads, [("endless-nap", "alone=1")], options, "CPU 1 is done"))
    rounds = ticks(console(payloads, [("endless-nap", line)], options, "CPU 1 is done"))
    assert len(rounds) == len(expected)
    assert max(rounds) <= MOST * min(expected), rounds


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("line", ["", "naps=1"])
def test_an_ipi_comes_after_at_most_one_slice_of_each_other(payloads, line, mode):
    text = console(payloads, [("bench-ipis", line)], f"vcpus=4 {OPTIONS[mode]}", '"end"')
    worst, = ticks(text, "ticks until the last CPU was reached")
    assert 0 < worst <= 3 * (SLICE + SWITCH)


@pytest.mark.parametrize("mode", MODES)
def test_lines_of_a_stopped_cpu_are_no_exits_of_its_neighbour(payloads, mode):
    """The attacker has the second hart; on the first are the victim and the attacker's other CPU, which stopped."""
    text = console(payloads, [("hostile-lines", ""), ("bench-victim", "marks=1 rounds=100")],
                   f"vcpus=2 marks=1 {OPTIONS[mode]}", '"end":"shutdown","vm":1', harts=2)
    assert "[vm0] note begins" in text and "FAIL" not in text
    victim, = (record for record in records(text) if record.get("vm") == 1)
    assert victim["vm_exits"]["by_reason"]["interrupt"] <= 50, victim


LEAST_GAP = 10000    # between two interrupts of the platform's clock


@pytest.mark.parametrize("mode", MODES)
def test_alarms_of_a_guest_are_no_exits_of_its_neighbour(payloads, mode):
    """Each that comes is served once; the others are slices that end."""
    text = console(payloads, [("hostile-alarm", ""), ("bench-victim", "marks=1")], f"marks=1 {OPTIONS[mode]}",
                   '"end":"shutdown","vm":1')
    assert "[vm0] ok an alarm" in text and "FAIL" not in text
    rounds = ticks(text)
    assert sum(rounds) <= MOST * sum(alone(payloads, mode)), rounds
    victim, = (record for record in records(text) if record.get("vm") == 1)
    assert victim["vm_exits"]["by_reason"]["interrupt"] <= sum(rounds) / SLICE + sum(rounds) / LEAST_GAP, victim


@pytest.mark.parametrize("mode", ["native", "ssp-hm"])
def test_the_alarms_of_that_guest_ring_as_they_do_natively(launch, payloads, mode):
    run = launch(MODE=mode, KERNEL=payloads / "hostile-alarm.bin", MEM="128M", APPEND="rounds=2", TIMEOUT=60)
    assert run.status == 0 and "payload: 1 ok, 0 failed" in run.console, repr(run)


PAGES = 2 * 64		# of each CPU's, its own and the kernel's


def test_remote_fences_take_no_more_than_they_say(launch, payloads):
    """Several that are owed together keep their ASID: the other address spaces' pages are filled once."""
    run = launch(MODE="ssp-hm", VCPUS=4, HARTS=1, MARKS=1, KERNEL=payloads / "bench-refills.bin", MEM="128M", TIMEOUT=120)
    assert "FAIL" not in run.console and run.status == 0, repr(run)
    assert "note CPUs 4" in run.console
    assert 0 < run.mark()["hm_traps"]["by_kind"]["fill"] <= 3 * PAGES


def no_stall(run):
    assert run.status == 0, repr(run)
    assert not re.findall(r".*(?:stall|soft lockup|hung task).*", run.console), repr(run)


@pytest.mark.parametrize("vcpus", [4, pytest.param(8, marks=pytest.mark.long)])
def test_debian_boots_with_several_cpus_on_one_hart(launch, vcpus):
    no_stall(launch(MODE="ssp-hm", VCPUS=vcpus, HARTS=1, ICOUNT=1, WORKLOAD="boot", TIMEOUT=600))
