# SPDX-License-Identifier: BSD-2-Clause
"""All 4,096 CSR numbers, as payloads/csr-scan.c reads them: what a guest sees is what the bare machine shows."""

import re

import pexpect
import pytest

from launcher import PROFILES
from test_host_hv import command, payload

# What differs, by mode and number, and why.
DIFFERENT = {
    ("S", 0x605): "OpenSBI emulates htimedelta for its S-mode, with and without H; a guest is not told of H",
    ("S", 0x14d): "stimecmp has no reset value: OpenSBI leaves QEMU's 0, which is due at once, host-hv writes the latest time",
}


def readable(run):
    found = re.findall(r"^csr ([SU]) (0x[0-9a-f]+) (0x[0-9a-f]+)", run.console.replace("\r", ""), re.M)
    assert len(found) > 15, repr(run)
    return {(mode, int(number, 16)): int(value, 16) for mode, number, value in found}


@pytest.fixture(scope="module")
def scans(payloads, tmp_path_factory):
    from launcher import Run

    def scan(profile, mode):
        return readable(Run(tmp_path_factory.mktemp("scan"), {"MODE": mode, "PROFILE": profile, "MEM": "128M", "TIMEOUT": 60,
                                                              "KERNEL": payloads / "csr-scan.bin"}))

    return scan


@pytest.mark.parametrize("profile", PROFILES)
def test_a_guest_reads_what_the_bare_machine_shows(scans, profile):
    native, guest = scans(profile, "native"), scans(profile, "ssp-hm")
    differ = {f"{mode} {number:#x}" for mode, number in native.keys() | guest.keys()
              if native.get((mode, number)) != guest.get((mode, number)) and (mode, number) not in DIFFERENT}
    assert not differ


def test_nothing_is_a_neighbours(payloads):
    """One hart: a guest whose CSRs hold something, one with none of it, and one that never ends."""
    guests = [payload(payloads, name) for name in ("csr-scan", "csr", "endless-timer")]
    words = command(guests, "mem=128M policy=ssp-hm")
    machine = pexpect.spawn(words[0], words[1:], timeout=60)
    ends = {0: r"\[vm0\] payload: (\d+) ok, (\d+) failed", 1: r"\[vm1\] payload: (\d+) ok, (\d+) failed"}
    while ends:
        which = list(ends)
        found = machine.expect([ends[n] for n in which])
        assert int(machine.match[1]) > 0 and int(machine.match[2]) == 0, machine.before.decode(errors="replace")
        del ends[which[found]]
    machine.close(force=True)


def test_programs_may_read_the_counters_that_they_may_natively(launch):
    """Linux closes cycle and instret where the SBI has a PMU, and leaves them open where it has none."""
    said = {}
    for mode in ("native", "ssp-hm"):
        run = launch(MODE=mode, WORKLOAD="none", APPEND="quiet hmwork=counters:1", MEM="128M")
        assert run.status == 0, repr(run)
        said[mode] = re.search(r"hmwork: (may read .*)", run.console)[1].strip()
    assert said["ssp-hm"] == said["native"] == "may read cycle 0, time 1, instret 0"
