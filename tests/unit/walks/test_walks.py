# SPDX-License-Identifier: BSD-2-Clause
"""The model behind QEMU's plugin `walks`: patterns computed by hand, and recorded streams counted by two programs."""

import json
import pathlib
import subprocess

import pytest

import again

HERE = pathlib.Path(__file__).parent
SMALL = {"l1i": 4, "l1i_ways": 0, "l1d": 4, "l1d_ways": 2, "l2": 32, "l2_ways": 2, "l2_superpages": 0, "walk_cache": 3,
         "g_walk_cache": 3, "g_cache": 4, "asids": 1, "vmids": 1}
GEOMETRIES = {
    "small": SMALL,
    "without caches of walks": SMALL | {"walk_cache": 0, "g_walk_cache": 0, "g_cache": 0},
    "without an L2": SMALL | {"l2": 0},
    "with superpages": SMALL | {"l2_superpages": 1, "l2": 64, "l2_ways": 4},
    "without tags": SMALL | {"asids": 0, "vmids": 0},
    "large": SMALL | {"l1i": 40, "l1d": 40, "l1d_ways": 0, "l2": 512, "l2_ways": 1, "walk_cache": 8, "g_walk_cache": 8,
                      "g_cache": 16},
}
# Of fork, the first accesses: recorded by the plugin (docs/walks.md says how).
STREAMS = {path.stem: path for path in sorted(HERE.glob("*.stream"))}


@pytest.fixture(scope="module")
def built():
    done = subprocess.run(["make", "-s", "-C", HERE, "build"], text=True, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr
    return HERE.parents[2] / "build/tests/walks"


def lines_of(name):
    return STREAMS[name].read_text().splitlines()[1:]


def replay(built, geometry, lines):
    core = ":".join(["x", *(f"{key}={value}" for key, value in geometry.items())])
    done = subprocess.run([built / "replay", core], input="\n".join(lines) + "\n", text=True, capture_output=True, check=True)
    return json.loads(done.stdout)["x"]


def test_patterns_computed_by_hand(built):
    done = subprocess.run([built / "model"], text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
    assert done.returncode == 0, done.stdout


def test_there_are_streams_of_one_stage_and_of_two():
    assert set(STREAMS) == {"native", "ssp-hm", "hap"}
    assert not any(line.startswith("a") and line.split()[2] == "1" for line in lines_of("ssp-hm"))
    assert any(line.startswith("a") and line.split()[2] == "1" for line in lines_of("hap"))


@pytest.mark.parametrize("geometry", GEOMETRIES)
@pytest.mark.parametrize("stream", STREAMS)
def test_a_second_calculation_agrees(built, stream, geometry):
    counted = replay(built, GEOMETRIES[geometry], lines_of(stream))
    assert {name: value for name, value in counted.items() if value} == again.count(GEOMETRIES[geometry], lines_of(stream))
    assert counted["walks"] > 30


@pytest.mark.parametrize("stream", STREAMS)
def test_a_fence_that_is_dropped_changes_the_result(built, stream):
    """Some of the first: others are of pages that nothing comes back to."""
    lines = lines_of(stream)
    whole = replay(built, GEOMETRIES["large"], lines)
    fences = [at for at, line in enumerate(lines) if line.startswith("f")]
    without = [replay(built, GEOMETRIES["large"], lines[:at] + lines[at + 1:]) for at in fences[:20]]
    assert fences and sum(each != whole for each in without) > 0
    assert replay(built, GEOMETRIES["large"], [line for line in lines if not line.startswith("f")])["walks"] < whole["walks"]


@pytest.mark.parametrize("core", ["x", "x:l1i=4", ":l1i=4", "x:l9=4", "x" * 40 + ":l1i=4"])
def test_a_core_that_is_not_whole_is_refused(built, core):
    done = subprocess.run([built / "replay", core], input="", text=True, capture_output=True, check=False)
    assert done.returncode == 2 and "core" in done.stderr


def test_ways_must_divide_the_entries(built):
    core = ":".join(["x", *(f"{key}={value}" for key, value in (SMALL | {"l2": 30, "l2_ways": 4}).items())])
    done = subprocess.run([built / "replay", core], input="", text=True, capture_output=True, check=False)
    assert done.returncode == 2 and "multiple of their ways" in done.stderr
