# SPDX-License-Identifier: BSD-2-Clause
"""Programs of the user's own on Debian's kernel: run, counted, and found out where they do wrong."""

import json
import pathlib
import re
import subprocess
import zlib

import pytest

from hmode import elf
from launcher import LAUNCH

# It shows its words to the letter, touches memory, and has nothing on its input.
GOOD = r"""
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
int main(int count, char **words)
{
	char *area = malloc(1 << 20);
	memset(area, 1, 1 << 20);
	for (int i = 1; i < count; i++)
		printf("[%s]", words[i]);
	printf("%s %d\n", getenv("PATH") ? "path" : "none", getchar());
	return area[4096] - 1;
}
"""
# The time since the start is another in each mode.
BAD = r"""
#include <stdio.h>
#include <time.h>
int main(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	printf("same\n%ld %ld\n", (long)now.tv_sec, now.tv_nsec);
	fprintf(stderr, "oh no\n");
	return 3;
}
"""
# 16 pages in each of three times, and a region in which there is nothing.
MARKED = r"""
#include "hm-mark.h"
int main(void)
{
	if (!hm_mark_begin("no name") || errno != EINVAL || hm_mark_begin("all"))
		return 9;
	for (int i = 0; i < 3; i++) {
		volatile char *area = aligned_alloc(4096, 64 << 12);
		hm_mark_begin("touch");
		for (int page = 0; page < 16; page++)
			area[page * 4096] = 1;
		hm_mark_end("touch");
	}
	hm_mark_begin("nothing");
	hm_mark_end("nothing");
	return hm_mark_end("all");
}
"""
ARGUMENTS = """'a b' "" 100% '\\n' 'new\nline' '$HOME' '"'"""
SHOWN = "[a b][][100%][\\n][new\nline][$HOME][\"]path -1\n"


@pytest.fixture(scope="module")
def good(tmp_path_factory):
    """With libraries."""
    path = tmp_path_factory.mktemp("good") / "good"
    subprocess.run([elf.tool("gcc"), "-O2", "-o", path, "-x", "c", "-"], input=GOOD, text=True, check=True)
    return path


def measure(folder, modes, *words):
    """The status, what is said, and the results."""
    done = subprocess.run([LAUNCH, "measure", f"MODES={modes}", f"RESULT={folder}/result", f"LOG={folder}/log", *words],
                          capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=1800)
    return done, [json.loads(line) for line in (folder / "result").read_text().splitlines()]


def test_a_program_is_a_row_in_each_mode(tmp_path, good):
    done, (native, guest) = measure(tmp_path, "native ssp-hm", f"PROGRAM={good}", f"ARGS={ARGUMENTS}")
    assert done.returncode == 0, done.stderr
    for result in (native, guest):
        assert result["workload"] == "good" and result["ok"] and result["program"]["status"] == 0
        assert pathlib.Path(result["program"]["stdout"]["file"]).read_text() == SHOWN
    assert native["vm_exits"]["total"] == native["hm_traps"]["total"] == guest["vm_exits"]["memory"] == 0
    # 256 pages, each of them at least a fault.
    assert 256 < guest["hm_traps"]["memory"] < 2000
    assert 1 < guest["instructions"]["total"] / native["instructions"]["total"] < 1.1
    rows = [line.split() for line in done.stdout.splitlines()]
    assert ["good", "native"] in [row[:2] for row in rows] and any(row[0] == "ssp-hm" for row in rows if row)


def test_what_is_wrong_with_it_is_noticed(tmp_path):
    (tmp_path / "bad.c").write_text(BAD)
    done, results = measure(tmp_path, "native ssp-hm", f"PROGRAM={tmp_path}/bad.c", "WARM=0")
    assert done.returncode == 1
    assert [(result["ok"], result["program"]["status"]) for result in results] == [(False, 3)] * 2
    assert "bad in native: exit status 3" in done.stderr and "it says: oh no" in done.stderr
    assert "its output is not that of native" in done.stderr and re.search(r"^ +-\d+ \d+$", done.stderr, re.M) and "same" not in done.stderr
    assert "bad " in done.stdout        # the table is there all the same


