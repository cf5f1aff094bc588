# SPDX-License-Identifier: BSD-2-Clause
"""WALKS=CORE,...: what address translation costs on cores of which price lists are known (docs/walks.md).

A plugin of QEMU's (plugins/walks.c) counts, with the sizes of each core, and the prices make cycles of that.
"""

import collections
import contextlib
import json
import pathlib
import re

from hmode import tree
from hmode.messages import Failed, Refused

PLUGIN = "plugins/walks.so"
CORES = tree.PLATFORM / "plugins/cores"
MOST = 32                               # MOST_CORES of plugins/walks/cores.h
VARY = "vary"
MOST_ENTRIES = 65535

# Keys of a price list: sizes, which the plugin wants (GEOMETRY of plugins/walks/model.h), and prices in cycles.
GEOMETRY = ("l1i", "l1i_ways", "l1d", "l1d_ways", "l2", "l2_ways", "l2_superpages", "walk_cache", "g_walk_cache", "g_cache",
            "asids", "vmids")
PRICES = ("l2_hit", "reference", "flush", "fence", "exit")
KEYS = GEOMETRY + PRICES

Core = collections.namedtuple("Core", "name values assumed")


# ---- price lists ----

def listed():
    return sorted(path.name for path in CORES.iterdir())


def read_list(name, path):
    """Values, and which of them are assumed."""
    values, assumed = {}, set()
    try:
        text = path.read_text()
    except (OSError, ValueError):
        raise Refused(f"WALKS={name} is no readable price list") from None
    for number, line in enumerate(text.splitlines(), 1):
        words = line.partition("#")[0].split()
        if not words:
            continue
        if words[0] not in KEYS or words[0] in values or not re.fullmatch("[0-9]{1,5}", "".join(words[1:2])) or \
                words[2:] not in ([], ["assumed"]):
            raise Refused(f"WALKS={name}: line {number} is not as it should be: {line.strip()}", "KEY NUMBER [assumed], each key once")
        values[words[0]] = int(words[1])
        assumed |= {words[0]} if words[2:] else set()
    missing = [key for key in KEYS if key not in values]
    if missing:
        raise Refused(f"WALKS={name} lacks {' '.join(missing)}")
    return values, assumed


def changed(core, name, changes):
    """With other values, which the plugin must be able to make a model of (cache_make() of plugins/walks/cache.c)."""
    values = core.values | changes
    for key in ("l1i", "l1d", "l2"):
        ways = min(values[f"{key}_ways"] or values[key], values[key])
        if ways and values[key] % ways:
            raise Refused(f"WALKS={name}: {key}={values[key]} is no multiple of {key}_ways={ways}")
    large = next((key for key in GEOMETRY if values[key] > MOST_ENTRIES), None)
    if large:
        raise Refused(f"WALKS={name}: {large}={values[large]} is too large", f"at most {MOST_ENTRIES}")
    return core._replace(name=name, values=values)


def read_core(text):
    """NAME[:KEY=NUMBER]..."""
    name, *changes = text.split(":")
    if "/" not in name and name not in listed():
        raise Refused(f"WALKS={name} is unknown", f"0 {' '.join(listed())}, or a path with a / in it")
    core = Core(name, *read_list(name, pathlib.Path(name) if "/" in name else CORES / name))
    values = {}
    for change in changes:
        key, _, number = change.partition("=")
        if key not in KEYS or not re.fullmatch("[0-9]{1,5}", number):
            raise Refused(f"WALKS={text}: '{change}' is no change of a price list", f"KEY=NUMBER of {' '.join(KEYS)}")
        values[key] = int(number)
    return changed(core, text, values)


def variants(core):
    """The core itself, and with each thing that may be wrong about it another."""
    none = {"walk_cache": 0, "g_walk_cache": 0}
    ways = [("no walk caches", none), ("no G cache", {"g_cache": 0}), ("neither", none | {"g_cache": 0}),
            ("caches of 16", {"walk_cache": 16, "g_walk_cache": 16, "g_cache": 16})]
    ways += [(f"{key} {what}", {key: int(core.values[key] * factor)})
             for key in ("l2", "reference", "flush", "exit") for what, factor in (("half", 0.5), ("double", 2))]
    others = [changed(core, f"{core.name}: {what}", change) for what, change in ways]
    return [core, *(other for other in others if other.values != core.values)]


