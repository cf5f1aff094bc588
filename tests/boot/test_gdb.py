# SPDX-License-Identifier: BSD-2-Clause
"""`make gdb` on a machine of `make debug`, and the commands of hmcode/gdb/hm.py while a guest runs."""

import contextlib
import re
import subprocess

import pexpect
import pytest

from hmode import gdb
from launcher import LAUNCH, ROOT

COMMANDS = """
set pagination off
break hm_trap_slow if (long)$mcause > 0
continue
delete
hm-vcpu
hm-roots
hm-walk $mepc
break exit_route
continue
hm-vcpu 0
"""
ATTACH = ["make", "-s", "-C", str(ROOT), "gdb"]


@contextlib.contextmanager
def stopped_machine(kernel, mode):
    """A machine that waits for gdb."""
    machine = subprocess.Popen([LAUNCH, "debug", f"MODE={mode}", "MEM=128M", f"KERNEL={kernel}"],
                               stdin=subprocess.PIPE, stdout=subprocess.DEVNULL,
                               stderr=subprocess.PIPE, text=True)
    try:
        assert "in another terminal: make gdb" in machine.stderr.readline()
        while gdb.LISTEN not in gdb.states(gdb.PORT):
            assert machine.poll() is None
        yield machine
    finally:
        machine.terminate()
        machine.wait()


def told(folder, commands):
    """What gdb says to these commands, started from a folder that is not the tree's."""
    script = folder / "commands"
    script.write_text(commands)
    return subprocess.run([*ATTACH, f"GDBARGS=-batch -x '{script}'"], cwd=folder, capture_output=True, text=True,
                          timeout=60)


@pytest.mark.parametrize("mode", ["ssp", "ssp-hm"])
def test_a_stopped_machine_is_shown(payloads, tmp_path, mode):
    with stopped_machine(payloads / "sharing.bin", mode):
        said = told(tmp_path, COMMANDS)
    assert "Breakpoint 2, exit_route" in said.stdout, said
    in_firmware, at_host = said.stdout.split("Breakpoint 2, exit_route", 1)
    assert re.search(r"in the firmware, gdb thread 1: a trap of cause 0x[0-9a-f]+", in_firmware), said
    assert re.search(r"^\* +\d guest Bare; shadow Sv39", in_firmware, re.M), said
    assert ("tables of the host" in in_firmware) == (mode == "ssp"), said
    assert re.search(r"^  [012]  HPA \S+  \S+ VRWX--AD  leaf: HPA", in_firmware, re.M), said
    assert re.search(r"not running: S-mode, pc 0x[0-9a-f]+; last exit: [a-z_]+, cause", at_host), said


def test_each_interrupt_is_for_the_guest(payloads):
    """make would end at the second, and leave gdb behind."""
    with stopped_machine(payloads / "endless-wfi.bin", "ssp-hm"):
        session = pexpect.spawn(ATTACH[0], ATTACH[1:], timeout=60, encoding="utf-8")
        for _ in range(3):
            session.expect(r"\(gdb\) ")
            session.sendline("continue")
            session.expect("Continuing.")
            session.sendintr()
            session.expect("SIGINT")
        session.expect(r"\(gdb\) ")
        session.sendline("kill")
        session.expect(r"\(gdb\) ")
        session.sendline("quit")
        session.expect(pexpect.EOF)
        session.close()
    assert (session.exitstatus, session.signalstatus) == (0, None)


def test_a_second_machine_or_gdb_is_refused(payloads, tmp_path):
    with stopped_machine(payloads / "sharing.bin", "ssp"):
        second = subprocess.run([LAUNCH, "debug", f"KERNEL={payloads / 'sharing.bin'}"], capture_output=True, text=True)
        said = told(tmp_path, f"shell {LAUNCH} gdb\n")
    assert "another machine waits for gdb at port 1234" in second.stderr, second
    assert "another gdb is at port 1234" in said.stderr, said


def test_without_a_machine_it_says_what_to_do(tmp_path):
    said = told(tmp_path, "")
    assert said.returncode != 0
    assert "no machine waits for gdb at port 1234" in said.stderr
    assert "in another terminal: make debug" in said.stderr
