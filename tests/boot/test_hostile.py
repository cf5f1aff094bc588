# SPDX-License-Identifier: BSD-2-Clause
"""Guests that attack or never end harm nobody but themselves."""

import re
import subprocess
import threading

import pytest

from conftest import BUILD, LAUNCH

ENDLESS = ["endless-faults", "endless-fences", "endless-timer", "endless-wild-root"]
RAM_BASE = 0x80000000
MIB = 1 << 20
END = re.compile(r"payload: \d+ ok, (\d+) failed")


def test_hostile_calls(launch, payloads):
    run = launch(MODE="ssp-hm", KERNEL=payloads / "hostile-calls.bin", MEM="128M", TIMEOUT=120)
    assert not re.findall(r"^FAIL .*", run.console, re.M), repr(run)
    assert run.status == 0, repr(run)


@pytest.mark.parametrize("name", ENDLESS)
def test_endless_guest_is_stopped_from_outside(launch, payloads, name):
    """Time is up, and the machine is still there: neither firmware nor host-hv gave up."""
    run = launch(MODE="ssp-hm", KERNEL=payloads / f"{name}.bin", MEM="128M", TIMEOUT=5)
    assert "note begins" in run.console, repr(run)
    assert "FAIL" not in run.console, repr(run)
    assert "still running" in run.messages, repr(run)


def qemu_and_cpu():
    """The QEMU program and the -cpu value that the launcher would use."""
    here = LAUNCH.parent
    script = (f'here={here}; for part in lib options machine; do . "$here/$part.sh"; done;'
              'take_options; find_qemu; echo "$QEMU"; cpu')
    done = subprocess.run(["sh", "-euc", script], capture_output=True, text=True, check=True)
    return done.stdout.split("\n")[:2]


def start_guests(kernels):
    """One hart, a guest of 128 MB for each kernel."""
    qemu, cpu = qemu_and_cpu()
    words = [qemu, "-M", "virt", "-cpu", cpu, "-m", "1G", "-nodefaults", "-display", "none",
             "-no-reboot", "-serial", "stdio", "-icount", "shift=0,align=off,sleep=off",
             "-bios", str(BUILD / "hmcode" / "hmcode.bin"),
             "-kernel", str(BUILD / "host-hv" / "host-hv.bin"),
             "-append", "mem=128M vcpus=1 hm=inject,satp,flush,fill width=sv39 svvptc=1"]
    for i, kernel in enumerate(kernels):
        address = RAM_BASE + (64 + 32 * i) * MIB
        words += ["-device", f"guest-loader,addr={address:#x},kernel={kernel},bootargs=none"]
    return subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                            stderr=subprocess.STDOUT, text=True, errors="replace")


def console_until(machine, pattern, seconds):
    """What the machine prints up to the first match; it is ended then or when time is up."""
    timer = threading.Timer(seconds, machine.kill)
    timer.start()
    text = ""
    for line in machine.stdout:
        text += line
        if pattern.search(line):
            break
    timer.cancel()
    machine.kill()
    machine.communicate()
    return text


@pytest.mark.parametrize("name", ENDLESS)
def test_neighbour_of_an_endless_guest(payloads, name):
    """Two guests on one hart: the second comes to its end though the first never does."""
    console = console_until(start_guests([payloads / f"{name}.bin", payloads / "flush.bin"]), END, 120)
    end = END.search(console)
    assert "note begins" in console, console
    assert end and end[1] == "0", console
