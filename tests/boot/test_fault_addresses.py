# SPDX-License-Identifier: BSD-2-Clause
"""A fault of firmware or host-hv in a run of the launcher: it names function and line."""

import re
import shutil
import subprocess

import pytest

from launcher import BUILD

# Program, a function of it whose first instruction is made an illegal one, and what is said then.
BROKEN = {
    "firmware": ("hmcode", "hm_trap_route", [r"AT      0x8000\w+ hmcode: hm_trap_route \(hmcode/trap/route\.c:\d+\)",
                                            r"RA      0x8000\w+ hmcode: slow \(hmcode/trap/guest_ways\.S:\d+\)"]),
    "host-hv": ("host-hv", "vcpu_run", [r"AT      0x8020\w+ host-hv: vcpu_run \(host-hv/run/enter\.c:\d+\)"]),
}


def listed(program):
    """Symbol -> address, from the program's first byte."""
    words = ["riscv64-linux-gnu-nm", BUILD / program / f"{program}.elf"]
    said = subprocess.run(words, capture_output=True, text=True, check=True).stdout
    found = {name: int(address, 16) for address, name in re.findall(r"^(\w+) \w (\w+)$", said, re.M)}
    return {name: address - found.get("_image_start", 0) for name, address in found.items()}


@pytest.fixture
def broken(tmp_path, monkeypatch):
    """broken(program, function): the launcher runs a copy of the two that has a fault there."""
    def make(program, function):
        copy = tmp_path / "build"
        for name in ("hmcode", "host-hv"):
            (copy / name).mkdir(parents=True)
            for end in ("bin", "elf"):
                shutil.copy(BUILD / name / f"{name}.{end}", copy / name)
        path = copy / program / f"{program}.bin"
        data, at = bytearray(path.read_bytes()), listed(program)[function]
        data[at:at + 2] = bytes(2)          # no instruction, compressed or not, is all zeros
        path.write_bytes(data)
        monkeypatch.setenv("BUILD", str(copy))
    return make


@pytest.mark.parametrize("which", BROKEN)
def test_a_fault_is_named(payloads, launch, broken, which):
    program, function, expected = BROKEN[which]
    broken(program, function)
    end = launch(MODE="ssp", MEM="128M", KERNEL=payloads / "sharing.bin")
    assert end.status == 1, end
    assert [bool(re.search(rf"^  {line}$", end.messages, re.M)) for line in expected] == [True] * len(expected), end


def test_nothing_is_named_without_a_fault(payloads, launch):
    end = launch(MODE="ssp", MEM="128M", KERNEL=payloads / "sharing.bin")
    assert end.status == 0, end
    assert not re.search(r"^  (AT|RA|VALUE) ", end.messages, re.M), end
