# SPDX-License-Identifier: BSD-2-Clause
"""The random host for long, with many seeds; long/random-host.tsv in the cache says what was run."""

import os
import pathlib
import subprocess
import time

import pytest

from launcher import M_STAY_LIMIT, PROFILES, ROOT
from test_random_host import check, counts, random_host

CACHE = pathlib.Path(os.environ.get("HMODE_CACHE") or pathlib.Path(
    os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache") / "hmode")
TABLE = CACHE / "long" / "random-host.tsv"
COLUMNS = ("commit", "profile", "harts", "seed", "rounds", "calls", "seconds")


def commit():
    done = subprocess.run(["git", "describe", "--always", "--dirty", "--abbrev=12", "--exclude=*"], cwd=ROOT,
                          capture_output=True, text=True)
    return done.stdout.strip() or "unknown"


def add_row(**row):
    TABLE.parent.mkdir(parents=True, exist_ok=True)
    head = "" if TABLE.exists() else "\t".join(COLUMNS) + "\n"
    with TABLE.open("a") as file:
        file.write(head + "\t".join(str(row[name]) for name in COLUMNS) + "\n")


def run_long(launch, payloads, profile, harts, seed, **options):
    begin = time.monotonic()
    run = random_host(launch, payloads, seed=seed, PROFILE=profile, HARTS=harts, TIMEOUT=3000, **options)
    check(run)
    seen = counts(run)
    add_row(commit=commit(), profile=profile, harts=harts, seed=seed, rounds=seen["rounds"], calls=seen["calls"],
            seconds=round(time.monotonic() - begin))


@pytest.mark.long("random-host")
@pytest.mark.timeout(3500)
@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize("seed", range(100, 110))
def test_one_hart(launch, payloads, seed, profile):
    run_long(launch, payloads, profile, 1, seed, rounds=40000, stay=M_STAY_LIMIT)


@pytest.mark.long("random-host")
@pytest.mark.timeout(3500)
@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize("seed", range(200, 205))
def test_two_harts(launch, payloads, seed, profile):
    run_long(launch, payloads, profile, 2, seed, rounds=20480, ICOUNT=0)
