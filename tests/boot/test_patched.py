# SPDX-License-Identifier: BSD-2-Clause
"""The patched guest: right everywhere, without ecalls, cheaper than itself with hm=off."""

import functools
import re
import statistics

import pytest

from launcher import WORKLOADS, Run

FLUSH_KINDS = ["sfence_va", "sfence_asid", "sfence_all", "ring", "remote_fence"]


@pytest.fixture(scope="session")
def patched(tmp_path_factory):
    """patched(guest, mode, ...): every workload in one boot, made once for all tests."""

    @functools.cache
    def run(guest, mode, profile="virt", svvptc=None):
        options = {"GUEST": guest, "MODE": mode, "PROFILE": profile}
        if svvptc is not None:
            options["SVVPTC"] = svvptc
        return Run(tmp_path_factory.mktemp("patched"), options)

    return run


def assert_all_correct(run):
    assert run.status == 0, repr(run)
    assert sorted(run.results) == sorted(WORKLOADS)
    assert all(r["ok"] for r in run.results.values())


def flushes(result):
    kinds, reasons = result["hm_traps"]["by_kind"], result["vm_exits"]["by_reason"]
    return sum(kinds[k] for k in FLUSH_KINDS) + sum(reasons[r] for r in ["flush", "ring", "remote_fence"])


def transitions(result):
    return result["vm_exits"]["total"] + result["hm_traps"]["total"]


@pytest.mark.parametrize("guest, mode, profile, svvptc", [
    ("patched", "native", "virt", None), ("patched-off", "native", "virt", None),
    ("patched", "ssp-hm", "virt", 0), ("patched-off", "ssp-hm", "virt", 0),
    ("patched", "ssp", "virt", 0), ("patched-off", "ssp", "virt", 0),
    ("patched", "ssp-hm", "virt", None), ("patched-off", "ssp-hm", "virt", None),
    ("patched", "ssp-hm", "u74", None), ("patched-off", "ssp-hm", "u74", None),
    pytest.param("patched", "tsp", "virt", None, marks=pytest.mark.long("patched")),    # some workloads: test_patched_guests.py
])
def test_workloads_are_correct(patched, guest, mode, profile, svvptc):
    run = patched(guest, mode, profile, svvptc)
    assert_all_correct(run)
    assert all(r["guest"] == guest for r in run.results.values())


def test_natively_the_patches_cost_nothing(patched):
    """Of all workloads together: a word more on the command line alone moves single ones by 0.2 %."""
    on, off = (sum(r["instructions"]["total"] for r in patched(g, "native").results.values())
               for g in ("patched", "patched-off"))
    assert abs(on / off - 1) <= 0.001


def test_natively_there_is_no_ring(patched):
    assert all(r["guest_ring"] is None for r in patched("patched", "native").results.values())


# Every new mapping fences where Svvptc is withheld: what flushes cause, at most, of what they cause with hm=off.
FLUSH_LIMITS = {"touch": 1 / 4, "mmap": 1 / 4, "vfork": 1 / 4, "shell": 1 / 4, "range": 1 / 4, "fork": 1 / 2, "exec": 1 / 2}
MACHINES = [("ssp-hm", "virt", 0), ("ssp", "virt", 0)]
HM_MACHINES = [("ssp-hm", "virt", None), ("ssp-hm", "virt", 0), ("ssp-hm", "u74", None)]


@pytest.mark.parametrize("workload, limit", FLUSH_LIMITS.items())
@pytest.mark.parametrize("machine", MACHINES, ids=str)
def test_flushes_cause_few_transitions(patched, machine, workload, limit):
    on, off = (flushes(patched(g, *machine).results[workload]) for g in ("patched", "patched-off"))
    assert 0 < off
    assert on <= off * limit


# Where timer ticks fall among the switches of a pipe's ends makes a few of them more or fewer.
PHASE = {"pipe": 4}


@pytest.mark.parametrize("workload", WORKLOADS)
@pytest.mark.parametrize("machine", [*HM_MACHINES, ("ssp", "virt", 0), pytest.param(
    ("ssp", "virt", None), marks=[pytest.mark.long("patched"), pytest.mark.xdist_group("patched-ssp")])], ids=str)
def test_transitions_are_never_more(patched, machine, workload):
    on, off = (patched(g, *machine).results[workload] for g in ("patched", "patched-off"))
    assert transitions(on) <= transitions(off) + PHASE.get(workload, 0)


@pytest.mark.parametrize("workload", WORKLOADS)
@pytest.mark.parametrize("machine", HM_MACHINES, ids=str)
def test_it_is_not_slower(patched, machine, workload):
    """But for its counter, which a thousand flushes in a row of single pages do not hide."""
    on, off = (patched(g, *machine).results[workload]["instructions"]["total"] for g in ("patched", "patched-off"))
    assert on <= off * 1.01


