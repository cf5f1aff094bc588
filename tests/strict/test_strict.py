# SPDX-License-Identifier: BSD-2-Clause
"""Firmware and host-hv on harts whose TLB keeps all that it may: a fence that is missing, or comes too early, shows.

`make test-strict` runs all of it, `make test` the runs that take seconds.
"""

import re
import subprocess

import pexpect
import pytest

from launcher import payload_names
from settings import SETTINGS, every_pair, name
from test_host_hv import CACHE, command, payload
from test_payloads import NOT_HAP

RUNS = every_pair(SETTINGS)
LINUX = "fork,exec,mprotect,shell"
# Where fences matter most: address spaces, tables that are shared, taken apart and used again, pages without a fence.
SHORT = ["asid", "sharing", "unfenced", "pieces", "satp"]
HARTS = [("virt", "strict-eager", 6), ("u74", "strict", 0)]


# Svvptc is what this one is about: a hart without it may keep what was not mapped until a fence.  Ours never does so
# for a guest, with the extension or without.
NEEDS_SVVPTC = "unfenced"
# These read back the ASIDs that they write to satp, as a guest can on any hart of ours, and natively only where the hart
# has ASIDs.
NEED_ASIDS = ("registers", "each-register")


def is_promised(run, payload):
    """Natively the hart alone says what holds."""
    if run["MODE"] != "native":
        return True
    return (run["SVVPTC"] or payload != NEEDS_SVVPTC) and (run["ASIDLEN"] or payload not in NEED_ASIDS)


def every_payload():
    """(settings, payload), without the pairs in which a hart promises nothing of what the payload wants."""
    return [pytest.param(run, payload, id=f"{name(run)}-{payload}") for run in RUNS for payload in payload_names()
            if is_promised(run, payload)]


def check(run):
    failed = re.findall(r"FAIL .*", run.console)
    assert not failed, "\n".join(failed)
    assert re.search(r"^payload: [1-9]\d* ok, 0 failed", run.console, re.M), repr(run)
    assert run.status == 0, repr(run)


@pytest.mark.parametrize("payload", SHORT)
@pytest.mark.parametrize("profile, qemu, asidlen", HARTS)
def test_facts_about_fences_hold(launch, payloads, payload, profile, qemu, asidlen):
    check(launch(MODE="ssp-hm", PROFILE=profile, QEMU=qemu, ASIDLEN=asidlen, KERNEL=payloads / f"{payload}.bin",
                 MEM="128M", TIMEOUT=120))


@pytest.mark.parametrize("payload", SHORT)
@pytest.mark.parametrize("qemu, asidlen", [("strict", 16), ("strict-eager", 6)])
def test_facts_about_fences_hold_in_two_stages(launch, payloads, payload, qemu, asidlen):
    check(launch(MODE="hap", QEMU=qemu, ASIDLEN=asidlen, KERNEL=payloads / f"{payload}.bin", MEM="128M", TIMEOUT=120))


@pytest.mark.parametrize("payload", ["host-paged", "host-stale"])
@pytest.mark.parametrize("profile, qemu, asidlen", HARTS)
def test_a_hart_forgets_what_a_host_changed(launch, payloads, payload, profile, qemu, asidlen):
    check(launch(MODE="native", PROFILE=profile, QEMU=qemu, ASIDLEN=asidlen, KERNEL=payloads / f"{payload}.bin",
                 MEM="128M", TIMEOUT=120))


@pytest.mark.parametrize("mode", ["tsp", "ssp", "ssp-hm"])
@pytest.mark.parametrize("payload, pages", [("unfenced", 1854), ("first-use", 512)])
def test_a_page_that_was_absent_is_filled_once(launch, payloads, monkeypatch, payload, pages, mode):
    """Without Svvptc a hart that remembers the absence faults again for each, if it is not fenced after the first fill."""
    monkeypatch.setenv("CPU_WITHOUT", "svvptc")
    run = launch(MODE=mode, QEMU="strict", KERNEL=payloads / f"{payload}.bin", MEM="128M", MARKS=1, TIMEOUT=120)
    check(run)
    assert run.mark()["hm_traps"]["by_kind"]["fill"] + run.mark()["vm_exits"]["by_reason"]["hidden_fault"] < 1.2 * pages


