# SPDX-License-Identifier: BSD-2-Clause
"""The plugin that counts a guest's stores to its live page tables."""

import json
import re
import subprocess

import pytest

from launcher import LAUNCH, PROFILES


def count(folder, **options):
    """The launcher's own count, and what the console said."""
    log = folder / "console.log"
    words = [f"{name}={value}" for name, value in options.items()]
    done = subprocess.run([str(LAUNCH), "count-pt-writes", f"LOG={log}", *words], capture_output=True,
                          text=True, stdin=subprocess.DEVNULL, timeout=1800)
    assert done.returncode == 0, done
    return [json.loads(line) for line in done.stdout.splitlines()], log.read_text()


@pytest.mark.parametrize("profile", PROFILES)
def test_every_store_to_a_live_table_is_counted_and_no_other(tmp_path, payloads, plugins, profile):
    counts, console = count(tmp_path, KERNEL=payloads / "pt-stores.bin", MEM="128M", PROFILE=profile)
    assert not re.findall("FAIL .*", console)
    said = {name: int(n) for name, n in re.findall(r"^note (active|current) (\d+)", console, re.M)}
    assert said["active"] > said["current"] > 40
    assert [{name: c[name] for name in said} for c in counts] == [said]
