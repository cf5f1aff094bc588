# SPDX-License-Identifier: BSD-2-Clause
"""The lists of hm_abi.h: exits, what they count as, and HM traps, in the order of the result record."""

import collections
import pathlib
import re

HEADER = pathlib.Path(__file__).resolve().parents[2] / "hmcode" / "include" / "hm_abi.h"

Exit = collections.namedtuple("Exit", "number name reason")     # reason: a key of REASONS, or None
Key = collections.namedtuple("Key", "key memory")               # memory: memory virtualization causes it

COMMENT = re.compile(r"/\*.*?\*/", re.S)


def entries(name, text=None):
    """The arguments of each X(...) in the list `name`; ValueError: the header has no such list."""
    text = COMMENT.sub("", text if text is not None else HEADER.read_text()).replace("\\\n", " ")
    found = re.search(rf"^#define {name}\(X\)(.*)$", text, re.M)
    listed = re.findall(r"\bX\(([^)]*)\)", found[1]) if found else []
    if not listed:
        raise ValueError(f"hm_abi.h has no list {name}")
    return [[word.strip() for word in words.split(",")] for words in listed]


def keys(name):
    return [Key(key, memory == "1") for _, key, memory in entries(name)]


REASONS = keys("HM_REASONS")
TRAPS = keys("HM_TRAPS")
REASON_KEYS = {name: key for name, key, _ in entries("HM_REASONS")}
EXITS = [Exit(int(number), name, REASON_KEYS.get(reason)) for number, _, name, reason in entries("HM_EXITS")]
