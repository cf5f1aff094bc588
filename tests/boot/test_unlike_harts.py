# SPDX-License-Identifier: BSD-2-Clause
"""Harts that cannot run guests: each by the name of what it has, and one beside a hart that can.

QEMU's harts are alike, so for that gdb takes the support away where the second hart comes to know itself.
"""

import re
import subprocess

import pytest

from launcher import BUILD
from test_host_hv import FIRMWARE, command, payload, qemu, run
from test_hostile import HOST_CPU

# What a guest could reach, by the name that hmcode gives it, and QEMU's way to have it.
OBSTACLES = {
    "the hypervisor extension": "h=true",
    "the AIA": "smaia=true,ssaia=true",
    "T-Head's C9xx core (vectors before 1.0, other PTE bits)": "mvendorid=0x5b7,marchid=0",
    "Smstateen": "smstateen=true",
    "Ssccfg": "smcdeleg=true,ssccfg=true,smcsrind=true,sscsrind=true",
    "Sscsrind": "smcsrind=true,sscsrind=true",
    "Ssctr": "smctr=true,ssctr=true",
    "Smepmp": "smepmp=true",
    "no D extension": "d=false",
    "Zcmt": "zcmt=true,zcd=false,zcf=false,zcb=false,c=false,d=false,f=false,zfa=false,zca=true",
}


@pytest.mark.parametrize("name", OBSTACLES)
def test_a_hart_with_more_than_is_moved_is_refused(payloads, name):
    """S-mode's state that no change of vCPU moves, and nothing closes, would go from guest to guest."""
    console = run([payload(payloads, "csr")], "mem=128M", extensions=f",{OBSTACLES[name]}")
    assert f"hmcode: hart 0 has {name}: no HM extension on it" in console, console
    assert "host-hv: no HM extension" in console, console


def native(kernel, extensions):
    """The console of a payload that the firmware starts itself."""
    words = command([], extensions=extensions, memory="128M")
    words[words.index("-kernel") + 1] = str(kernel)
    done = subprocess.run(words, stdin=subprocess.DEVNULL, timeout=60, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    return done.stdout.decode(errors="replace").replace("\r", "")


def assert_passed(console):
    assert not re.findall(r"FAIL .*", console), console
    assert re.search(r"^payload: [1-9]\d* ok, 0 failed", console, re.M), console


@pytest.mark.parametrize("extensions", ["smepmp=true", "d=false", "pmp=false", "priv_spec=v1.10.0"])
def test_the_bare_machine_needs_none_of_it(payloads, extensions):
    assert_passed(native(payloads / "flush.bin", f",{extensions}"))


def test_without_pmp_there_is_no_pool_and_no_guest(payloads):
    console = run([payload(payloads, "csr")], "mem=128M", extensions=",pmp=false")
    assert re.search(r"^hmcode: hart 0 has 0 PMP entries, with the pool \d+ are needed: no HM extension$", console, re.M), console
    assert "host-hv: no HM extension" in console, console


@pytest.mark.parametrize("option", ["policy=ssp-hm", "policy=ssp", "policy=tsp"])
def test_guests_run_on_privileged_1_10(payloads, option):
    """As the U54 and its kin: no mcountinhibit, no menvcfg."""
    console = run([payload(payloads, "flush")], f"mem=128M {option}", extensions=",priv_spec=v1.10.0")
    assert_passed(console)


@pytest.mark.parametrize("mode", ["native", "ssp-hm"])
def test_without_smcntrpmf_nobody_knows_whose_the_instructions_were(launch, payloads, monkeypatch, mode):
    monkeypatch.setenv("CPU_WITHOUT", "smcntrpmf")
    seen = launch(MODE=mode, KERNEL=payloads / "bench-events.bin", MEM="128M", MARKS=1, TIMEOUT=120)
    counted = [record["instructions"] for record in seen.records() if "mark" in record]
    assert counted, repr(seen)
    for record in counted:
        assert record.pop("total") > 0
        assert record == {"guest": None, "host": None, "hm": None}


# The first to come is the hart that boots the machine.
COMMANDS = """
set pagination off
add-symbol-file {elf} -o 0x80000000
target remote {folder}/gdb
break hm_asid_init
continue
continue
set $hart = (struct hm_hart *)$a0
finish
set {change}
delete
continue
"""


def with_another_second_hart(folder, kernel, change, extensions="", options=""):
    """The console of a payload on two harts, of which the second comes to know itself otherwise."""
    commands = folder / "commands"
    commands.write_text(COMMANDS.format(folder=folder, elf=BUILD / "hmcode/hmcode.elf", change=change))
    with (folder / "console").open("w") as console:
        machine = subprocess.Popen([*qemu(), *FIRMWARE, "-M", "virt", "-cpu", HOST_CPU + extensions, "-m", "128M", "-smp", "2",
                                    "-nographic", "-no-reboot", "-bios", str(BUILD / "hmcode/hmcode.bin"),
                                    "-kernel", str(kernel), "-append", options,
                                    "-S", "-gdb", f"unix:{folder}/gdb,server=on,wait=on"],
                                   stdin=subprocess.DEVNULL, stdout=console, stderr=subprocess.STDOUT)
    try:
        while not (folder / "gdb").exists():
            assert machine.poll() is None
        gdb = subprocess.run(["gdb-multiarch", "-q", "-batch", "-x", commands], capture_output=True, text=True, timeout=60)
        machine.wait(timeout=60)
    finally:
        machine.kill()
        machine.wait()
    assert len(re.findall(r"^(?:Thread .* hit )?Breakpoint 1, hm_asid_init", gdb.stdout, re.M)) == 2, gdb.stdout + gdb.stderr
    return (folder / "console").read_text(errors="replace").replace("\r", "")


def test_a_hart_that_is_not_supported_refuses_every_call(payloads, tmp_path):
    assert_passed(with_another_second_hart(tmp_path, payloads / "host-unlike.bin", "$hart->supported = 0"))


# A mode of satp is either hart's or the first's alone, while vector registers have to be equally wide.
@pytest.mark.parametrize("change, options, extensions", [
    ("$hart->satp_modes = 1 << 8", "back=1", ""),
    ("$hart->vlenb = 32", "back=0", ",v=true,vlen=128"),
    ("$hart->vlenb = 8", "back=0", ",v=true,vlen=128"),
    ("$hart->vlenb = 0", "back=0", ",v=true,vlen=128"),
    ("$hart->vlenb = 16", "back=0", ""),
], ids=["sv39", "wider", "narrower", "none", "alone"])
def test_a_vcpu_does_not_begin_where_something_is_lacking(payloads, tmp_path, change, options, extensions):
    assert_passed(with_another_second_hart(tmp_path, payloads / "host-lacks.bin", change, extensions, options))