def test_programs_of_a_list_are_rows(launch, tmp_path, good):
    (tmp_path / "script").write_text("#!/bin/sh\nread line; echo $# \"$1\" $?; exit $2\n")
    (tmp_path / "list").write_text(f"compiled {good} 1\nfirst ./script 'a b' 0\nsecond ./script c 4 # wrong\n")
    run = launch(MODE="native", LIST=tmp_path / "list")
    assert run.status == 1 and "second in native: exit status 4" in run.messages, repr(run)
    results = [run.results[name] for name in ("compiled", "first", "second")]
    assert [result["ok"] for result in results] == [True, True, False]
    said = [pathlib.Path(result["program"]["stdout"]["file"]).read_text() for result in results]
    assert said == ["[1]path -1\n", "2 a b 1\n", "2 c 1\n"]


def test_regions_are_rows(tmp_path):
    (tmp_path / "marked.c").write_text(MARKED)
    done, results = measure(tmp_path, "native ssp-hm", f"PROGRAM={tmp_path}/marked.c")
    assert done.returncode == 0, done.stderr
    names = ["marked", *["marked/touch"] * 3, "marked/nothing", "marked/all"]
    assert [result["workload"] for result in results] == names * 2
    program, *touches, nothing, whole = results[len(names):]
    for touch in touches:
        assert 16 <= touch["hm_traps"]["by_kind"]["true_fault"] <= 20
    # Nothing of a mark but its call, and the firmware's way to the counter.
    assert nothing["hm_traps"]["memory"] == 0 and nothing["instructions"]["guest"] < 40 and nothing["instructions"]["total"] < 300
    assert sum(each["instructions"]["total"] for each in touches) < whole["instructions"]["total"] < program["instructions"]["total"]
    counts, traps = done.stdout.split("\n\n")
    assert counts.count("marked/touch") == traps.count("marked/touch") == 1     # the sum of the three, above both modes


def test_a_script_marks_by_a_command(launch, tmp_path):
    (tmp_path / "script").write_text("#!/bin/sh\nhm-mark begin a && cat /bin/busybox >/dev/null && hm-mark end a\nhm-mark begin a/b\necho $?\n")
    run = launch(MODE="native", PROGRAM=tmp_path / "script", CHECK="grep -qx 2")
    assert run.status == 0, repr(run)
    assert 0 < run.results["script/a"]["instructions"]["total"] < run.results["script"]["instructions"]["total"]


def test_a_script_runs_in_a_folder_that_is_new_each_time(launch, tmp_path):
    """And what it leaves running is ended."""
    (tmp_path / "script").write_text("#!/bin/sh\nmkdir there || exit 9\nhead -c 300000 /dev/zero\nsleep 100000 &\n")
    run = launch(MODE="native", PROGRAM=tmp_path / "script", WARM=2, CHECK="cat")
    assert run.status == 1 and "CHECK needs all of its output, of whose 300000 bytes" in run.messages, repr(run)
    assert run.results["script"]["program"]["status"] == 0 and run.results["script"]["program"]["warm"] == 2


def test_the_kernels_upkeep_falls_into_no_program(launch, tmp_path):
    """It comes once a second, wherever that is."""
    (tmp_path / "script").write_text("#!/bin/sh\ncat /proc/sys/vm/stat_interval; cut -d. -f1 /proc/uptime\n")
    run = launch(MODE="native", PROGRAM=tmp_path / "script", WARM=0, CHECK="cat")
    interval, uptime = map(int, pathlib.Path(run.results["script"]["program"]["stdout"]["file"]).read_text().split())
    assert run.status == 0 and interval >= 100000 and uptime >= 3, repr(run)


def test_a_long_output_is_kept_where_that_is_wanted(launch, tmp_path):
    (tmp_path / "script").write_text("#!/bin/sh\nhead -c 300000 /bin/busybox\n")
    run = launch(MODE="native", PROGRAM=tmp_path / "script", WARM=0, OUTPUT=1)
    output = run.results["script"]["program"]["stdout"]
    data = pathlib.Path(output["file"]).read_bytes()
    assert run.status == 0 and output["kept"] == output["bytes"] == len(data) == 300000, repr(run)
    assert zlib.crc32(data) == output["crc32"] and data.startswith(b"\x7fELF")
