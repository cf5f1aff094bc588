# SPDX-License-Identifier: BSD-2-Clause
"""A guest's devices answer as QEMU's virt machine does: one payload on the bare machine and as a guest."""

import datetime
import re
import subprocess

import pytest

from launcher import Run
from test_host_hv import command, ends, machine_tree, payload


def lines(run):
    """What the payload printed, not the firmware or host-hv."""
    assert run.status == 0, repr(run)
    return [line for line in run.console.replace("\r", "").splitlines()
            if line.startswith(("note ", "ok ", "FAIL ", "payload: ", "printed "))]


@pytest.fixture(scope="module")
def natively(tmp_path_factory, payloads):
    return lines(Run(tmp_path_factory.mktemp("native"), {"MODE": "native", "KERNEL": payloads / "uart.bin", "MEM": "128M"}))


@pytest.mark.parametrize("mode", ["tsp", "ssp", "ssp-hm"])
def test_each_width_reads_and_writes_what_it_does_natively(launch, payloads, natively, mode):
    guest = lines(launch(MODE=mode, KERNEL=payloads / "uart.bin", MEM="128M", TIMEOUT=60))
    assert guest == natively
    assert sum(line.startswith("note registers") for line in guest) == 15
    assert guest.count("printed by the UART") == 4


@pytest.mark.parametrize("mode", ["native", "tsp", "ssp-hm"])
@pytest.mark.parametrize("store, end, status", [
    ("by=0x5555", "shutdown", 0), ("by=0x7777 width=2", "reboot", 0), ("by=0x13333", "failure", 1)])
def test_the_finisher_ends_a_guest_as_it_ends_a_machine(launch, payloads, mode, store, end, status):
    run = launch(MODE=mode, KERNEL=payloads / "finisher.bin", MEM="128M", APPEND=store, TIMEOUT=60)
    assert run.status == status and "and was stopped" not in run.messages, repr(run)
    assert "note ends by the device" in run.console, repr(run)
    if mode != "native":
        assert [r["end"] for r in run.records() if "end" in r] == [end]


def date_of(run):
    seconds = int(re.search(r"note seconds since 1970 (0x\w+)", run.console)[1], 16)
    return datetime.datetime.fromtimestamp(seconds, datetime.timezone.utc)


@pytest.mark.parametrize("mode", ["native", "ssp-hm"])
def test_the_clock_is_the_platforms(launch, payloads, mode):
    """The same in every run where instructions are counted, today's date otherwise."""
    options = {"MODE": mode, "KERNEL": payloads / "rtc.bin", "MEM": "128M", "TIMEOUT": 60}
    counted = date_of(launch(**options))
    assert counted - datetime.datetime(2025, 1, 1, tzinfo=datetime.timezone.utc) < datetime.timedelta(minutes=1)
    today = date_of(launch(**options, ICOUNT=0))
    assert abs(datetime.datetime.now(datetime.timezone.utc) - today) < datetime.timedelta(minutes=5)


def test_a_platform_without_a_clock_runs_guests(payloads, tmp_path):
    words = command([payload(payloads, "tree"), payload(payloads, "rtc")], "mem=128M")
    tree = machine_tree(tmp_path)
    subprocess.run(["fdtput", "-r", tree, "/soc/rtc@101000"], check=True)
    done = subprocess.run([*words, "-dtb", tree], stdin=subprocess.DEVNULL, timeout=60, stdout=subprocess.PIPE)
    console = done.stdout.decode(errors="replace").replace("\r", "")
    assert "panic" not in console and ends(console).keys() == {0, 1}, console
    assert "FAIL unexpected trap: cause 0x5" in console, console    # the second guest's: nothing answers there
