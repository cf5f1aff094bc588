# SPDX-License-Identifier: BSD-2-Clause
"""A kernel that fences everything at each crossing: the table of docs/explained.md, and the row that ssp loses."""

import re

import pytest

from hmode import modes

MODES = modes.SHADOWED


@pytest.fixture(scope="module")
def records(payloads, tmp_path_factory):
    from launcher import Run

    runs = {mode: Run(tmp_path_factory.mktemp("crossings"), {"MODE": mode, "KERNEL": payloads / "bench-crossings.bin",
                                                             "MEM": "128M", "MARKS": 1, "TIMEOUT": 60})
            for mode in MODES}
    for run in runs.values():
        assert "payload: 2 ok, 0 failed" in run.console and run.status == 0, repr(run)
    crossings = int(re.search(r"note crossings (\d+)", runs["ssp"].console)[1])
    return {mode: run.mark() for mode, run in runs.items()}, crossings


def test_ssp_exits_for_each_fence_and_for_what_it_took_away(records):
    marks, crossings = records
    reasons = marks["ssp"]["vm_exits"]["by_reason"]
    assert reasons["flush"] >= crossings and reasons["hidden_fault"] > 3 * crossings
    assert 5 < marks["ssp"]["vm_exits"]["memory"] / marks["tsp"]["vm_exits"]["memory"] < 6


@pytest.mark.parametrize("mode", ["tsp", "tsp-in-step"])
def test_tsp_exits_for_satp_alone(records, mode):
    marks, crossings = records
    exits = marks[mode]["vm_exits"]
    assert crossings <= exits["memory"] < crossings + 30
    assert exits["by_reason"]["satp"] + exits["by_reason"]["root_miss"] >= crossings


def test_ssp_hm_does_not_exit(records):
    marks, crossings = records
    assert marks["ssp-hm"]["vm_exits"]["memory"] == 0
    # A fence, a switch, and a fill for each group of pages: what ssp exits for, and more than tsp's transitions.
    assert 5 * crossings < marks["ssp-hm"]["hm_traps"]["memory"] < 6 * crossings