@pytest.mark.parametrize("machine", HM_MACHINES, ids=str)
def test_it_is_faster_over_all(patched, machine):
    on, off = (sum(r["instructions"]["total"] for r in patched(g, *machine).results.values())
               for g in ("patched", "patched-off"))
    assert on <= off * 0.98


SMALL = {"boot", "chase"}               # nothing that the patches are about
READ_FIRST = {"mmap", "touch", "range"}


def against_native(patched):
    on, native = (patched(*run).results for run in [("patched", "ssp-hm"), ("patched", "native")])
    return {w: on[w]["instructions"]["total"] / native[w]["instructions"]["total"] for w in WORKLOADS if w not in SMALL}


@pytest.mark.parametrize("without, limit", [(set(), 0.99), (READ_FIRST, 1.04)], ids=["all", "not-read-first"])
def test_it_is_near_itself_natively(patched, without, limit):
    assert statistics.geometric_mean(cost for w, cost in against_native(patched).items() if w not in without) <= limit


def test_no_workload_is_far_from_itself_natively(patched):
    assert max(against_native(patched).values()) <= 1.07


def test_a_child_faults_less_for_what_its_parent_has_used(patched, launch):
    """Of the 512 pages a round that it only reads, each is a fault where the accessed bits are cleared."""
    cleared = launch(MODE="ssp-hm", GUEST="patched", WORKLOAD="cow", APPEND="hm=old")
    old, young = (run.results["cow"]["hm_traps"]["by_kind"] for run in (cleared, patched("patched", "ssp-hm")))
    assert young["true_fault"] <= old["true_fault"] - 4 * 500
    assert young["fill"] < old["fill"]


@pytest.mark.parametrize("machine", MACHINES, ids=str)
def test_a_flush_call_commits_at_most_once(patched, machine):
    for name, result in patched("patched", *machine).results.items():
        if name != "boot":
            assert flushes(result) <= result["guest_ring"]["flush_calls"], name
            assert result["guest_ring"]["commits"] <= result["guest_ring"]["flush_calls"], name


@pytest.mark.parametrize("machine", MACHINES, ids=str)
def test_flushes_make_no_calls(patched, machine):
    """SBI calls are for the clock and the console alone; a flush is none."""
    for name, result in patched("patched", *machine).results.items():
        if name != "boot":
            assert result["hm_traps"]["by_kind"]["sbi_other"] == 0, name
            assert result["vm_exits"]["by_reason"]["sbi"] == 0, name
    assert any(r["guest_ring"] and r["guest_ring"]["flush_calls"] for r in patched("patched", *machine).results.values())


# The three classic mistakes: rounds for 200,000 flush calls, of which each round makes six at least, two and two.
STALE = {"stale-fork": 33400, "stale-unmap": 100000, "stale-protect": 100000}
SHARE = 5    # of them in each run of the tests


def stale(launch, test, rounds, *words):
    return launch(MODE="ssp-hm", GUEST="patched", WORKLOAD="none", ICOUNT=0,
                  APPEND=" ".join(["quiet", *words, f"hmwork={test}:{rounds}"]))


@pytest.mark.parametrize("share", [SHARE, pytest.param(1, marks=pytest.mark.long("patched"))])
@pytest.mark.parametrize("test, rounds", STALE.items())
def test_nothing_stale_is_used(launch, test, rounds, share):
    run = stale(launch, test, rounds // share)
    assert f"hmwork: {test} ok" in run.console, repr(run)
    calls = re.search(rf"hmwork: {test} ring:.* flush_calls=(\d+)", run.console)
    assert int(calls[1]) >= 200_000 // share


@pytest.mark.parametrize("test, mistake, why", [
    ("stale-fork", "lose-space", "the kernel's store into the parent reached the child"),
    ("stale-unmap", "lose-range", "a page given back is still there"),
    ("stale-protect", "lose-range", "a store without the right does not fault"),
])
def test_a_lost_commit_is_noticed(launch, test, mistake, why):
    run = stale(launch, test, 1000, f"hm={mistake}")
    assert f"hmwork: {test} FAILED: {why}" in run.console


def test_kunit(launch):
    run = launch(MODE="native", GUEST="patched", WORKLOAD="none",
                 APPEND="kunit.enable=1 kunit.filter_glob=riscv_hm hmwork=stale-fork:1")
    found = re.search(r"# riscv_hm: pass:(\d+) fail:0 skip:0", run.console)
    assert found and int(found[1]) >= 7
