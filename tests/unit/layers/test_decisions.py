# SPDX-License-Identifier: BSD-2-Clause
"""Each decision of docs/engine.md is one function, in the file that stands there; other rooms decode no field."""

import pathlib
import re
import shutil

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[3]
ROW = re.compile(r"^\| [^|]+ \| `(\w+)` \| `(\S+)` \|$", re.MULTILINE)
COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)
# What a field of a PTE, of satp or of the ring's page is decoded by.
FIELDS = re.compile(r"\bPTE_(?:[VRWXUGAD]|RW|RWX|AD|RSW|PPN_\w+)\b|\bSATP_(?:MODE|ASID|PPN)_SHIFT\b|\bSATP_PPN_MASK\b"
                    r"|\bHM_RING_(?:OP_\w+|ENTRIES|ASID_\w+)\b|\bhm_ring_entry\b")
# The width of an address is not a field.
NO_FIELDS = {("host/objects.c", "PTE_PPN_BITS")}


def decisions(root):
    """{function: file} of the table."""
    text = (root / "docs/engine.md").read_text()
    return dict(ROW.findall(text.split("\n## Decisions\n")[1].split("\n## ")[0]))


def sources(root):
    """{file below hmcode: its text without comments}, host-hv's as well."""
    files = [*(root / "hmcode").rglob("*.[ch]"), *(root / "host-hv").rglob("*.[ch]")]
    return {str(path.relative_to(root / "hmcode" if root / "hmcode" in path.parents else root)):
            COMMENT.sub("", path.read_text()) for path in files}


def definitions(text, name):
    return len(re.findall(rf"^(?!\s)[^;{{}}=]*?\b{name}\([^;{{}}]*\)\s*\{{", text, re.MULTILINE))


def faults(root):
    """All that is wrong, a line each."""
    texts, wrong = sources(root), []
    for name, file in decisions(root).items():
        named = {path: text for path, text in texts.items() if f"{name}(" in text}
        places = [path for path, text in named.items() for _ in range(definitions(text, name))]
        if places != [file]:
            wrong.append(f"{name} is defined in {places}, not once in {file}")
        uses = sum(len(re.findall(rf"\b{name}\(", text)) for text in named.values())
        declared = sum(len(re.findall(rf"^(?!\s)[^=;{{}}]*?\b{name}\([^;{{}}]*\);", text, re.MULTILINE)) for text in named.values())
        if uses - declared <= 1:
            wrong.append(f"{name} is used by nobody")
    for path, text in texts.items():
        if path.startswith(("ssp/", "include/", "host-hv/")):
            continue
        found = {word for word in FIELDS.findall(text) if (path, word) not in NO_FIELDS}
        wrong += [f"{path} decodes by {word}" for word in sorted(found)]
    return wrong


def test_each_decision_is_made_once():
    assert len(decisions(ROOT)) >= 20
    assert faults(ROOT) == []


@pytest.fixture
def copy(tmp_path):
    for folder in ("hmcode", "host-hv"):
        shutil.copytree(ROOT / folder, tmp_path / folder)
    (tmp_path / "docs").mkdir()
    shutil.copy(ROOT / "docs/engine.md", tmp_path / "docs")
    return tmp_path


@pytest.mark.parametrize("file, line, said", [
    ("hmcode/trap/tvm.c", "static bool ssp_is_absent(u64 pte)\n{\n\treturn !pte;\n}\n", "ssp_is_absent is defined in"),
    ("hmcode/trap/tvm.c", "static bool f(u64 pte)\n{\n\treturn pte & PTE_U;\n}\n", "trap/tvm.c decodes by PTE_U"),
    ("hmcode/mmu/ring.c", "static u64 f(u64 word)\n{\n\treturn word >> HM_RING_ASID_SHIFT;\n}\n",
     "mmu/ring.c decodes by HM_RING_ASID_SHIFT"),
    ("hmcode/mmu/satp.c", "static u64 f(u64 satp)\n{\n\treturn satp >> SATP_MODE_SHIFT;\n}\n",
     "mmu/satp.c decodes by SATP_MODE_SHIFT"),
])
def test_a_decision_elsewhere_is_named(copy, file, line, said):
    with (copy / file).open("a") as text:
        text.write(line)
    wrong = faults(copy)
    assert len(wrong) == 1 and wrong[0].startswith(said)


def test_a_decision_that_nobody_asks_is_named(copy):
    path = copy / "hmcode/ssp/hits.h"
    path.write_text(path.read_text() + "static inline _Bool ssp_is_odd(uint64_t pte)\n{\n\treturn pte & 1;\n}\n")
    path = copy / "docs/engine.md"
    path.write_text(path.read_text().replace("| --- | --- | --- |\n| is a page absent",
                                             "| --- | --- | --- |\n| odd? | `ssp_is_odd` | `ssp/hits.h` |\n| is a page absent"))
    assert faults(copy) == ["ssp_is_odd is used by nobody"]
