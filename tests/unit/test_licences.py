# SPDX-License-Identifier: BSD-2-Clause
"""Every file says what its licence is, in the form that REUSE asks for."""

import pathlib
import subprocess

ROOT = pathlib.Path(__file__).resolve().parents[2]
WITHOUT_HEADER = ("LICENSES/", ".reuse/")


def says_its_licence(path):
    companion = path.with_name(path.name + ".license")
    text = (companion if companion.exists() else path).read_bytes()[:2000]
    return b"SPDX-License-Identifier: " in text


def test_reuse_lint():
    done = subprocess.run(["/usr/bin/reuse", "lint"], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout[-3000:]


def test_every_file_has_a_header():
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True)
    files = [name for name in listed.stdout.split("\0") if name and not name.startswith(WITHOUT_HEADER)]
    assert len(files) > 50
    assert [name for name in files if (ROOT / name).exists() and not says_its_licence(ROOT / name)] == []
