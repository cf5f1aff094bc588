# SPDX-License-Identifier: BSD-2-Clause
"""Misaligned loads and stores on a hart that leaves them to firmware: natively OpenSBI's, in guests hmcode's."""

import re

import pytest

GUESTS = ["tsp", "tsp-in-step", "ssp", "ssp-hm"]
# Host tables without and with injection, and the firmware's with a host that decides: the three ways of a fault.
POLICIES = ["none", "inject,satp,flush", "satp,fill"]
# What else accesses memory so: a page boundary, page tables, devices.  The rest of the table is for the long suite.
OTHERS = ["crossing", "tables", "pt-stores", "device-edges"]
SOON = {("crossing", "ssp-hm"), ("tables", "tsp-in-step"), ("pt-stores", "tsp-in-step"),
        ("device-edges", "ssp"), ("device-edges", "ssp-hm")}


def check(launch, payloads, name, **options):
    options = {"MEM": "128M", "TIMEOUT": 120, "MISALIGNED": "trap", "KERNEL": payloads / f"{name}.bin"} | options
    options["APPEND"] = f"traps={int(options['MISALIGNED'] == 'trap')}"
    run = launch(**options)
    assert not re.findall(r"FAIL .*", run.console), repr(run)
    assert re.search(r"^payload: [1-9]\d* ok, 0 failed", run.console, re.M), repr(run)
    return run


@pytest.mark.parametrize("mode", ["native", *GUESTS])
def test_every_form(launch, payloads, mode):
    check(launch, payloads, "misaligned", MODE=mode)


@pytest.mark.parametrize("policy", POLICIES)
def test_every_policy(launch, payloads, policy):
    check(launch, payloads, "misaligned", MODE="ssp", POLICY=policy)


@pytest.mark.parametrize("mode", [pytest.param(mode, marks=[] if mode == "tsp" else pytest.mark.long) for mode in GUESTS])
def test_on_what_boards_are(launch, payloads, mode):
    check(launch, payloads, "misaligned", MODE=mode, PROFILE="u74")


@pytest.mark.parametrize("name, mode", [pytest.param(name, mode, marks=[] if (name, mode) in SOON else pytest.mark.long)
                                        for name in OTHERS for mode in GUESTS])
def test_where_it_matters_what_is_there(launch, payloads, name, mode):
    check(launch, payloads, name, MODE=mode)


@pytest.mark.parametrize("mode", ["native", "tsp", "ssp-hm"])
def test_on_a_hart_that_keeps_translations(launch, payloads, mode):
    """The walk reads the tables that the hart's TLB was filled from, which need not be what it has by now."""
    check(launch, payloads, "misaligned", MODE=mode, QEMU="strict")


def test_where_mtval_is_0_for_illegal_instructions(launch, payloads, monkeypatch):
    monkeypatch.setenv("CPU_WITHOUT", "x-mtval-insn")
    check(launch, payloads, "misaligned", MODE="ssp-hm", QEMU="strict")


def test_linux_on_two_harts_measures_it(launch):
    """Each CPU of a kernel that boots times misaligned accesses."""
    run = launch(MODE="ssp-hm", MISALIGNED="trap", VCPUS=2, HARTS=2, ICOUNT=0, MEM="128M", WORKLOAD="none",
                 APPEND="hmwork=counters:1", TIMEOUT=300)
    assert run.status == 0, repr(run)
    measured = re.findall(r"(cpu\d): Ratio of byte access time to unaligned .*, unaligned accesses are slow", run.console)
    assert sorted(measured) == ["cpu0", "cpu1"], repr(run)


def test_it_costs_no_exits(launch, payloads):
    """Of some thousand accesses, in tables of the host's as well: what exits is what faults."""
    by_itself = check(launch, payloads, "misaligned", MODE="tsp", MARKS=1, MISALIGNED="access").mark()
    left = check(launch, payloads, "misaligned", MODE="tsp", MARKS=1).mark()
    assert left["hm_traps"]["by_kind"]["other"] > 1000 > 100 > by_itself["hm_traps"]["by_kind"]["other"]
    assert left["vm_exits"] == by_itself["vm_exits"]


def test_a_host_cannot_lead_the_firmware_out_of_ram(launch, payloads):
    check(launch, payloads, "host-misaligned", MODE="native")
