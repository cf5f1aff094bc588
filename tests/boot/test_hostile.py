# SPDX-License-Identifier: BSD-2-Clause
"""Guests that attack or never end harm nobody but themselves."""

import re
import subprocess

import pexpect
import pytest

from launcher import BUILD, M_STAY_LIMIT, PROFILES
from test_host_hv import FIRMWARE, command, payload, qemu

HOST_CPU = "rv64,h=false,svade=true,svadu=false,smcntrpmf=true"
ENDLESS = ["endless-faults", "endless-fences", "endless-tables", "endless-timer", "endless-wild-root"]


@pytest.mark.parametrize("mode", ["tsp", "ssp", "ssp-hm"])
@pytest.mark.parametrize("name", ["hostile-calls", "hostile-ring"])
def test_hostile_arguments(launch, payloads, name, mode):
    run = launch(MODE=mode, KERNEL=payloads / f"{name}.bin", MEM="128M", MARKS=1, TIMEOUT=120)
    assert not re.findall(r"FAIL .*", run.console), repr(run)
    assert run.status == 0, repr(run)
    assert run.mark()["longest_m_stay"] <= M_STAY_LIMIT


@pytest.mark.parametrize("profile", PROFILES)
def test_a_host_may_write_anything_into_the_run_page(launch, payloads, profile):
    run = launch(MODE="native", PROFILE=profile, KERNEL=payloads / "host-run-page.bin", MEM="128M", TIMEOUT=120)
    assert not re.findall(r"FAIL .*", run.console), repr(run)
    assert re.search(r"^payload: [1-9]\d* ok, 0 failed", run.console, re.M), repr(run)


@pytest.mark.parametrize("mode", ["tsp", "ssp", "ssp-hm"])
@pytest.mark.parametrize("name", ENDLESS)
def test_endless_guest_is_stopped_from_outside(payloads, name, mode):
    """It goes on until somebody ends the machine: neither firmware nor host-hv gives up."""
    words = command([payload(payloads, name)], f"mem=128M policy={mode}")
    machine = pexpect.spawn(words[0], words[1:], timeout=60, encoding="utf-8")
    machine.expect_exact("note begins")
    with pytest.raises(pexpect.TIMEOUT):
        machine.expect(["FAIL", '"end":', "host-hv: ", "fault in the firmware", pexpect.EOF], timeout=2)
    machine.close(force=True)


# What the second guest does: where the first wants all tables that there are, it needs many itself.
NEIGHBOURS = dict.fromkeys(ENDLESS, "flush") | {"endless-tables": "sparse"}


@pytest.mark.parametrize("option", ["policy=tsp", "policy=ssp", "policy=ssp-hm"])
@pytest.mark.parametrize("name", ENDLESS)
def test_neighbour_of_an_endless_guest(payloads, name, option):
    """Two guests on one hart: the second comes to its end though the first never does."""
    words = command([payload(payloads, name), payload(payloads, NEIGHBOURS[name])], f"mem=128M {option}")
    machine = pexpect.spawn(words[0], words[1:], timeout=120)
    machine.expect_exact("[vm0] note begins")
    machine.expect(r"\[vm1\] payload: [1-9]\d* ok, 0 failed")
    machine.expect_exact('{"end":"shutdown","vm":1}')
    machine.close(force=True)


def host(payloads, name, memory="128M", harts=1, icount=False):
    """The console of a payload that is a host, natively.  Behind its name is what its harts have more."""
    name, *more = name.split()
    words = [*qemu(), *FIRMWARE, "-M", "virt", "-cpu", ",".join([HOST_CPU, *more]), "-m", memory, "-smp", str(harts), "-nographic",
             "-no-reboot", "-bios", str(BUILD / "hmcode/hmcode.bin"), "-kernel", str(payloads / f"{name}.bin"),
             *(["-icount", "shift=0"] if icount else [])]
    done = subprocess.run(words, stdin=subprocess.DEVNULL, timeout=120,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    return done.stdout.decode(errors="replace").replace("\r", "")


HOSTS = {
    "host-gsatp": {}, "host-fill": {}, "host-paged": {}, "host-stale": {}, "host-ring": {},
    "host-misaligned": {}, "host-registers": {},
    "host-vector": {},
    # The firmware's own counter is beyond OpenSBI's, among them, and not there.
    "host-counters": {}, "host-counters pmu-mask=0x40000": {}, "host-counters pmu-mask=0x7ffffff8": {},
    "host-counters pmu-mask=0": {},
    "host-race": {"memory": "512M", "harts": 2},
    "host-restart": {"harts": 2},
    "host-stay": {"memory": "512M", "icount": True},
}


@pytest.mark.parametrize("name", HOSTS)
def test_a_host_harms_only_itself(payloads, name):
    console = host(payloads, name, **HOSTS[name])
    assert not re.findall(r"FAIL .*", console), console
    assert re.search(r"^payload: [1-9]\d* ok, 0 failed", console, re.M), console
    assert "fault in the firmware" not in console, console
