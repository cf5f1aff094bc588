# SPDX-License-Identifier: BSD-2-Clause
"""Who sets A and D (SVADU): the same facts where hardware does it, and where hmcode and host-hv do (payload svadu)."""

import io
import re

import pexpect
import pytest

import test_host_hv as host_hv
from hmode import modes
from launcher import M_STAY_LIMIT

# In each, what the facts are about; natively QEMU's hart is the oracle.
MODES = ["native", *modes.SHADOWED]
ABOUT = {"1": {"Svadu"}, "fwft": {"Svade", "Svadu", "FWFT"}}
TWO_HARTS = "each access sets its bits, whatever another hart does"
FEW_POLICIES = ["none", "inject", "flush", "inject,fill", "satp,flush"]
END = re.compile(r"^payload: (\d+) ok, 0 failed", re.M)


def facts(console):
    """What holds, and all that the facts are about."""
    failed = re.findall(r"FAIL .*", console)
    assert not failed, "\n".join(failed)
    assert END.search(console), console[-2000:]
    return set(re.findall(r"^ok \S+ (\w+):", console, re.M))


def check(run, svadu):
    assert run.status == 0, repr(run)
    assert facts(run.console) == ABOUT[svadu]


@pytest.mark.parametrize("svadu", ABOUT)
@pytest.mark.parametrize("mode", MODES)
def test_bits_are_set_at_the_fault(launch, payloads, mode, svadu):
    run = launch(MODE=mode, SVADU=svadu, KERNEL=payloads / "svadu.bin", MEM="128M", MARKS=1, TIMEOUT=120)
    check(run, svadu)
    if mode != "native":
        assert run.mark()["longest_m_stay"] <= M_STAY_LIMIT


@pytest.mark.parametrize("policy", FEW_POLICIES)
def test_with_every_owner_of_the_tables(launch, payloads, policy):
    run = launch(MODE="ssp", POLICY=policy, SVADU="1", KERNEL=payloads / "svadu.bin", MEM="128M", MARKS=1, TIMEOUT=120)
    check(run, "1")


@pytest.mark.parametrize("mode", ["native", "ssp-hm", "tsp"])
def test_on_a_board_like_those_of_today(launch, payloads, mode):
    check(launch(MODE=mode, SVADU="1", PROFILE="u74", KERNEL=payloads / "svadu.bin", MEM="128M", TIMEOUT=120), "1")


@pytest.mark.parametrize("mode", MODES)
def test_no_store_of_another_hart_is_lost(launch, payloads, mode):
    options = {} if mode == "native" else {"VCPUS": 2}
    run = launch(MODE=mode, SVADU="1", KERNEL=payloads / "svadu.bin", MEM="128M", HARTS=2, ICOUNT=0, TIMEOUT=300,
                 **options)
    check(run, "1")
    assert TWO_HARTS in run.console


def test_the_policy_changes_meanwhile(payloads):
    guest = (payloads / "svadu.bin", None, "races=60000")
    words = host_hv.command([guest], "mem=128M vcpus=2 svadu=1", harts=2)
    machine = pexpect.spawn(words[0], words[1:], timeout=300, encoding="utf-8")
    machine.logfile_read = log = io.StringIO()
    machine.expect_exact("note the harts race")
    for policy in [*modes.SHADOWED, *FEW_POLICIES] * 2:
        host_hv.command_line(machine, f"policy 0 {policy}", f"host-hv: vm0: policy {policy}")
    machine.expect(pexpect.EOF)
    console = log.getvalue().replace("\r", "")
    assert facts(console) == ABOUT["1"]
    assert TWO_HARTS in console


@pytest.mark.parametrize("svadu, declared", [("0", {"svade"}), ("1", {"svadu"}), ("fwft", {"svade", "svadu"})])
def test_the_tree_declares_it(launch, payloads, svadu, declared):
    """By what the payload makes of it, natively and in a guest."""
    for mode in ("native", "ssp-hm"):
        run = launch(MODE=mode, SVADU=svadu, KERNEL=payloads / "svadu.bin", MEM="128M", TIMEOUT=120)
        about = facts(run.console)
        assert {name.lower() for name in about - {"FWFT"}} == declared and ("FWFT" in about) == (svadu == "fwft")
