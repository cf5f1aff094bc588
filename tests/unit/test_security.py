# SPDX-License-Identifier: BSD-2-Clause
"""SECURITY.md names a test for each line, and there is each of them."""

import pathlib
import re

ROOT = pathlib.Path(__file__).resolve().parents[2]


def lines():
    """What must not be, how that is kept, and by which tests."""
    with_tests = False
    for line in (ROOT / "SECURITY.md").read_text().splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if not line.startswith("| "):
            with_tests = False
        elif cells[2] == "test":
            with_tests = True
        elif with_tests and cells[2] != "---":
            yield cells


def test_every_line_has_a_test_that_is_there():
    assert len(list(lines())) >= 20
    for what, _, tests in lines():
        names = re.findall(r"`([a-z_-]+/[\w./-]+)(?:::(\w+))?`", tests)
        assert names, what
        for name, function in names:
            assert (ROOT / "tests" / name).exists(), (what, name)
            assert f"def {function}" in (ROOT / "tests" / name).read_text() if function else True, (what, function)