@pytest.mark.parametrize("mode, payload", [("tsp", "flush"), ("tsp-in-step", "flush"), ("ssp", "ring")])
def test_fences_reach_the_hart_on_tables_of_the_host(launch, payloads, mode, payload):
    """Stock QEMU flushes on the way to host-hv and back."""
    check(launch(MODE=mode, QEMU="strict", KERNEL=payloads / f"{payload}.bin", MEM="128M", TIMEOUT=120))


def test_a_u74_has_no_asids_and_eight_pmp_entries(launch, payloads):
    run = launch(MODE="native", PROFILE="u74", QEMU="strict", KERNEL=payloads / "asid.bin", MEM="128M", TIMEOUT=120)
    check(run)
    assert re.search(r"PMP Count *: 8$", run.console, re.M), repr(run)


def with_entries(entries, guest=None, kernel=None):
    """The words for a machine with so many PMP entries, of which OpenSBI itself takes 7."""
    machine = command([guest] if guest else [], "mem=128M", extensions=f",num-pmp-regions={entries}")
    words = [str(CACHE / "current/qemu-hspt/qemu-system-riscv64"), *machine[1:]]
    if kernel:
        words[words.index("-kernel") + 1] = str(kernel)
    return words


@pytest.mark.parametrize("entries, guests", [(7, False), (8, True)])
def test_the_pool_has_an_entry_where_one_is_left(payloads, entries, guests):
    for guest, kernel, passes in ((payload(payloads, "csr"), None, guests), (None, payloads / "flush.bin", True)):
        console = subprocess.run(with_entries(entries, guest, kernel), stdin=subprocess.DEVNULL, timeout=60, stdout=subprocess.PIPE,
                                 stderr=subprocess.STDOUT).stdout.decode(errors="replace").replace("\r", "")
        given_up = f"hmcode: hart 0 has {entries} PMP entries, with the pool {entries + 1} are needed: no HM extension\n"
        assert (given_up in console) != guests, console
        assert bool(re.search(r"^payload: [1-9]\d* ok, 0 failed", console, re.M)) == passes, console


@pytest.mark.parametrize("entries", range(1, 7))
def test_what_opensbi_has_no_entries_for_is_told(payloads, entries):
    """It would leave out the region that is all of S-mode's, and start the next stage nevertheless."""
    words = with_entries(entries, kernel=payloads / "flush.bin")
    machine = pexpect.spawn(words[0], words[1:], timeout=60, encoding="utf-8", codec_errors="replace")
    machine.expect_exact(f"hmcode: hart 0 has {entries} PMP entries, with the pool 8 are needed: no HM extension")
    machine.expect_exact(f"hmcode: hart 0 has {entries} PMP entries, OpenSBI needs 7: the hart does not start")
    machine.close(force=True)


MTVAL = ["native", "tsp", "ssp", "ssp-hm"]


@pytest.mark.parametrize("mode", MTVAL)
def test_the_marker_is_one_where_mtval_is_0(launch, payloads, monkeypatch, mode):
    monkeypatch.setenv("CPU_WITHOUT", "x-mtval-insn")
    run = launch(MODE=mode, QEMU="strict", KERNEL=payloads / "bench-fills.bin", APPEND="absent=16", MEM="128M", MARKS=1, TIMEOUT=120)
    check(run)
    assert run.mark()["ok"]


