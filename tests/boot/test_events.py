# SPDX-License-Identifier: BSD-2-Clause
"""What one event costs in the firmware, in instructions: a limit for each path that is called hot."""

import re
import subprocess

import pytest

from launcher import LAUNCH

LIMITS = {
    "no-event": 0, "fill": 89, "true-fault": 73, "permission-fault": 87,
    "fence-page": 112, "fence-page-asid": 94, "satp-hit": 87, "sbi-base": 0,
    "dirty-fault": 87, "fence-asid": 231, "fence-asid/48groups": 797, "satp-miss": 440,
    "ring-commit": 58, "ring-flush+commit": 110, "ring-flush+refill+commit": 130, "no-event-after-hint": 0,
}
# Exits to tables of the host, what the guest itself and host-hv spend included.  Most of ssp's fence-page waits for
# another.  An entry reads each field of the page once and checks it, and takes its vCPU from other harts.
EXIT_LIMITS = {
    "ssp": {"fill": 645, "true-fault": 785, "fence-page": 227, "fence-page-asid": 880, "ring-commit": 840,
            "satp-hit": 160, "mmio-load": 1290, "mmio-load-bare": 1290, "vm-exit": 835},
    "tsp": {"fill": 2030, "true-fault": 1295, "fence-page-asid": 98, "ring-commit": 265, "satp-hit": 1610,
            "vm-exit": 855},
    "tsp-in-step": {"fill": 2015, "true-fault": 1280, "fence-page-asid": 98, "ring-commit": 265, "satp-hit": 1595,
                    "vm-exit": 840},
    "hap": {"mmio-load": 690, "mmio-load-bare": 690, "sbi-base": 350, "vm-exit": 540},
    "ssp-hm": {"mmio-load": 1000, "mmio-load-bare": 995, "vm-exit": 787},
}
# Beyond the commit: pages a commit, and how many instructions each may take; more where the page is read anew.
DRAINS = {
    "ring-flush+commit": (1, 55), "ring-flush+refill+commit": (1, 73), "ring-flush+commit/64": (1, 48),
    "ring-hint+commit/64": (1, 56), "ring-range16+refill+commit": (16, 36),
}


@pytest.fixture(scope="module")
def events(payloads):
    done = subprocess.run([str(LAUNCH), "bench-events"], capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, done.stdout + done.stderr
    rows = [line.split() for line in done.stdout.splitlines()]
    return {row[0]: float(row[3]) for row in rows if len(row) == 4 and row[0] != "event"}


@pytest.mark.parametrize("event", DRAINS)
def test_draining_a_page_costs_no_more_than(events, event):
    commits = 1 / 64 if event.endswith("/64") else 1
    pages, limit = DRAINS[event]
    assert (events[event] - commits * events["ring-commit"]) / pages <= limit


@pytest.mark.parametrize("event", LIMITS)
def test_event_costs_no_more_than(events, event):
    assert events[event] <= LIMITS[event]


@pytest.fixture(scope="module")
def exits(request, payloads, tmp_path_factory):
    log = tmp_path_factory.mktemp("exits") / "console.log"
    done = subprocess.run([str(LAUNCH), "run", f"MODE={request.param}", "MEM=128M", f"LOG={log}",
                           f"KERNEL={payloads / 'bench-events.bin'}"], capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, done.stdout + done.stderr
    rows = re.findall(r"^note event (\S+) (\d+) (\d+)", log.read_text(errors="replace"), re.M)
    return {name: int(instructions) / int(count) for name, count, instructions in rows}


@pytest.mark.parametrize("exits,event,limit", [
    pytest.param(mode, event, limit, id=f"{mode}-{event}")
    for mode, limits in EXIT_LIMITS.items() for event, limit in limits.items()], indirect=["exits"])
def test_exit_costs_no_more_than(exits, event, limit):
    assert exits[event] <= limit


# What docs/porting.md says of harts without a time CSR, and a little more.  Natively it is OpenSBI's own way.
TIME_LIMITS = {"native": 550, "ssp-hm": 325}


@pytest.mark.parametrize("mode", TIME_LIMITS)
def test_a_trapped_reading_of_time_costs_no_more_than(launch, payloads, monkeypatch, mode):
    monkeypatch.setenv("CPU_WITHOUT", "zicntr")
    spent = [launch(MODE=mode, KERNEL=payloads / "bench-time.bin", APPEND=f"readings={count}", MEM="128M", MARKS=1,
                    TIMEOUT=60).mark()["instructions"]["hm"] for count in (0, 1000)]
    assert 100 < (spent[1] - spent[0]) / 1000 <= TIME_LIMITS[mode]
