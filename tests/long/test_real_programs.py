# SPDX-License-Identifier: BSD-2-Clause
"""The programs of tests/programs in five modes: each ends, and says what it says natively."""

import json
import pathlib
import subprocess

import pytest

from launcher import LAUNCH, ROOT

pytestmark = pytest.mark.long("real-programs")

LISTS = sorted((ROOT / "tests/programs").glob("*.list"))
SMALL = sorted((ROOT / "tests/programs/small").glob("*.list"))
MOST = 50_000_000
# Programs that take more however little they do: to start, to wait for each other, or for one round.
LARGER = {"gcc", "memcached", "nginx", "python", "redis", "stress-madvise", "stress-mmap"}
MODES = ["native", "tsp", "ssp", "ssp-hm", "hap"]


def measured(folder, path, modes, *words):
    """Mode and row -> result."""
    done = subprocess.run([LAUNCH, "measure", f"MODES={' '.join(modes)}", f"LIST={path}", f"RESULT={folder}/result",
                           f"LOG={folder}/log", *words], capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)
    assert done.returncode == 0, done.stdout + done.stderr
    found = [json.loads(line) for line in (pathlib.Path(folder) / "result").read_text().splitlines()]
    return {(each["mode"], each["workload"]): each for each in found}


@pytest.mark.parametrize("path", LISTS, ids=lambda path: path.stem)
def test_a_real_program_is_right_in_every_mode(tmp_path, path):
    found = measured(tmp_path, path, MODES)
    names = {name for _, name in found}
    assert names and set(found) == {(mode, name) for mode in MODES for name in names}
    for (mode, name), result in found.items():
        assert result["ok"] and result["program"]["stdout"]["bytes"], (mode, name)
        if mode == "ssp-hm":
            assert result["vm_exits"]["memory"] == 0, name


@pytest.mark.parametrize("path", SMALL, ids=lambda path: path.stem)
def test_a_second_size_is_small(tmp_path, path):
    """For the model of walks, which makes runs several times as long."""
    found = measured(tmp_path, path, ["native", "ssp-hm"])
    assert found and all(result["ok"] for result in found.values())
    for (mode, name), result in found.items():
        if mode == "native":
            assert result["instructions"]["total"] <= (5 if name in LARGER else 1) * MOST, name
