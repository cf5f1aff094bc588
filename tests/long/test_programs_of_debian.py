# SPDX-License-Identifier: BSD-2-Clause
"""Programs of Debian's packages as the archive has them today, in the modes of the tour."""

import pathlib

import pytest

from hmode import debs, modes, tree

pytestmark = pytest.mark.long("programs")

QUERY = "create table t(a); insert into t values (1),(2),('x y'); select count(*), max(a) from t;"
SCRIPT = "#!/usr/bin/env python3\nimport sqlite3, sys\nprint(sqlite3.connect(':memory:').execute('select 6 * 7').fetchone(), sys.argv[1:])\n"


def answer(run, name):
    assert run.status == 0, repr(run)
    assert run.results[name]["ok"] is True
    return pathlib.Path(run.results[name]["program"]["stdout"]["file"]).read_text()


@pytest.mark.parametrize("mode", modes.TOUR)
def test_a_package_by_the_name_of_its_program(launch, mode):
    run = launch(MODE=mode, PROGRAM="deb:sqlite3", ARGS=f"':memory:' \"{QUERY}\"")
    assert answer(run, "sqlite3") == "3|x y\n"
    assert "NOT RUN" in run.messages and "postinst of libc6" in run.messages


@pytest.mark.parametrize("mode", ["native", "ssp-hm"])
def test_a_script_with_its_interpreter(launch, tmp_path, mode):
    (tmp_path / "script").write_text(SCRIPT)
    run = launch(MODE=mode, PROGRAM=tmp_path / "script", DEBS="python3", ARGS="'a b'", MEM="1G")
    assert answer(run, "script") == "(42,) ['a b']\n"


def test_the_root_of_packages_is_one_of_the_users_own(launch):
    """As a folder and as an archive: what the cache has is either."""
    launch(MODE="native", PROGRAM="deb:sqlite3", ARGS="-version")
    place = debs.entry(["sqlite3"])
    assert place.is_relative_to(tree.CACHE)
    for root in ("root", "root.cpio"):
        assert answer(launch(MODE="ssp-hm", PROGRAM="root:sqlite3", ROOT=place / root, ARGS=":memory: 'select 1'"), "sqlite3") == "1\n"


PERF = """#!/bin/sh
perf stat -x, -e instructions,cycles,page-faults,rc000000000000101,cpu/firmware=3,event=0x0,name=vm_exits/ true
perf stat -x, -e cache-misses,instructions:u true
busybox timeout 60 perf record -e cycles:GH -o /tmp/sampled true
echo "status $?"
busybox timeout 60 perf record -e cpu-clock -o /tmp/sampled true
echo "status $?"
"""


def test_perf_counts_and_does_not_sample(launch, tmp_path):
    (tmp_path / "script").write_text(PERF)
    run = launch(MODE="ssp-hm", PROGRAM=tmp_path / "script", DEBS="linux-perf", MEM="2G", CHECK="true", WARM=0)
    assert [line for line in answer(run, "script").splitlines() if line.startswith("status")] == ["status 255", "status 0"]
    said = next(tmp_path.rglob("*.script.stderr")).read_text()
    counted = {words[2]: words[0] for words in (line.split(",") for line in said.splitlines()) if len(words) > 3}
    instructions, cycles = int(counted["instructions"]), int(counted["cycles"])
    assert 0 < instructions < cycles < 2 * instructions
    assert int(counted["page-faults"]) > 0 and int(counted["rc000000000000101"]) > 0 and counted["vm_exits"] == "0"
    assert counted["cache-misses"] == counted["instructions:u"] == "<not supported>"
    assert "doesn't support sampling" in said


def test_a_package_that_is_none_is_refused(launch):
    run = launch(MODE="native", PROGRAM="deb:no-such-package-here")
    assert run.status == 2 and "has no package no-such-package-here for riscv64" in run.messages
