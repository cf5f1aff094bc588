# SPDX-License-Identifier: BSD-2-Clause
"""What address translation costs (WALKS), by the plugin on real runs; tests/unit/walks has the model by itself."""

import json
import os

import pytest

from hmode import qemu, walks
from launcher import LAUNCH

# One TLB over all; without and with what is kept of walks.  The first is too small for any list that `chase` follows.
BARE = "p550:l1i=32:l1d=4:l2=0:walk_cache=0:g_walk_cache=0:g_cache=0"
KEPT = "p550:l1i=32:l1d=4:l2=0:walk_cache=64:g_walk_cache=64:g_cache=64"

WRAPPER = """#!/usr/bin/python3
import os, sys
sys.path.insert(0, {platform!r})
from hmode import walks
words = sys.argv[1:]
if words[:1] != ["--version"] and not any(word.startswith("dumpdtb=") for word in words):
    words = walks.shared_memory(words) + ["-plugin", {plugin!r}]
os.execv({qemu!r}, [{qemu!r}, *words])
"""


@pytest.fixture
def counted(tmp_path, plugins, launch, payloads):
    """counted(payload, ...): the run of a payload that marks a region, and what the plugin says of it."""
    out, wrapper = tmp_path / "walks.json", tmp_path / "qemu"
    core = ":".join(f"{key}={value}" for key, value in walks.read_core("p550").values.items() if key in walks.GEOMETRY)
    program = qemu.find(os.environ.get("QEMU", "")).program
    wrapper.write_text(WRAPPER.format(platform=str(LAUNCH.parent), qemu=program,
                                      plugin=f"{plugins}/walks.so,core=x:{core},out={out}"))
    wrapper.chmod(0o755)

    def run(name, **given):
        done = launch(KERNEL=payloads / f"{name}.bin", MEM="128M", MARKS=1, TIMEOUT=120, QEMU=wrapper, **given)
        assert done.status == 0, repr(done)
        region, = map(json.loads, out.read_text().splitlines())
        return done, region

    return run


@pytest.mark.parametrize("name", ["flush", "stay"])
def test_traps_are_at_least_those_that_the_firmware_counts(counted, name):
    """An exit is two: the guest's trap, and the host's call that comes back.  Others are calls of the host's."""
    run, region = counted(name, MODE="ssp-hm")
    mark = run.mark()
    least = mark["hm_traps"]["total"] + 2 * mark["vm_exits"]["total"]
    assert 0 < least <= region["traps"]["m"] <= least + 100
    assert region["cores"]["x"]["walks"] > 0 and region["fences"] > 0


@pytest.mark.parametrize("mode", ["native", "tsp", "ssp", "ssp-hm", "hap"])
def test_each_access_has_the_translation_that_qemu_has(counted, mode):
    _, region = counted("flush", MODE=mode)
    assert (region["lost"], region["wrong"]) == (0, 0)
    assert (region["cores"]["x"]["g_refs"] > 0) == (mode == "hap")


def per_walk(counts):
    return round((counts["walk_refs"] + counts["g_refs"]) / counts["walks"], 1)


def results_of(launch, workload, **given):
    """By workload."""
    run = launch(WORKLOAD=workload, WALKS=f"{BARE},{KEPT}", **given)
    assert run.status == 0, repr(run)
    for result in run.results.values():
        counts = result["translation"][BARE]
        assert counts["lost"] == counts["wrong"] == 0, result
    return run.results


def test_a_chase_that_misses_walks_three_references_natively(launch, plugins):
    result = results_of(launch, "chase", MODE="native")["chase"]
    bare, kept = result["translation"][BARE], result["translation"][KEPT]
    assert (per_walk(bare), per_walk(kept)) == (3.0, 1.0)
    assert bare["walks"] == kept["walks"] > 3_000_000      # of four million steps
    assert result["walk_refs"] == bare["walk_refs"]


@pytest.mark.long("translation")
@pytest.mark.parametrize("given, bare, kept", [
    ({"MODE": "ssp-hm"}, 3.0, (1.0, 1.0)),
    ({"MODE": "hap"}, 11.0, (1.0, 1.0)),
    ({"MODE": "hap", "HOSTPAGES": "4k"}, 15.0, (1.0, 2.2)),
], ids=["ssp-hm", "hap", "hap 4k"])
def test_references_of_a_miss_in_one_stage_and_in_two(launch, plugins, given, bare, kept):
    counted = results_of(launch, "chase", **given)["chase"]["translation"]
    assert per_walk(counted[BARE]) == bare
    assert kept[0] <= per_walk(counted[KEPT]) <= kept[1]


@pytest.mark.long("translation")
def test_traps_of_a_fork_are_those_that_the_firmware_counts(launch, plugins):
    """And those of S-mode, which natively are all."""
    native = results_of(launch, "fork", MODE="native")["fork"]
    shadowed = results_of(launch, "fork", MODE="ssp-hm")["fork"]
    own = native["translation"][BARE]["traps"] - shadowed["hm_traps"]["by_kind"]["true_fault"]
    assert shadowed["vm_exits"]["total"] == 0
    assert abs(shadowed["translation"][BARE]["traps"] - shadowed["hm_traps"]["total"] - own) <= 10     # timer ticks
