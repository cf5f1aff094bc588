# SPDX-License-Identifier: BSD-2-Clause
"""Functions of the firmware and of the hypervisor fit a screen, and files a sitting; tests' may be longer."""

import ast
import pathlib
import re

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[3]
FUNCTION, FILE = 50, 500        # lines
TEST_FUNCTION, TEST_FILE = 60, 1000
ASSEMBLY, LISTS = 200, 50       # lines with code that lead into the guest world and out of it; lists of what they save
COLUMNS = 100                   # of C; a tab is 8
TABLES = {"hmcode/core/offsets.c"}      # a line each for what the assembler is told: compiled to text, and never linked
WIDE = {"hm_abi.h", "offsets.c", "guest_registers.h"}


def sources(tree):
    return sorted(path for suffix in ("c", "h", "S") for path in (ROOT / tree).rglob(f"*.{suffix}"))


def functions(text):
    """The first line of each function's head and its length: a body's braces are alone in the first column."""
    lines = text.splitlines()
    head = begin = None
    for number, line in enumerate(lines):
        if line == "{":
            begin = head
        elif line == "}" and begin is not None:
            yield lines[begin], number - begin + 1
            begin = None
        elif not line or line[0] in "#}/" or line.startswith(" *") or line.endswith(";"):
            head = None
        elif not line[0].isspace() and head is None:
            head = number


def python_functions(text):
    """The same of Python; what is within a function is a part of it, too."""
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            yield f"def {node.name}", node.end_lineno - node.lineno + 1


def pythons(tree):
    """Those without a suffix, too: programs say in their first line what they are."""
    return sorted(path for path in (ROOT / tree).rglob("*") if path.is_file() and
                  (path.suffix == ".py" or not path.suffix and b"python" in path.read_bytes().split(b"\n", 1)[0]))


def too_long(tree, most_function=FUNCTION, most_file=FILE):
    found = []
    for path in [*sources(tree), *pythons(tree)]:
        text = path.read_text()
        if len(text.splitlines()) > most_file:
            found.append(f"{path.relative_to(ROOT)}: {len(text.splitlines())} lines")
        if path.suffix != ".S" and str(path.relative_to(ROOT)) not in TABLES:
            lengths = functions if path.suffix in (".c", ".h") else python_functions
            found += [f"{path.relative_to(ROOT)}: {length} lines: {head}" for head, length in lengths(text) if length > most_function]
    return found


def too_wide(tree):
    """Lines of C, but for texts, which are searched for as they stand, and the tables that clang-format leaves alone."""
    return [f"{path.relative_to(ROOT)}:{number}" for path in sources(tree) if path.suffix != ".S" and path.name not in WIDE
            for number, line in enumerate(path.read_text().splitlines(), 1)
            if len(line.expandtabs(8)) > COLUMNS and '"' not in line]


@pytest.mark.parametrize("tree", ["hmcode", "host-hv"])
def test_none_is_too_wide(tree):
    assert too_wide(tree) == []


@pytest.mark.parametrize("tree", ["hmcode", "host-hv"])
def test_none_is_too_long(tree):
    assert too_long(tree) == []


def lines_of(*files):
    """Those with code."""
    texts = [re.sub(r"/\*.*?\*/", "", (ROOT / "hmcode" / file).read_text(), flags=re.S) for file in files]
    return sum(bool(line.strip()) for text in texts for line in text.splitlines())


def test_the_assembly_around_the_guest_world_stays_small():
    """It enters, saves, restores and leaves: what is decided stands in C."""
    assert 100 < lines_of("trap/guest_vector.S", "trap/guest_ways.S", "metal/world_switch.S") <= ASSEMBLY
    assert 25 < lines_of("trap/guest_registers.h") <= LISTS


def test_no_test_is_too_long():
    assert too_long("tests", TEST_FUNCTION, TEST_FILE) == []


@pytest.mark.parametrize("tree, at_least", [("hmcode", 400), ("host-hv", 400), ("tests", 1000)])
def test_the_functions_are_found(tree, at_least):
    heads = [head for path in sources(tree) if path.suffix != ".S" for head, _ in functions(path.read_text())]
    assert len(heads) >= at_least
    assert all("(" in head or head.split()[-1].isidentifier() or head.endswith(("*", ")")) for head in heads), heads


def test_a_line_more_is_found():
    body = "\tnothing();\n" * (FUNCTION - 4)
    text = f"/* What it does. */\nint long_one(int a);\nstatic int\nlong_one(int a,\n\t int b)\n{{\n{body}}}\n\nint x;\n"
    assert list(functions(text)) == [("static int", FUNCTION + 1)]


def test_a_line_more_of_python_is_found():
    text = "@wrapped\ndef long_one():\n" + "    nothing()\n" * TEST_FUNCTION + "\n\nx = 1\n"
    assert list(python_functions(text)) == [("def long_one", TEST_FUNCTION + 1)]


def test_programs_of_python_are_found():
    found = {str(path.relative_to(ROOT)) for path in pythons("tests")}
    assert {"tests/strict/fences", "tests/conftest.py"} <= found and "tests/unit/mutate" not in found
