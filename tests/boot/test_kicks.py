# SPDX-License-Identifier: BSD-2-Clause
"""A record counts remote fences of translations as memory's: the call, and what it costs its target."""

import re

import pytest

from hmode import modes

MODES = modes.SHADOWED


def counted(launch, payloads, **options):
    """The payload's record, and how many of each call it made."""
    run = launch(KERNEL=payloads / "bench-kicks.bin", MEM="128M", MARKS=1, TIMEOUT=120, **options)
    assert "FAIL" not in run.console and run.status == 0, repr(run)
    calls = [int(re.search(rf"note {name} (\d+)", run.console)[1])
             for name in ["remote fences", "remote fences of instructions", "IPIs"]]
    mark = run.mark()
    for counts, by in [(mark["vm_exits"], "by_reason"), (mark["hm_traps"], "by_kind")]:
        assert counts["total"] == sum(counts[by].values())
    return mark["vm_exits"], mark["hm_traps"], calls


@pytest.mark.parametrize("mode, hm", [("tsp", None), ("tsp-in-step", None), ("ssp", "satp"), ("ssp", "none"), ("ssp-hm", None)])
def test_of_one_vcpu(launch, payloads, mode, hm):
    exits, traps, (fences, fence_is, ipis) = counted(launch, payloads, MODE=mode, **({"POLICY": hm} if hm else {}))
    reasons, kinds = exits["by_reason"], traps["by_kind"]
    assert (reasons["remote_fence"], kinds["remote_fence"]) == ((fences, 0) if mode == "ssp" else (0, fences))
    # Those of instructions go where they did, and the rest is the payload's start.
    others = fence_is if mode == "ssp" else 0
    assert others <= reasons["sbi"] < others + 20
    assert kinds["sbi_other"] >= ipis + fence_is - others
    assert kinds["sfence_all"] < 20
    if mode == "ssp-hm":
        assert exits["memory"] == 0


@pytest.mark.parametrize("mode", MODES)
def test_of_two_vcpus(launch, payloads, mode):
    exits, traps, (fences, fence_is, ipis) = counted(launch, payloads, MODE=mode, VCPUS=2, HARTS=2, ICOUNT=0)
    reasons = exits["by_reason"]
    # host-hv fences the other vCPU where one starts, and with tsp where a table is protected or let go: some few in
    # the beginning.
    assert 2 * fences <= reasons["remote_fence"] < 2 * fences + 20
    assert traps["by_kind"]["remote_fence"] == 0
    assert fence_is + ipis <= reasons["sbi"] < fence_is + ipis + 20
    assert fence_is + ipis <= reasons["interrupt"] < fence_is + ipis + 20
    if mode == "ssp-hm":
        assert exits["memory"] == reasons["remote_fence"]
