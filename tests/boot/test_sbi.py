# SPDX-License-Identifier: BSD-2-Clause
"""SBI clause by clause, with several harts, in each mode and on OpenSBI itself; test_payloads.py has one hart."""

import re
import subprocess

import pexpect
import pytest

from launcher import LAUNCH, ROOT

END = re.compile(r"^payload: (\d+) ok, (\d+) failed", re.M)
# Harts of their own run in real time, where other programs take some of it.
REAL_TIME = {"ICOUNT": 0, "APPEND": "slack=10"}
ONE_HART = {"HARTS": 1, "VCPUS": 2}
MORE_THAN_HARTS = {"HARTS": 2, "VCPUS": 3, **REAL_TIME}
RUNS = [
    ("native", {"HARTS": 2, **REAL_TIME}),
    ("ssp-hm", ONE_HART), ("ssp-hm", {"HARTS": 2, "VCPUS": 2, **REAL_TIME}), ("ssp-hm", {**ONE_HART, "PROFILE": "u74"}),
    ("tsp", MORE_THAN_HARTS), ("ssp", MORE_THAN_HARTS),
    *(pytest.param(mode, {"HARTS": harts, "VCPUS": 8, **REAL_TIME, "PROFILE": profile}, marks=pytest.mark.long)
      for mode in ("ssp-hm", "ssp", "tsp") for harts in (1, 3) for profile in ("virt", "u74")),
]


def holds(console, harts):
    assert not re.findall(r"FAIL .*", console), "\n".join(re.findall(r"FAIL .*", console))
    assert f"note harts {harts}\n" in console.replace("\r", ""), console
    end = END.search(console)
    assert end and int(end[1]) > 300 and end[2] == "0", console


@pytest.mark.parametrize("mode, options", RUNS)
def test_every_clause_holds(launch, payloads, mode, options):
    run = launch(MODE=mode, KERNEL=payloads / "sbi-clauses.bin", MEM="128M", TIMEOUT=300, **options)
    holds(run.console, options["HARTS"] if mode == "native" else options["VCPUS"])
    assert run.status == 0, repr(run)


def native(payloads, append, *options):
    """The shell's command for a native run."""
    words = ["MODE=native", "MEM=128M", f"KERNEL={payloads / 'sbi-clauses.bin'}", f"APPEND={append}", *options]
    return subprocess.run([str(LAUNCH), "show", *words], check=True, capture_output=True, text=True).stdout


@pytest.mark.parametrize("harts", [1, 2])
def test_the_reference_is_opensbi(payloads, harts):
    """What differs from it, the payload knows of each clause; hmcode is not in this machine at all."""
    made = subprocess.run(["make", "-s", "-C", str(ROOT / "hmcode"), "opensbi"], check=True, capture_output=True, text=True)
    command, count = re.subn(r"'[^']*hmcode\.bin'", made.stdout.strip(), native(payloads, "slack=10", f"HARTS={harts}", "ICOUNT=0"))
    assert count == 1
    done = subprocess.run(["sh", "-c", command], stdin=subprocess.DEVNULL, capture_output=True, timeout=300)
    console = done.stdout.decode(errors="replace").replace("\r", "")
    assert "note OpenSBI\n" in console
    holds(console, harts)


@pytest.mark.parametrize("mode", ["native", "ssp-hm", "tsp"])
def test_legacy_calls_are_enough_for_a_dialogue(payloads, mode):
    """putchar, getchar, shutdown: a program that knows nothing else hears, answers and ends."""
    command = native(payloads, "echo=1", f"MODE={mode}", "ICOUNT=0")
    machine = pexpect.spawn("sh", ["-c", command], timeout=60, encoding="utf-8", echo=False)
    machine.expect_exact(":")
    for word in ("hello", "again"):
        machine.send(word)
        machine.expect_exact(word)
    machine.send("q")
    machine.expect(pexpect.EOF)
    machine.close()
    assert machine.exitstatus == 0
    if mode != "native":
        assert '{"end":"shutdown","vm":0}' in machine.before


def test_what_is_not_there_is_named_once_and_exits_once(launch, payloads):
    few, many = (launch(MODE="ssp-hm", KERNEL=payloads / "sbi-clauses.bin", MEM="128M", MARKS=1, TIMEOUT=60,
                        APPEND=f"unknown={calls}") for calls in (2, 1002))
    for run in (few, many):
        assert len(re.findall(r"vm0: the guest calls SBI extension 0xbadbad, which there is not", run.console)) == 1
        assert "0xbadbae" not in run.console
    assert many.mark()["vm_exits"]["by_reason"]["sbi"] == few.mark()["vm_exits"]["by_reason"]["sbi"]
    assert many.mark()["hm_traps"]["by_kind"]["sbi_other"] - few.mark()["hm_traps"]["by_kind"]["sbi_other"] == 1000