@pytest.mark.parametrize("payload", ["csr", *(pytest.param(name, marks=pytest.mark.long) for name in ("flush", "short-ways", "encodings"))])
@pytest.mark.parametrize("mode", MTVAL)
def test_illegal_instructions_are_fetched_where_mtval_is_0(launch, payloads, monkeypatch, payload, mode):
    """All of hmcode/trap/illegal.c, and natively OpenSBI's."""
    monkeypatch.setenv("CPU_WITHOUT", "x-mtval-insn")
    check(launch(MODE=mode, QEMU="strict", KERNEL=payloads / f"{payload}.bin", MEM="128M", TIMEOUT=120))


PAGES = 256


def count(launch, payloads, what, **options):
    """The record of a run in which PAGES pages are treated so (tests/payloads/bench-fills.c)."""
    run = launch(KERNEL=payloads / "bench-fills.bin", APPEND=f"{what}={PAGES}", MEM="128M", MARKS=1, TIMEOUT=120, **options)
    check(run)
    return run.mark()


def test_a_fill_takes_one_trap_without_svvptc(launch, payloads):
    """The hart remembers that there was nothing; it would fault again for each page."""
    traps = count(launch, payloads, "absent", MODE="ssp-hm", PROFILE="u74", QEMU="strict")["hm_traps"]["by_kind"]
    assert PAGES <= traps["fill"] < 1.25 * PAGES


def test_a_leaf_that_is_replaced_takes_one_trap(launch, payloads):
    """The hart remembers the page without W.  They were read in groups before."""
    traps = count(launch, payloads, "upgraded", MODE="ssp-hm", QEMU="strict")["hm_traps"]["by_kind"]
    assert PAGES <= traps["fill"] < 1.5 * PAGES


def test_fences_of_what_is_unmapped_by_now_are_no_exits(launch, payloads):
    """host-hv drops the pages behind the one that is fenced; the hart still has them (HM_POLICY_LOG_FENCES)."""
    mark = count(launch, payloads, "unmapped", MODE="ssp", QEMU="strict")
    assert mark["hm_traps"]["by_kind"]["sfence_va"] > 0.75 * PAGES
    assert mark["vm_exits"]["by_reason"]["flush"] < 0.25 * PAGES


@pytest.mark.long("strict")
@pytest.mark.parametrize("settings, payload", every_payload())
def test_every_fact_holds(launch, payloads, payload, settings):
    check(launch(**settings, VCPUS=settings["HARTS"], KERNEL=payloads / f"{payload}.bin", MEM="128M", TIMEOUT=300))


@pytest.mark.long("strict")
@pytest.mark.parametrize("payload", payload_names())
@pytest.mark.parametrize("qemu", SETTINGS["QEMU"])
def test_every_fact_holds_on_a_u74(launch, payloads, payload, qemu):
    check(launch(MODE="ssp-hm", PROFILE="u74", QEMU=qemu, KERNEL=payloads / f"{payload}.bin", MEM="128M", TIMEOUT=300))


@pytest.mark.long("strict")
@pytest.mark.parametrize("payload", [payload for payload in payload_names() if payload not in NOT_HAP])
@pytest.mark.parametrize("qemu", SETTINGS["QEMU"])
@pytest.mark.parametrize("harts", [1, 2])
def test_every_fact_holds_in_two_stages(launch, payloads, payload, qemu, harts):
    check(launch(MODE="hap", QEMU=qemu, HARTS=harts, VCPUS=harts, KERNEL=payloads / f"{payload}.bin", MEM="128M", TIMEOUT=300))


@pytest.mark.long("strict")
@pytest.mark.parametrize("settings", [*RUNS, {"MODE": "hap", "QEMU": "strict-eager", "HARTS": 2}], ids=name)
def test_linux_forks_executes_protects_and_has_a_shell(launch, settings):
    run = launch(**settings, VCPUS=settings["HARTS"], WORKLOAD=LINUX, TIMEOUT=900)
    assert run.status == 0, repr(run)
    assert [r for r in LINUX.split(",") if run.results[r]["ok"]] == LINUX.split(","), repr(run)
