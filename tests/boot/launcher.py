# SPDX-License-Identifier: BSD-2-Clause
"""One run of the launcher, and reading what it leaves; conftest.py has the fixtures."""

import json
import os
import pathlib
import re
import subprocess

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("BUILD") or ROOT / "build").resolve()
LAUNCH = ROOT / "qemu-platform" / "launch"
WORKLOADS = (ROOT / "tests" / "workloads" / "list").read_text().split()
MODES = ["native", "ssp-hm"]
PROFILES = ["virt", "u74"]
# The longest stay in machine mode, in instructions (a rule of the architecture).
M_STAY_LIMIT = 20000


class Run:
    """One run of the launcher: its status, messages, console and results."""

    def __init__(self, folder, options):
        log, result = folder / "console.log", folder / "result.json"
        given = {name: value for name, value in options.items() if value != "" or name == "CMDLINE"}    # empty: not given
        words = [f"{name}={value}" for name, value in given.items()] + [f"LOG={log}"]
        if options.get("WORKLOAD", "all") != "none" and "KERNEL" not in options:
            words.append(f"RESULT={result}")
        done = subprocess.run([str(LAUNCH), "run", *words], capture_output=True, text=True,
                              stdin=subprocess.DEVNULL, timeout=1800)
        self.status = done.returncode
        self.messages = done.stdout + done.stderr
        self.console = log.read_text(errors="replace") if log.exists() else ""
        self.result_bytes = result.read_bytes() if result.exists() else b""
        self.results = {r["workload"]: r for r in map(json.loads, self.result_bytes.splitlines())}
        if str(options.get("ICOUNT", 1)) == "1" and str(options.get("HARTS", 1)) == "1":
            self.check_stays()

    def check_stays(self):
        """No record of any run tells of a longer stay; with several harts a plugin counts (m_stay.py)."""
        for record in self.records():
            assert (record.get("longest_m_stay") or 0) <= M_STAY_LIMIT, (record, repr(self))

    def __repr__(self):
        tail = "\n".join(self.console.splitlines()[-25:])
        return f"status {self.status}\n{self.messages}\n--- console, its end:\n{tail}"

    def records(self):
        """The JSON objects that host-hv and the firmware put on the console."""
        return [json.loads(text) for text in re.findall(r"\x1e(\{.*\})", self.console)]

    def mark(self):
        """The measurement of a run that makes one."""
        marks = [r for r in self.records() if "mark" in r]
        assert len(marks) == 1, repr(self)
        return marks[0]


def payload_names():
    listed = subprocess.run(["make", "-s", "-C", str(ROOT / "tests" / "payloads"), "list"],
                            capture_output=True, text=True, check=True)
    return listed.stdout.split()
