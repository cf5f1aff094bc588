# SPDX-License-Identifier: BSD-2-Clause
"""What a request of a disk costs is what docs/devices.md says: a number of exits, and not the time that it takes."""

import re
import subprocess

from launcher import ROOT


def test_a_disk_request_is_eight_exits():
    """Or seven, where its completion comes while host-hv has the hart.  A millisecond of waiting would be a million."""
    done = subprocess.run([ROOT / "tests/devices/cost", "--runs", "1", "--modes", "ssp-hm", "--requests", "100", "--megabytes", "1"],
                          capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr
    row = re.search(r"^\| `ssp-hm` \| (.*) \|$", done.stdout, re.M)[1]
    read, read_exits, written, written_exits, sent, sent_exits = (float(cell.replace(",", "").split()[0]) for cell in row.split(" | "))
    assert 6.9 < read_exits < 8.2 and 6.9 < written_exits < 8.2, done.stdout
    assert 14000 < read < 60000 and 14000 < written < 60000, done.stdout
    assert 20 < sent_exits < 3000 and sent < 100 and " million " in row, done.stdout
