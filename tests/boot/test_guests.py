# SPDX-License-Identifier: BSD-2-Clause
"""Debian's kernel in guests of several sizes and widths, with and without an initrd."""

import datetime
import re

import pytest

from launcher import MODES

SOME = "fork,exec,mprotect,pipe"


def assert_all_correct(run, names=SOME):
    assert run.status == 0, repr(run)
    assert sorted(run.results) == sorted(names.split(","))
    assert all(r["ok"] for r in run.results.values())


@pytest.mark.parametrize("memory", ["128M", "2G"])
@pytest.mark.parametrize("mode", MODES)
def test_memory_sizes(launch, mode, memory):
    assert_all_correct(launch(MODE=mode, MEM=memory, WORKLOAD=SOME))


@pytest.mark.parametrize("width", ["sv48", "sv57"])
@pytest.mark.parametrize("mode", MODES)
def test_widths(launch, mode, width):
    run = launch(MODE=mode, WIDTH=width, WORKLOAD=SOME)
    assert_all_correct(run)
    if mode == "ssp-hm":
        assert all(r["vm_exits"]["memory"] == 0 for r in run.results.values())


@pytest.mark.parametrize("memory", ["128M", "2G"])
@pytest.mark.parametrize("mode", MODES)
def test_no_initrd_is_a_reported_panic(launch, mode, memory):
    run = launch(MODE=mode, MEM=memory, INITRD="none", WORKLOAD="none")
    assert run.status == 1
    assert "Unable to mount root fs" in run.console
    assert "Kernel panic" in run.messages


@pytest.mark.parametrize("mode", MODES)
def test_an_initrd_for_less_memory(launch, mode):
    """A kernel that is told to use less than it has finds its initrd."""
    assert_all_correct(launch(MODE=mode, MEM="512M", APPEND="mem=384M", WORKLOAD="fork", TIMEOUT=120), "fork")


def test_the_real_date(launch):
    """Of the machine's clock, as the kernel reads it at boot; with ICOUNT=1 it is 2025 (test_launcher.py)."""
    run = launch(MODE="native", ICOUNT=0, INITRD="none", WORKLOAD="none")
    date, = re.findall(r"setting system clock to ([\d-]+)T", run.console)
    now = datetime.datetime.now(datetime.timezone.utc)
    assert date in {str((now - datetime.timedelta(minutes=ago)).date()) for ago in (0, 10)}


def test_svvptc_withheld(launch):
    assert_all_correct(launch(MODE="ssp-hm", SVVPTC=0, WORKLOAD=SOME))


def test_without_instruction_counting(launch):
    run = launch(MODE="ssp-hm", ICOUNT=0, WORKLOAD="fork")
    assert_all_correct(run, "fork")
    assert run.results["fork"]["icount"] is False
