# SPDX-License-Identifier: BSD-2-Clause
"""MARKS=1 alone: regions of whatever runs in a guest of the user's own, and those that somebody types."""

import json
import os
import subprocess

import pexpect
import pytest

from hmode import elf, modes, root
from launcher import LAUNCH, ROOT

# The first process of a root with nothing else in it.  `a` and `b` are of two processes that take turns; `alone` is of a
# process without an environment; in `raced` somebody marks as if two had done so at the same moment.
INIT = r"""
#include "hm-mark.h"
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <sys/wait.h>

static void touch(int pages)
{
	volatile char *area = aligned_alloc(4096, pages << 12);
	for (int page = 0; page < pages; page++)
		area[page * 4096] = 1;
}

static void take_turns(void)
{
	int turn[2][2], child;
	char byte;

	if (pipe(turn[0]) || pipe(turn[1]))
		return;
	child = fork();
	if (!child) {
		read(turn[0][0], &byte, 1);
		hm_mark_begin("b");
		write(turn[1][1], "x", 1);
		read(turn[0][0], &byte, 1);
		touch(40);
		hm_mark_end("b");
		_exit(0);
	}
	hm_mark_begin("a");
	touch(20);
	write(turn[0][1], "x", 1);
	read(turn[1][0], &byte, 1);
	hm_mark_end("a");
	write(turn[0][1], "x", 1);
	waitpid(child, NULL, 0);
}

static void race(void)
{
	hm_mark_begin("raced");
	hm_mark_write(HM_MARK_STARTS | hm_marks.number << 8);
	hm_mark_end("raced");
}

int main(int count, char **words)
{
	char *self[] = { "/init", "alone", NULL }, *nothing[] = { NULL };

	if (count > 1 && !strcmp(words[1], "alone")) {
		hm_mark_begin("alone");
		return hm_mark_end("alone");
	}
	mount("proc", "/proc", "proc", 0, NULL);
	mount("devtmpfs", "/dev", "devtmpfs", 0, NULL);
	take_turns();
	if (!fork())
		execve(self[0], self, nothing);
	wait(NULL);
	race();
	reboot(RB_POWER_OFF);
}
"""


@pytest.fixture(scope="module")
def initrd(tmp_path_factory):
    folder = tmp_path_factory.mktemp("marks")
    tree = folder / "tree"
    for name in ("dev", "proc"):
        (tree / name).mkdir(parents=True)
    subprocess.run([elf.tool("gcc"), "-O1", "-static", "-w", "-I", ROOT / "qemu-platform/include", "-o", tree / "init", "-x", "c", "-"],
                   input=INIT, text=True, check=True)
    made, _ = root.of_folder(tree)
    return made


@pytest.mark.parametrize("mode", modes.TOUR)
def test_regions_of_a_root_of_ones_own(tmp_path, initrd, mode):
    words = [f"MODE={mode}", "WORKLOAD=none", "MEM=256M", "MARKS=1", f"INITRD={initrd}", f"LOG={tmp_path}/log", f"RESULT={tmp_path}/result"]
    done = subprocess.run([LAUNCH, "run", *words], capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=600)
    found = {each["workload"]: each for each in map(json.loads, (tmp_path / "result").read_text().splitlines())}
    assert done.returncode == 0 and list(found) == ["a", "b", "alone"], done
    assert [found[name]["region"] for name in found] == [
        {"number": 0, "depth": 1, "overlaps": ["b"]}, {"number": 0, "depth": 2, "overlaps": ["a"]}, {"number": 0, "depth": 1, "overlaps": []}]
    # 20 pages and 40 of those two; between the marks of `alone` there is nothing.
    assert [0 < found[name]["instructions"]["guest"] < 200 for name in found] == [False, False, True]
    assert found["alone"]["vm_exits"]["total"] == found["alone"]["hm_traps"]["memory"] == 0
    if mode == "ssp-hm":
        assert found["a"]["hm_traps"]["by_kind"]["true_fault"] >= 20 and found["b"]["hm_traps"]["by_kind"]["true_fault"] >= 40
    assert "MARKS=1: 'raced' has a mark in it that was made at the same moment as another one" in done.stderr, done.stderr
    assert "a and b overlap: what happened in both is counted in both" in done.stdout


@pytest.mark.parametrize("mode", ["native", "ssp-hm"])
def test_regions_that_are_typed(tmp_path, mode):
    words = [f"MODE={mode}", "MEM=256M", "MARKS=1", "ICOUNT=1", f"LOG={tmp_path}/log", f"RESULT={tmp_path}/result"]
    shell = pexpect.spawn(str(LAUNCH), ["shell", *words], timeout=120, encoding="utf-8", codec_errors="replace",
                          env={**os.environ, "TERM": "dumb"})
    shell.expect_exact("~ # ")
    for line in ("hm-mark begin copy; cat /bin/busybox > /tmp/x; hm-mark end copy", "hm-mark end none", "hm-mark begin left"):
        shell.sendline(line)
        shell.expect_exact("~ # ")
    shell.sendline("poweroff")
    shell.expect(pexpect.EOF)
    shell.close()
    (copy,) = map(json.loads, (tmp_path / "result").read_text().splitlines())
    assert shell.exitstatus == 0 and copy["workload"] == "copy" and copy["instructions"]["total"] > 100_000
    assert copy["region"] == {"number": 0, "depth": 1, "overlaps": []}
    for text in ("mark 3 ends 'none' where none is open", "'left' was not ended", "\r\ncopy "):
        assert text in shell.before, shell.before


def test_a_region_is_of_the_policy_at_its_time(tmp_path):
    """Two are chosen at host-hv's prompt, which has the keyboard for a line."""
    words = ["MODE=tsp", "MEM=256M", "MARKS=1", "ICOUNT=1", f"LOG={tmp_path}/log", f"RESULT={tmp_path}/result"]
    shell = pexpect.spawn(str(LAUNCH), ["shell", *words], timeout=120, encoding="utf-8", codec_errors="replace",
                          env={**os.environ, "TERM": "dumb"})
    shell.expect_exact("~ # ")
    for policy in (None, "ssp-hm", "inject,fill"):
        if policy:
            shell.send("\x1d")
            shell.expect_exact("host-hv> ")
            shell.send(f"policy 0 {policy}\r")
            shell.expect_exact(f"host-hv: vm0: policy {policy}")
        shell.sendline("hm-mark begin copy; cat /bin/busybox > /tmp/x; hm-mark end copy")
        shell.expect_exact("~ # ")
    shell.sendline("poweroff")
    shell.expect(pexpect.EOF)
    shell.close()
    found = list(map(json.loads, (tmp_path / "result").read_text().splitlines()))
    assert [(each["mode"], each["hm"]) for each in found] == [("tsp", []), ("ssp-hm", modes.EVENTS), ("ssp", ["inject", "fill"])]
    assert "ssp inject,fill" in shell.before and found[1]["vm_exits"]["memory"] == 0 < found[0]["vm_exits"]["memory"]
