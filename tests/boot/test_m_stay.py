# SPDX-License-Identifier: BSD-2-Clause
"""The longest stay in M-mode where the firmware cannot tell: its host's calls, and several harts.

Every other run under ICOUNT=1 asserts what its own record tells (launcher.py, Run.check_stays).
"""

import subprocess

import pytest

from launcher import ROOT
from m_stay import Watched
from test_host_hv import command, ends, payload

HOSTS = sorted(path.stem for path in (ROOT / "tests/payloads").glob("host-*.c"))
# Those that need several harts.  The plugin wants a thread for each; in one they take long turns, which is no race.
SEVERAL = {"host-race": {"MEM": "512M", "HARTS": 2, "ICOUNT": 0}} | {
    name: {"MEM": "128M", "HARTS": 2, "ICOUNT": 0} for name in ["host-lacks", "host-restart", "host-unlike"]}


@pytest.fixture
def watched(tmp_path, plugins):
    return Watched(tmp_path, plugins)


@pytest.mark.parametrize("name", HOSTS)
def test_calls_of_a_host(launch, payloads, watched, name):
    machine = SEVERAL.get(name, {"MEM": "128M", "HARTS": 1})
    run = launch(MODE="native", KERNEL=payloads / f"{name}.bin", TIMEOUT=120, QEMU=watched.path, **machine)
    assert "payload: " in run.console, repr(run)
    watched.check(machine["HARTS"])


def test_short_ways(launch, payloads, watched):
    """Traps that end in trap/tvm_short.c and trap/fault_short.c, which measure nothing: a ring full of long ranges among them."""
    run = launch(MODE="ssp-hm", KERNEL=payloads / "short-ways.bin", MEM="128M", TIMEOUT=120, QEMU=watched.path)
    assert run.status == 0, repr(run)
    watched.check(1)


@pytest.mark.parametrize("option", ["policy=tsp", "policy=ssp", "policy=ssp-hm"])
def test_two_harts_of_two_guests(payloads, watched, option):
    """Both are made by one hart, one runs on each, and either is ended by its own."""
    words = command([payload(payloads, "storm"), payload(payloads, "asid")], f"mem=128M {option}", harts=2)
    done = subprocess.run([watched.path, *words[1:]], stdin=subprocess.DEVNULL, capture_output=True, timeout=300)
    console = done.stdout.decode(errors="replace").replace("\r", "")
    assert ends(console) == {0: "shutdown", 1: "shutdown"}, console
    watched.check(2)


@pytest.mark.long("m-stay")
@pytest.mark.parametrize("mode", ["tsp", "ssp", "ssp-hm"])
def test_two_harts_of_one_linux_guest(launch, watched, mode):
    run = launch(MODE=mode, VCPUS=2, HARTS=2, ICOUNT=0, WORKLOAD="fork", QEMU=watched.path)
    assert run.status == 0, repr(run)
    watched.check(2)


def test_harts_in_one_thread_are_refused(launch, payloads, watched):
    run = launch(MODE="native", KERNEL=payloads / "host-race.bin", MEM="512M", HARTS=2, TIMEOUT=120, QEMU=watched.path)
    assert "cannot be told apart" in run.messages + run.console, repr(run)


@pytest.mark.parametrize("mode, policy", [("ssp-hm", ""), ("ssp", "satp,flush"), ("ssp", "inject,fill"), ("ssp", "flush,fill")])
def test_the_firmware_s_own_figure_is_no_less_than_the_plugin_s(launch, payloads, watched, mode, policy):
    """On one hart: what the firmware adds for entry and return, which it cannot see, is enough, and not much more.

    The plugin counts the host's other calls too: the payload's longest stay has to be longer than making a vCPU."""
    run = launch(MODE=mode, POLICY=policy, KERNEL=payloads / "stay.bin", MEM="128M", MARKS=1, TIMEOUT=120, QEMU=watched.path)
    hart, = watched.harts()
    own = run.mark()["longest_m_stay"]
    assert own - 160 <= hart["longest"] <= own, hart
