# SPDX-License-Identifier: BSD-2-Clause
"""A fault of the firmware's own, made with gdb in the firmware that ships: a message, all harts stopped, a shutdown."""

import re
import subprocess

import pytest

from launcher import BUILD, ROOT
from test_host_hv import command, payload

GUEST, HOST = "policy=ssp-hm", "policy=tsp"
NOWHERE = 0x800				# neither RAM nor a device: a store faults
TEXT = 0x80000800			# the firmware's own
LOST = f"set $sp = {NOWHERE:#x}\nset $mscratch = {TEXT:#x}\n"
WILD_FRAME = f"set $a0 = {NOWHERE:#x}\n"
WILD_JUMP = f"set $pc = {NOWHERE:#x}\n"

# Where, in the firmware's own time, something breaks, and what; options of host-hv.
FAULTS = {
    "guest: the stack, last stop": ("hm_trap_route", LOST, GUEST),
    "guest: the frame, last stop": ("hm_trap_route", WILD_FRAME, GUEST),
    "guest: a jump, last stop": ("hm_trap_route", WILD_JUMP + LOST, GUEST),
    "guest: the stack, first stop": ("hm_trap_mmu", LOST, GUEST),
    "guest: the stack, exit": ("hm_fault_to_host", LOST, HOST),
    "the way into the guest": ("hm_load_root", LOST, GUEST),
    "the way out of the guest": ("hm_ring_leave", LOST, GUEST),
    "host: a call of its own": ("hm_slot_set", LOST, GUEST),
    "host: OpenSBI's handler": ("sbi_ecall_handler", LOST, GUEST),
    "boot": ("hm_register_host_extension", LOST, GUEST),
}

BEGIN = """
set pagination off
target remote {folder}/gdb
tbreak {where}
continue
dump binary memory {folder}/before {text:#x} {end:#x}
{damage}
"""
# All that is left to do is the shutdown.
LAST = """
tbreak sbi_system_reset_get_device
continue
dump binary memory {folder}/after {text:#x} {end:#x}
"""
LET_GO = "continue\n"
# Each of three harts comes to its stop; that which faulted finds no device first.
WITHOUT_DEVICE = """
break sbi_system_reset_get_device
commands
dump binary memory {folder}/after {text:#x} {end:#x}
set $a0 = 0
set $pc = $ra
continue
end
break hm_stop
continue
continue
continue
info threads
"""


def symbol(name):
    """Its address, from the start of the firmware."""
    listed = subprocess.run(["riscv64-linux-gnu-nm", BUILD / "hmcode/hmcode.elf"], capture_output=True, text=True, check=True)
    return int(re.search(rf"^(\w+) \w {name}$", listed.stdout, re.M)[1], 16)


class Fault:
    """What became of a machine: its console, its exit status or None, what gdb said."""

    def __init__(self, folder, guest, fault, script, harts=1):
        where, damage, options = fault
        text = 0x80000000
        commands = folder / "commands"
        commands.write_text((BEGIN + script).format(folder=folder, where=where, damage=damage, text=text,
                                                    end=text + symbol("_fw_rw_start")))
        with (folder / "console").open("w") as console:
            machine = subprocess.Popen([*command([guest], f"mem=128M {options}", harts=harts), "-S", "-gdb",
                                        f"unix:{folder}/gdb,server=on,wait=on"],
                                       stdin=subprocess.DEVNULL, stdout=console, stderr=subprocess.STDOUT)
        try:
            while not (folder / "gdb").exists():
                assert machine.poll() is None
            self.gdb = subprocess.run(["gdb-multiarch", "-q", "-batch", "-x", ROOT / "hmcode/gdb/hm.py", "-x", commands],
                                      capture_output=True, text=True, timeout=40,
                                      env={"BUILD": str(BUILD), "PATH": "/usr/bin:/bin"}).stdout
            self.status = machine.wait(timeout=20) if script.endswith(LET_GO) else None
        finally:
            machine.kill()
            machine.wait()
        self.console = (folder / "console").read_text(errors="replace")
        self.text_is_whole = (folder / "before").read_bytes() == (folder / "after").read_bytes()

    def message(self):
        return re.search(r"^hmcode: fault in the firmware: hart (\d+), cause (\w+) at (\w+), ", self.console, re.M)


@pytest.fixture
def guest(payloads):
    return payload(payloads, "sharing")


@pytest.mark.parametrize("name", FAULTS)
def test_it_ends_in_a_message_and_a_shutdown(guest, tmp_path, name):
    end = Fault(tmp_path, guest, FAULTS[name], LAST + LET_GO)
    assert end.message(), end.console
    assert end.text_is_whole
    assert end.status == 0


def test_a_fault_in_the_message_is_followed_by_the_shutdown(guest, tmp_path):
    again = f"tbreak sbi_console_get_device\ncontinue\n{LOST}{WILD_JUMP}"
    end = Fault(tmp_path, guest, FAULTS["guest: the stack, last stop"], again + LAST + LET_GO)
    assert not end.message(), end.console
    assert end.text_is_whole
    assert end.status == 0


@pytest.mark.parametrize("name", ["guest: the stack, last stop", "the way into the guest"])
def test_without_a_reset_device_all_harts_have_stopped(guest, tmp_path, name):
    end = Fault(tmp_path, guest, FAULTS[name], WITHOUT_DEVICE, harts=3)
    assert end.message(), end.console
    assert end.text_is_whole
    assert len(re.findall(r"hm_stop \(\)", end.gdb.rsplit("Target Id", 1)[1])) == 3, end.gdb
