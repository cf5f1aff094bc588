# SPDX-License-Identifier: BSD-2-Clause
"""Runs of the random guest (tests/payloads/random-guest.c), and the table of steps that they add to."""

import datetime
import os
import pathlib
import re
import subprocess
import time

from launcher import ROOT

CACHE = pathlib.Path(os.environ.get("HMODE_CACHE") or pathlib.Path(
    os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache") / "hmode")
TABLE = CACHE / "long" / "steps.tsv"
COLUMNS = ["commit", "mode", "policy", "profile", "harts", "qemu", "asidlen", "seed", "steps", "seconds", "when"]

GOOD = re.compile(r"^payload: [1-9]\d* ok, 0 failed", re.M)
# What the guest says of a failure: how to make it again, and what was wrong.
SAID = re.compile(r"^(?:FAIL|note (?:seed|step|hart|satp|cause|address|state|entry|a )).*", re.M)


def commit():
    done = subprocess.run(["git", "describe", "--always", "--dirty", "--abbrev=12", "--exclude=*"], cwd=ROOT,
                          capture_output=True, text=True)
    return done.stdout.strip() or "unknown-dirty"


def note(options, seed, steps, seconds):
    """A line of the table."""
    row = [commit(), options["MODE"], options.get("POLICY", ""), options.get("PROFILE", "virt"),
           options.get("HARTS", 1), options.get("QEMU", "stock"), options.get("ASIDLEN", ""), seed, steps,
           round(seconds), datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%MZ")]
    TABLE.parent.mkdir(parents=True, exist_ok=True)
    with TABLE.open("a") as file:
        file.write("\t".join(map(str, row)) + "\n")


def attack(launch, payloads, seed, steps, table=False, **options):
    """One run; with several harts they run in parallel, otherwise instructions are counted."""
    harts = max(int(options.get("HARTS", 1)), int(options.get("VCPUS", 1)))
    options.setdefault("ICOUNT", 1 if harts == 1 else 0)
    options.setdefault("MARKS", 1)      # a record, of which Run looks at the longest stay
    begin = time.monotonic()
    run = launch(KERNEL=payloads / "random-guest.bin", MEM="128M", TIMEOUT=1500 if table else 300,
                 APPEND=f"seed={seed} steps={steps} harts={harts} hap={int(options['MODE'] == 'hap')}", **options)
    failed = "FAIL" in run.console or not GOOD.search(run.console)
    assert not failed, "\n".join(SAID.findall(run.console)) or repr(run)
    assert run.status == 0, repr(run)
    assert run.mark()["mark"] == 255
    if table:
        note(options, seed, steps, time.monotonic() - begin)
