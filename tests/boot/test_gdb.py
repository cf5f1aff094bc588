# SPDX-License-Identifier: BSD-2-Clause
"""`make gdb` on a machine of `make debug`, and the commands of hmcode/gdb/hm.py while a guest runs."""

import contextlib
import re
import subprocess

import pexpect
import pytest

from hmode import gdb
from launcher import BUILD, LAUNCH, ROOT

COMMANDS = """
set pagination off
break hm_trap_route if (long)$mcause > 0
continue
delete
hm-vcpu
hm-roots
hm-walk $mepc
break exit_sbi
continue
hm-vcpu 0
"""
# Stops in each world, at the guest's first instruction: its address is host-hv's first as well.
WORLDS = """
set pagination off
hm-harts
tbreak spin_lock if (unsigned long)lock == (unsigned long)&hm_objects_lock
continue
hm-harts
set var hm_objects_lock.next = hm_objects_lock.next + 3
hm-harts
set var hm_objects_lock.next = hm_objects_lock.next - 3
tbreak hm_trap_route
continue
hm-harts
tbreak *$mepc if ($mtvec & ~3) == (unsigned long)&hm_guest_vector
continue
hm-harts
tbreak exit_sbi
continue
hm-harts
"""
AT_ZERO = f"""
file {BUILD}/hmcode/hmcode.elf
python print("at", gdb.parse_and_eval("&hm_entries"))
source {ROOT}/hmcode/gdb/hm.py
target remote :1234
"""
ATTACH = ["make", "-s", "-C", str(ROOT), "gdb"]


@contextlib.contextmanager
def stopped_machine(kernel, mode, *options):
    """A machine that waits for gdb."""
    machine = subprocess.Popen([LAUNCH, "debug", f"MODE={mode}", "MEM=128M", f"KERNEL={kernel}", *options],
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
    assert "Breakpoint 2, exit_sbi" in said.stdout, said
    in_firmware, at_host = said.stdout.split("Breakpoint 2, exit_sbi", 1)
    assert re.search(r"in the firmware, gdb thread 1: a trap of cause 0x[0-9a-f]+", in_firmware), said
    policy = "satp host_tables log_fences" if mode == "ssp" else "inject satp flush fill"
    assert re.search(rf"^vCPU 0 of VM 0, runs; policy: {policy}$", in_firmware, re.M), said
    assert re.search(r"^vCPU 0 of VM 0, idle; ", at_host, re.M), said
    assert re.search(r"^\* +\d guest Bare; shadow Sv39", in_firmware, re.M), said
    assert ("tables of the host" in in_firmware) == (mode == "ssp"), said
    assert re.search(r"^  [012]  HPA \S+  \S+ VRWX--AD  leaf: HPA", in_firmware, re.M), said
    assert re.search(r"not running: S-mode, pc 0x[0-9a-f]+; last exit: [a-z_]+, cause", at_host), said
    assert "(lent: sscratch, sepc, scause, stval are its hart's" in at_host and " sepc " not in at_host, said


def test_all_harts_are_shown(payloads, tmp_path):
    with stopped_machine(payloads / "sharing.bin", "ssp-hm", "HARTS=2"):
        said = told(tmp_path, WORLDS)
    shown = [re.findall(r"^hart.*\n(?:  .*\n)*", text, re.M) for text in said.stdout.split("core/pool.c: free\n")[:-1]]
    assert [len(harts) for harts in shown] == [2] * 6, said
    # Either hart may be first to start the firmware: it runs the host, and its vCPU.
    boots = next((hart for hart in (0, 1) if "the host's SBI call" in shown[1][hart]), None)
    assert boots is not None, said
    reset, call, locked, trap, guest, host = (harts[boots] for harts in shown)
    assert "M-mode, outside the firmware\n  pc 0x1000; " in reset, said
    assert call.startswith(f"hart {boots}, gdb thread {boots + 1}: firmware, the host's SBI call hm, function 2\n"), said
    assert re.search(r"^  pc 0x\w+ spin_lock \(opensbi/lib/sbi/riscv_locks.c:\d+\); mtvec 0x\w+ hm_fatal_vector \(hmcode/"
                     r"core/fatal_vector.S:\d+\)\n  in spin_lock < hm_vm_create < .*\n  waits for hm_objects_lock$", call, re.M), said
    assert "hm_objects_lock: held, 2 waiting" in said.stdout and locked == call, said
    assert "firmware, vCPU 0 of VM 0, a trap of cause 0x" in trap and "\n  in hm_trap_route < slow\n" in trap, said
    assert re.search(r"guest world, vCPU 0 of VM 0, S-mode\n  pc 0x\w+; mtvec 0x\w+ hm_guest_vector ", guest), said
    assert re.search(r"host world, S-mode\n  pc 0x\w+ exit_sbi \(host-hv/run/sbi.c:\d+\); mtvec 0x\w+ hm_host_vector "
                     r".*\n  in (?:serve_call < )?exit_sbi < (?:exit_route < )?run_shadowed < vcpu_run < ", host), said


def test_a_native_kernel_is_not_taken_for_host_hv(payloads, tmp_path):
    """Both are at the same address."""
    with stopped_machine(payloads / "sharing.bin", "native"):
        said = told(tmp_path, "tbreak *0x80200000 if $priv == 1\ncontinue\nhm-harts\n")
    assert re.search(r"host world, S-mode\n  pc 0x80200000; mtvec 0x\w+ hm_host_vector .*\nhm_objects_lock: free$", said.stdout,
                     re.M), said


def test_symbols_at_the_wrong_place_are_said_to_be(payloads, tmp_path):
    script = tmp_path / "commands"
    script.write_text(AT_ZERO)
    words = ["-ex", "hm-vcpu", "-ex", "symbol-file", "-ex", f"source {ROOT}/hmcode/gdb/hm.py", "-ex", "hm-harts"]
    with stopped_machine(payloads / "sharing.bin", "ssp-hm"):
        said = subprocess.run(["gdb-multiarch", "-q", "-batch", "-x", str(script), *words], capture_output=True, text=True,
                              timeout=60)
    assert re.search(r"^at .*0x[0-9a-f]{1,6} ", said.stdout, re.M), said
    assert "as if it ran at 0" in said.stderr and "`symbol-file` without a name" in said.stderr, said
    assert "outside the firmware" in said.stdout, said


def test_symbols_that_are_loaded_once_more_do_no_harm(payloads, tmp_path):
    with stopped_machine(payloads / "sharing.bin", "ssp-hm"):
        said = told(tmp_path, f"tbreak exit_sbi\ncontinue\nfile {BUILD}/hmcode/hmcode.elf\nhm-vcpu\n")
    assert "vCPU 0 of VM 0, idle" in said.stdout, said


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
