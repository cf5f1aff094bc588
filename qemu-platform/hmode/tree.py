# SPDX-License-Identifier: BSD-2-Clause
"""Where things lie: the source tree, what is built of it, the cache; and the tree's version."""

import os
import pathlib
import re
import subprocess

PLATFORM = pathlib.Path(__file__).resolve().parents[1]
TOP = PLATFORM.parent
BUILD = pathlib.Path(os.environ.get("BUILD") or TOP / "build")
CACHE = pathlib.Path(os.environ.get("HMODE_CACHE") or pathlib.Path(
    os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache") / "hmode")


def current(name):
    """The cache entry that `name` stands for; None: there is none yet."""
    path = CACHE / "current" / name
    return path if path.exists() else None


def firmware(traced):
    """The folder of hmcode, or of the build of it that stores events."""
    return BUILD / ("hmcode-trace" if traced else "hmcode")


def workloads():
    """The names of all workloads, by the number of their marks."""
    return (TOP / "tests/workloads/list").read_text().split()


def setting(name):
    """A number that the shell scripts use as well: lib.sh has it."""
    return int(re.search(rf"^{name}=(\d+)$", (PLATFORM / "lib.sh").read_text(), re.M)[1])


def git(*words):
    """What git says; an empty text where it fails or is not installed."""
    try:
        done = subprocess.run(["git", "-C", TOP, *words], capture_output=True, text=True, check=False)
    except FileNotFoundError:
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""


def version():
    """Of the tree, and its commit where the tree is a clone rather than an unpacked archive."""
    file = TOP / "VERSION"
    number = file.read_text().strip() if file.exists() else "unknown"
    commit = git("rev-parse", "--short=12", "HEAD") if git("rev-parse", "--show-toplevel") == str(TOP) else ""
    return f"hmode {number}" + (f", commit {commit}" if commit else "")
