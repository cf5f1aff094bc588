# SPDX-License-Identifier: BSD-2-Clause
"""Payloads: facts that hold on the bare machine, the oracle, hold in a guest too."""

import re

import pytest

from launcher import M_STAY_LIMIT, MODES, PROFILES, ROOT, payload_names

# Policies where the shadow tables are host-hv's.
HOST_POLICIES = ["satp", "none", "inject", "inject,satp"]
# Left to the long part `payloads`: on the second profile all policies but the first and one of the two baselines, and
# the policy that lies between two others.
ON_HOST = [pytest.param(policy, profile, marks=[pytest.mark.long("payloads")] * (
    profile != PROFILES[0] and policy != HOST_POLICIES[0] or policy == HOST_POLICIES[-1]))
    for policy in HOST_POLICIES for profile in PROFILES]
IN_MODES = [pytest.param(mode, profile, marks=[pytest.mark.long("payloads")] * (
    profile != PROFILES[0] and mode == "tsp-in-step")) for mode in [*MODES, "tsp", "tsp-in-step"] for profile in PROFILES]
# Of a trap that calls the shadow engine: with its tables as full as they can be (payload `stay`) another
# call of the same stay still has room.
ENGINE_STAY_LIMIT = 12000
pytestmark = pytest.mark.apart
END = re.compile(r"^payload: (\d+) ok, (\d+) failed", re.M)


def check(run, name):
    failed = re.findall(r"FAIL .*", run.console)
    assert not failed, "\n".join(failed)
    end = END.search(run.console)
    assert end, f"{name} did not come to its end\n{run!r}"
    assert int(end[1]) > 0
    assert run.status == 0, repr(run)


@pytest.mark.parametrize("mode, profile", IN_MODES)
@pytest.mark.parametrize("name", payload_names())
def test_every_fact_holds(launch, payloads, name, mode, profile):
    run = launch(MODE=mode, PROFILE=profile, KERNEL=payloads / f"{name}.bin", MEM="128M", MARKS=1, TIMEOUT=120)
    check(run, name)
    if mode == "ssp-hm":
        limit = ENGINE_STAY_LIMIT if name == "stay" else M_STAY_LIMIT
        assert 0 < run.mark()["longest_m_stay"] <= limit


# Not of hap (docs/hap.md): legacy calls with a mask in memory and FWFT, and an MMIO instruction that is fetched again.
# QEMU splits a misaligned access before it knows of the G-stage.
NOT_HAP = {"sbi-clauses", "misaligned", "forbidden-code", "device-edges"}


@pytest.mark.parametrize("name", [name for name in payload_names() if name not in NOT_HAP])
def test_every_fact_holds_in_hap(launch, payloads, name):
    check(launch(MODE="hap", KERNEL=payloads / f"{name}.bin", MEM="128M", MARKS=1, TIMEOUT=120), name)


@pytest.mark.parametrize("policy, profile", ON_HOST)
@pytest.mark.parametrize("name", payload_names())
def test_every_fact_holds_on_tables_of_the_host(launch, payloads, name, policy, profile):
    run = launch(MODE="ssp", POLICY=policy, PROFILE=profile, KERNEL=payloads / f"{name}.bin", MEM="128M",
                 MARKS=1, TIMEOUT=120)
    check(run, name)
    assert run.mark()["longest_m_stay"] <= M_STAY_LIMIT


# Two CPUs: on one hart they take turns, on two each is interrupted by the other's calls.
ONE_HART, TWO_HARTS = {"HARTS": 1, "VCPUS": 2}, {"HARTS": 2, "VCPUS": 2, "ICOUNT": 0}
TWO_CPUS = [pytest.param(mode, harts, profile, marks=[] if profile == PROFILES[0] and (mode, harts) in (
    ("ssp-hm", ONE_HART), ("tsp", TWO_HARTS)) else pytest.mark.long("payloads"), id=f"{mode}-{harts['HARTS']}-{profile}")
    for mode in ["tsp", "ssp", "ssp-hm"] for harts in [ONE_HART, TWO_HARTS] for profile in PROFILES]


@pytest.mark.parametrize("mode, harts, profile", TWO_CPUS)
def test_two_cpus_keep_their_registers(launch, payloads, mode, harts, profile):
    run = launch(MODE=mode, PROFILE=profile, KERNEL=payloads / "each-register.bin", MEM="128M", MARKS=1, TIMEOUT=120,
                 **harts)
    check(run, "each-register")
    assert int(END.search(run.console)[1]) == 8


def test_firmware_and_hypervisor_say_their_version(launch, payloads):
    version = (ROOT / "VERSION").read_text().strip()
    run = launch(MODE="ssp-hm", KERNEL=payloads / "sharing.bin", MEM="128M", TIMEOUT=60)
    assert f"hmcode {version}\n" in run.console and f"host-hv {version}\n" in run.console
