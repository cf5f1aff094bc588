# SPDX-License-Identifier: BSD-2-Clause
"""The console: a guest can neither forge what host-hv says, nor make it deaf."""

import re

import pexpect
import pytest

from launcher import LAUNCH
from test_host_hv import command, command_line, linux


def guest(payloads, name, line=""):
    return (payloads / f"{name}.bin", None, line)


def machine_of(guests, options="mem=128M"):
    words = command(guests, options)
    return pexpect.spawn(words[0], words[1:], timeout=60, encoding="utf-8")


# ---- what is printed ----

@pytest.mark.parametrize("mode", ["native", "tsp", "ssp", "ssp-hm"])
def test_no_record_without_marks(launch, payloads, mode):
    """Neither by the marker, which is an illegal instruction then, nor by the byte that begins one."""
    forge = launch(MODE=mode, KERNEL=payloads / "hostile-forge.bin", MEM="128M", TIMEOUT=60)
    assert not re.findall(r"FAIL .*", forge.console), repr(forge)
    assert re.search(r"payload: [1-9]\d* ok, 0 failed", forge.console), repr(forge)
    marks = [r for r in forge.records() if "mark" in r]
    assert not marks
    if mode != "native":
        assert [r for r in forge.records() if "end" in r] == [{"end": "shutdown", "vm": 0}]


@pytest.mark.parametrize("mode", ["native", "ssp-hm"])
def test_records_with_marks(launch, payloads, mode):
    """The same program's marker is one where the run turned it on."""
    forge = launch(MODE=mode, KERNEL=payloads / "hostile-forge.bin", MEM="128M", MARKS=1, TIMEOUT=60)
    assert [r["mark"] for r in forge.records() if "mark" in r] == [3, 3, 255], repr(forge)


def columns(line):
    """What a terminal shows of a line: CR goes to the first column, BS one back."""
    shown, at = [], 0
    for c in line:
        if c == "\r":
            at = 0
        elif c == "\b":
            at = max(at - 1, 0)
        else:
            shown[at:at + 1] = c
            at += 1
    return "".join(shown)


def test_no_guest_writes_over_its_name(payloads):
    """Two guests; the second prints CR, BS, ESC and the like, then another's name."""
    words = command([guest(payloads, "mmio"), guest(payloads, "hostile-forge")], "mem=128M")
    machine = pexpect.spawn(words[0], words[1:], timeout=60)
    machine.expect(pexpect.EOF)
    forged = [columns(line.decode(errors="replace")) for line in machine.before.split(b"\n") if b"forged by" in line]
    assert len(forged) == 5
    assert all(line.startswith("[vm1] ") for line in forged), forged
    assert not re.search(rb"[\x1b\x0b\x0c\x9b]", machine.before.split(b"[vm1]", 1)[1])


# ---- what is typed ----

def test_the_prompt_works_beside_a_guest_that_reads_nothing(payloads):
    machine = machine_of([guest(payloads, "endless-faults")])
    machine.expect_exact("note begins")
    machine.send("x" * 300)
    command_line(machine, "stats", "host-hv: vm0: policy ssp-hm; ")
    machine.close(force=True)


def test_what_is_dropped_is_said_once(payloads):
    machine = machine_of([guest(payloads, "endless-faults")])
    machine.expect_exact("note begins")
    for _ in range(12):
        machine.send("x" * 1000)
    machine.expect_exact("host-hv: vm0 reads nothing: what is typed is dropped")
    command_line(machine, "stats", "host-hv: vm0: policy ")
    assert "is dropped" not in machine.before
    machine.close(force=True)


def test_clearing_the_fifo_leaves_the_console_open(payloads):
    """64 of 500 characters are lost with the FIFO, none behind them."""
    machine = machine_of([guest(payloads, "hostile-keyboard")])
    machine.expect_exact("note begins")
    machine.send("x" * 499 + ".")
    machine.expect_exact("note clears the FIFO")
    machine.expect_exact("note characters read 436")
    machine.expect_exact('{"end":"shutdown","vm":0}')


def test_a_guest_that_clears_its_fifo_and_is_deaf_leaves_the_console_open(payloads):
    machine = machine_of([guest(payloads, "hostile-keyboard", "deaf=1")])
    machine.expect_exact("note begins")
    machine.send("x" * 200)
    machine.expect_exact("note clears the FIFO")
    command_line(machine, "stats", "host-hv: vm0: policy ")
    machine.close(force=True)


def test_a_guest_that_ends_with_a_full_fifo_leaves_the_console_open(payloads):
    machine = machine_of([guest(payloads, "hostile-keyboard", "leaves=1"), guest(payloads, "endless-faults")])
    machine.expect_exact("[vm0] note begins")
    machine.send("x" * 200)
    machine.expect_exact('{"end":"shutdown","vm":0}')
    command_line(machine, "stats", "host-hv: vm1: policy ")
    machine.close(force=True)


def test_a_paste_loses_nothing():
    machine = machine_of([linux()], "mem=256M")
    machine.expect_exact("~ # ")
    machine.sendline("stty -echo; read -r x; echo ${#x} letters; stty echo")
    machine.expect(pexpect.TIMEOUT, timeout=1)
    machine.sendline("y" * 2047)
    machine.expect_exact("2047 letters")
    machine.close(force=True)


# ---- bytes that are host-hv's, too ----

def test_the_prompts_key_pressed_twice_is_the_guests(payloads):
    machine = machine_of([guest(payloads, "hostile-echo")])
    machine.expect_exact("note begins")
    machine.send("\x1d\x1d")
    machine.expect_exact("note typed 0x1d")
    machine.send("\x1dx\x1d.")					# with something typed it only closes the prompt
    machine.expect_exact("note typed 0x2e")
    assert "typed" not in machine.before
    machine.close(force=True)


@pytest.mark.parametrize("options, comes", [("mem=128M", "<>"), ("mem=128M console=all", "<\x1e\x1e>")])
def test_a_guests_byte_1e_comes_where_nobody_reads_records(payloads, options, comes):
    machine = machine_of([guest(payloads, "hostile-echo")], options)
    machine.expect_exact("note begins")
    machine.send("\x1e")
    machine.expect_exact("note typed 0x1e")
    machine.expect_exact(">")
    assert (machine.before + ">").strip() == comes
    machine.close(force=True)


def test_a_shell_gets_all_bytes(payloads):
    words = ["MODE=ssp-hm", f"KERNEL={payloads / 'hostile-echo.bin'}", "MEM=128M"]
    shell = pexpect.spawn(str(LAUNCH), ["shell", *words], timeout=60, encoding="utf-8")
    shell.expect_exact("note begins")
    shell.send("\x1e\x1d\x1d.")
    shell.expect_exact("<\x1e\x1e>")
    shell.expect_exact("<\x1d\x1d>")
    shell.expect_exact('{"end":"shutdown","vm":0}')
    shell.close(force=True)
