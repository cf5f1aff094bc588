# SPDX-License-Identifier: BSD-2-Clause
"""Which runs make the report, as data."""

import dataclasses

from hmode import modes, tree, walks

WORKLOADS, EVENTS, DEVICES, HSPT = "workloads", "events", "devices", "hspt"
# Commands of their own, which work in real time: nothing runs beside them.
BENCHES = {DEVICES: "bench-devices", HSPT: "bench-hspt"}
PROGRAMS = tree.TOP / "tests/programs"


@dataclasses.dataclass(frozen=True)
class Run:
    """One run of the launcher.  part: what RUNS names beside the run itself.  words: the launcher's options.  seconds:
    what it took on two cores of 2023 with nothing beside it; what it took here is known after the first time."""

    name: str
    part: str
    words: tuple
    seconds: int
    kind: str = WORKLOADS

    def command(self):
        """As a user gives it."""
        if self.kind in BENCHES:
            return f"make {BENCHES[self.kind]}"
        return " ".join(["make", "run", *self.words])


PRICED = ["native", "tsp", "tsp-in-step", "ssp", "ssp-hm", "hap"]


def of_modes(profile):
    names = [name for name in modes.NAMES if name != modes.HAP or profile == "virt"]
    more = () if profile == "virt" else (f"PROFILE={profile}",)
    return [Run(f"{profile}-{name}", profile, (f"MODE={name}", "WORKLOAD=all", *more), 15 if name == "native" else 25)
            for name in names]


def of_ladder():
    """The policies that are no mode's own: those of modes are in the table of `virt`."""
    own = [modes.MODES["ssp"], modes.MODES["ssp-hm"]]
    return [Run("ladder-" + modes.spelled(policy).replace(",", "+"), "ladder",
                ("MODE=ssp", f"POLICY={modes.spelled(policy)}", "WORKLOAD=all"), 25)
            for policy in modes.ladder() if policy not in own]


def of_svadu():
    return [Run(f"svadu-{name}", "svadu", (f"MODE={name}", "WORKLOAD=all", "SVADU=1"), 20) for name in ("native", "ssp-hm")]


# What the buffer of roots is worth; with all of them it is the table's own run.
FEW_ROOTS = (1, 4)


def of_roots():
    return [Run(f"roots-{count}-{name}", "roots", (f"MODE={name}", "WORKLOAD=all", f"ROOTS={count}"), 25)
            for name in modes.BUFFERED for count in FEW_ROOTS]


# What tables they need by themselves: in one boot a shadow keeps those of the rows before.
ALONE = ("fork", "shell", "chase")


def of_memory():
    return [Run(f"memory-{name}-{workload}", "memory", (f"MODE={name}", f"WORKLOAD={workload}"), 8)
            for name in ("tsp", *modes.BUFFERED) for workload in ALONE]


def of_patched():
    found = [Run(f"{guest}-{name}", "patched", (f"MODE={name}", "WORKLOAD=all", f"GUEST={guest}"), 25)
             for name in ("tsp", "ssp", "ssp-hm") for guest in ("patched-off", "patched")]
    return found + [Run(f"{guest}-ssp-hm-fenced", "patched",
                        ("MODE=ssp-hm", "WORKLOAD=all", f"GUEST={guest}", "SVVPTC=0"), 25) for guest in ("patched-off", "patched")]


def of_events():
    return [Run(f"events-{name}", "events", (f"MODE={name}", "MEM=128M", "KERNEL=build/payloads/bench-events.bin"), 3, EVENTS)
            for name in PRICED]


# Words by which the kernel reaches a program some hundred ticks of its timer earlier or later, as in another build.
SHIFTS = {"early": "APPEND=cryptomgr.notests=1", "late": "APPEND=initcall_debug"}


def shifted(name, part, path):
    """A list natively, begun at other moments: does it take as many instructions (report/repeat.py)?"""
    return [Run(f"{name}-native-{shift}", part, ("MODE=native", f"LIST={path.relative_to(tree.TOP)}", word), 30)
            for shift, word in SHIFTS.items()]


def of_programs(folder):
    """A list of programs is a run in each mode of the tour and in hap, and natively at other moments."""
    return [run for path in sorted(folder.glob("*.list"))
            for run in [*(Run(f"{path.stem}-{name}", "programs", (f"MODE={name}", f"LIST={path.relative_to(tree.TOP)}"), 60)
                          for name in modes.TOUR), *shifted(path.stem, "programs", path)]]


# hap with each size of the host's pages.
MODELLED = {"native": (), "ssp-hm": (), "hap": (), "hap-4k": ("HOSTPAGES=4k",)}


def of_walks(folder):
    """The model of TLBs is slow: it runs the workloads, and programs in their second size."""
    what = {"": "WORKLOAD=all"} | {f"{path.stem}-": f"LIST={path.relative_to(tree.TOP)}" for path in sorted(folder.glob("*.list"))}
    cores = "WALKS=" + ",".join(walks.listed())
    return [*(Run(f"walks-{name}{side}", "walks", (f"MODE={side.removesuffix('-4k')}", word, cores, *more), 60)
              for name, word in what.items() for side, more in MODELLED.items()),
            *(run for path in sorted(folder.glob("*.list")) for run in shifted(f"walks-{path.stem}", "walks", path))]


def whole():
    """All of it, in the order of the runs: what the first sections need comes first."""
    return [*of_modes("virt"), *of_events(), Run("hap-4k", "hap", ("MODE=hap", "WORKLOAD=all", "HOSTPAGES=4k"), 25),
            *of_modes("u74"), *of_svadu(), *of_roots(), *of_memory(), *of_patched(), *of_ladder(), *of_programs(PROGRAMS),
            *of_walks(PROGRAMS / "small"),
            Run("devices", "devices", (), 300, DEVICES), Run("hspt", "hspt", (), 2400, HSPT)]


def parts(runs):
    return list(dict.fromkeys(run.part for run in runs))


def chosen(runs, words):
    """Those that RUNS names, by run or by part, and the names that are neither's."""
    known = {run.name for run in runs} | set(parts(runs))
    unknown = [word for word in words if word not in known]
    return [run for run in runs if not words or run.name in words or run.part in words], unknown
