# SPDX-License-Identifier: BSD-2-Clause
"""Harts with vector registers, of V and of a part of it: they move with the vCPU, and what cannot be moved is refused."""

import re
import subprocess

import pytest

from launcher import BUILD
from m_stay import Watched
from test_host_hv import CACHE, FIRMWARE, command, ends, payload
from test_hostile import HOST_CPU

LONG = ",v=true,vlen=1024"
# Debian 12's QEMU has VS for V alone; ours is of a later version, and has it for the parts as well.
OURS = CACHE / "current/qemu-hspt/qemu-system-riscv64"


def all_hold(console):
    assert not re.findall(r"FAIL .*", console), console
    assert re.search(r"^(\[vm\d\] )?payload: [1-9]\d* ok, 0 failed", console, re.M), console
    assert "note bytes of a register" in console, console
    assert "fault in the firmware" not in console, console


def host(payloads, qemu, extensions):
    words = [qemu, *FIRMWARE, "-M", "virt", "-cpu", HOST_CPU + extensions, "-m", "128M", "-smp", "2", "-nographic",
             "-no-reboot", "-bios", str(BUILD / "hmcode/hmcode.bin"), "-kernel", str(payloads / "host-vector.bin")]
    done = subprocess.run(words, stdin=subprocess.DEVNULL, timeout=120, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    return done.stdout.decode(errors="replace").replace("\r", "")


@pytest.mark.parametrize("extensions", [",v=true", LONG])
def test_vcpus_on_one_hart_see_nothing_of_each_other(payloads, tmp_path, plugins, extensions):
    """And none of the calls takes long, with the longest registers that there may be."""
    watched = Watched(tmp_path, plugins)
    all_hold(host(payloads, watched.path, extensions))
    watched.check(2)


@pytest.mark.parametrize("extensions", [",zve64d=true", ",zve32x=true"])
def test_nor_do_they_where_a_hart_has_a_part_of_v(payloads, extensions):
    all_hold(host(payloads, OURS, extensions))


@pytest.mark.parametrize("mode", ["ssp", "ssp-hm", "tsp", "tsp-in-step"])
def test_three_vcpus_of_a_guest_take_turns(launch, payloads, mode):
    run = launch(MODE=mode, PROFILE="virt-v", VCPUS=3, KERNEL=payloads / "vector.bin", MEM="128M", MARKS=1, TIMEOUT=60)
    all_hold(run.console)
    assert run.status == 0, repr(run)


def test_natively_they_are_harts(launch, payloads):
    run = launch(MODE="native", PROFILE="virt-v", HARTS=3, KERNEL=payloads / "vector.bin", MEM="128M", TIMEOUT=60)
    all_hold(run.console)


@pytest.mark.parametrize("option", ["policy=ssp-hm", "policy=tsp", "policy=tsp-in-step"])
def test_two_guests_take_turns(payloads, option):
    words = command([payload(payloads, "vector")] * 2, f"mem=128M vcpus=2 {option}", extensions=LONG)
    done = subprocess.run(words, stdin=subprocess.DEVNULL, timeout=120, capture_output=True)
    console = done.stdout.decode(errors="replace").replace("\r", "")
    all_hold(console)
    assert ends(console) == {0: "shutdown", 1: "shutdown"}, console


@pytest.mark.parametrize("mode", [pytest.param("native", marks=pytest.mark.long("vector")), "ssp-hm"])
def test_linux_is_offered_v(launch, mode):
    """Natively and in a guest; a program's registers are Linux' own affair in both."""
    run = launch(MODE=mode, PROFILE="virt-v", WORKLOAD="fork", APPEND="loglevel=7", TIMEOUT=120)
    assert "riscv: ELF capabilities acdfimv" in run.console, repr(run)
    assert run.results["fork"]["ok"] is True, repr(run)
