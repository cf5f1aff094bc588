# SPDX-License-Identifier: BSD-2-Clause
"""A guest that reboots: over where reboot=end, begun anew where reboot=restart, with nothing left of before."""

import os
import re

import pexpect
import pytest

from launcher import LAUNCH
from test_host_hv import command, command_line, ends, payload, run


def machine_of(guests, options, harts=1):
    words = command(guests, options, harts)
    return pexpect.spawn(words[0], words[1:], timeout=120, encoding="utf-8", codec_errors="replace")


def reboots(payloads, mib=8):
    return (payloads / "hostile-reboots.bin", None, f"mib={mib}")


def until_reboot(machine, count):
    """The console up to the end number `count`."""
    seen = ""
    for _ in range(count):
        machine.expect_exact('{"end":"reboot","vm":0}')
        seen += machine.before
    return seen.replace("\r", "")


@pytest.mark.parametrize("options, harts, count", [
    ("vcpus=1", 1, 100), ("vcpus=3", 2, 10), ("vcpus=3 policy=ssp", 1, 10), ("vcpus=2 policy=tsp", 2, 10)])
def test_nothing_is_left_of_the_time_before(payloads, options, harts, count):
    machine = machine_of([reboots(payloads)], f"mem=8M reboot=restart {options}", harts)
    console = until_reboot(machine, count)
    machine.close(force=True)
    assert not re.findall(r"FAIL.*|host-hv: .*", console), console[-2000:]
    assert console.count("ok memory is zero") == console.count("note reboots") == count
    starts = re.findall(r"^vm0: .*", console, re.M)
    assert len(starts) == count
    assert len(set(starts)) == 1, set(starts)		# the pool's free pages among them
    assert re.search(r"pool \d+ pages free", starts[0])


def test_a_large_guest_that_restarts_leaves_its_neighbour_its_share(payloads):
    """A gigabyte is scrubbed in parts, in the guest's own turns; host-hv's prompt is there meanwhile."""
    machine = machine_of([reboots(payloads, 512), payload(payloads, "endless-faults")], "mem=512M reboot=restart log=quiet")
    machine.expect_exact('{"end":"reboot","vm":0}')
    command_line(machine, "stats", "host-hv: vm1: policy ssp-hm; ")
    machine.expect_exact("[vm0] ok memory is zero")
    machine.close(force=True)


def test_a_reboot_is_the_end_by_default(payloads):
    assert ends(run([reboots(payloads)], "mem=8M")) == {0: "reboot"}


@pytest.mark.parametrize("mode", ["native", "ssp-hm"])
def test_a_shell_comes_back_after_a_reboot(mode):
    shell = pexpect.spawn(str(LAUNCH), ["shell", f"MODE={mode}", "MEM=128M"], timeout=120, encoding="utf-8",
                          codec_errors="replace", env={**os.environ, "TERM": "dumb"})
    shell.expect_exact("~ # ")
    shell.sendline("touch /left; reboot -f")
    if mode != "native":
        shell.expect_exact('{"end":"reboot","vm":0}')
    shell.expect_exact("~ # ")
    shell.sendline("ls /left")
    shell.expect_exact("No such file")
    shell.close(force=True)