def distinct_sizes(cores):
    return list(dict.fromkeys(sizes(core) for core in cores))


class Cores:
    """Of the option: a list of cores, none by 0; `vary` adds the variants of each."""

    form = f"0, or a list of {' '.join(listed())} [{VARY}]"

    def read(self, name, text, settings):
        words = [word for word in re.split("[, ]+", text) if word]
        if not words:
            raise Refused(f"{name}={text} names nothing", self.form)
        if words == ["0"]:
            return []
        cores = [read_core(word) for word in words if word != VARY]
        if not cores:
            raise Refused(f"{name}={VARY} names no core", " ".join(listed()))
        if VARY in words:
            cores = [each for core in cores for each in variants(core)]
        if len(distinct_sizes(cores)) > MOST:
            raise Refused(f"{name}: {len(distinct_sizes(cores))} different cores are too many", f"at most {MOST}")
        return cores


# ---- what QEMU is told ----

def sizes(core):
    return tuple(core.values[key] for key in GEOMETRY)


def out_file(log):
    return pathlib.Path(f"{log}.walks")


def words(settings, log):
    """For QEMU's command line: each size once, under its number."""
    if not settings.walks:
        return []
    parts = [str(tree.BUILD / PLUGIN), f"out={out_file(log)}"]
    parts += [] if "boot" in settings.measured else ["from=user"]
    parts += [":".join([f"core={number}", *(f"{key}={value}" for key, value in zip(GEOMETRY, each))])
              for number, each in enumerate(distinct_sizes(settings.walks))]
    return ["-plugin", ",".join(part.replace(",", ",,") for part in parts)]


def shared_memory(command):
    """The same command, with memory that a plugin can read."""
    size, at = command[command.index("-m") + 1], command.index("-M") + 1
    machine = f"{command[at]},memory-backend=ram"
    return [*command[:at], machine, *command[at + 1:], "-object", f"memory-backend-memfd,id=ram,size={size},share=on"]


# ---- what the plugin leaves ----

def cycles(core, counted, told, result):
    """None: instructions were not counted."""
    instructions, exits = result["instructions"].get("total"), result["vm_exits"]["total"]
    if instructions is None:
        return None
    price = core.values
    return instructions + price["flush"] * (sum(told["traps"].values()) + told["returns"]) + price["exit"] * exits + \
        price["fence"] * told["fences"] + price["l2_hit"] * counted["l2_hits"] + \
        price["reference"] * (counted["walk_refs"] + counted["g_refs"])


def translation(cores, told, result):
    """Of one region: core -> counts and cycles."""
    numbers = {each: str(number) for number, each in enumerate(distinct_sizes(cores))}
    shared = {"traps": sum(told["traps"].values()), "returns": told["returns"], "fences": told["fences"],
              "lost": told["lost"], "wrong": told["wrong"]}
    found = {}
    for core in cores:
        counted = told["cores"][numbers[sizes(core)]]
        found[core.name] = counted | shared | {"cycles": cycles(core, counted, told, result)}
    return found


def lines(log):
    try:
        return [json.loads(line) for line in out_file(log).read_text().splitlines()]
    except (OSError, ValueError):
        raise Failed("QEMU left no counts of walks", f"the end of its console may say why: {log}") from None


def add(settings, marks, log):
    """To each result what the plugin counted in its region.  marks: those of all records, in their order, and which
    result has come of each, or None."""
    if not settings.walks:
        return
    told = lines(log)
    if [each["mark"] for each in told] != [mark for mark, _ in marks]:
        raise Failed(f"the regions in {out_file(log)} are not those of the console")
    for region, (_, result) in zip(told, marks):
        if result is None:
            continue
        result["translation"] = translation(settings.walks, region, result)
        first = result["translation"][settings.walks[0].name]
        result["walk_refs"] = first["walk_refs"] + first["g_refs"]


@contextlib.contextmanager
def taken(settings, log):
    """Around a run: what the plugin leaves is no longer than it, however it ends."""
    try:
        yield
    finally:
        if settings.walks:
            out_file(log).unlink(missing_ok=True)
