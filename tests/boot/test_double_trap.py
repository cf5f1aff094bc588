# SPDX-License-Identifier: BSD-2-Clause
"""A trap vector that traps: for ever where double traps are not offered, as in each guest, whatever its hart has."""

import re

import pexpect
import pytest

from test_host_hv import command, ends, payload, run
from test_unlike_harts import assert_passed

BOTH = ",smdbltrp=true,ssdbltrp=true"
SECONDS = 10         # a payload begins within two
STOPPED = f"the guest was still running after {SECONDS} seconds and was stopped"


@pytest.mark.parametrize("mode", ["native", "ssp-hm", *(
    pytest.param(mode, marks=pytest.mark.long("double-trap")) for mode in ("tsp", "ssp"))])
def test_it_traps_for_ever(launch, payloads, mode):
    """Natively and in each mode the run ends by the clock alone, with the same status."""
    seen = launch(MODE=mode, KERNEL=payloads / "double-trap.bin", APPEND="end=1", MEM="128M", TIMEOUT=SECONDS)
    assert seen.status == 1 and STOPPED in seen.messages, repr(seen)
    assert "note traps in its trap vector" in seen.console and "is still there" not in seen.console, repr(seen)
    assert not re.search(r'FAIL|"end"', seen.console), repr(seen)


@pytest.mark.parametrize("option", ["policy=ssp-hm", "policy=ssp", "policy=tsp"])
def test_a_guest_is_not_offered_them(payloads, option):
    console = run([payload(payloads, "double-trap")], f"mem=128M {option}", extensions=BOTH)
    assert_passed(console)
    assert ends(console) == {0: "shutdown"}, console


def test_natively_firmware_stops_the_hart(payloads):
    """On a hart that has them OpenSBI offers them by FWFT; nobody has registered for its event, so it stops the hart."""
    words = command([], "offered=1 end=1", extensions=BOTH, memory="128M")
    words[words.index("-kernel") + 1] = str(payloads / "double-trap.bin")
    machine = pexpect.spawn(words[0], words[1:], timeout=60, encoding="utf-8", codec_errors="replace")
    machine.expect_exact("note traps in its trap vector")
    assert "FAIL" not in machine.before, machine.before
    machine.expect_exact("double trap handler failed")
    machine.expect_exact("mcause=0x0000000000000010")
    machine.close(force=True)
