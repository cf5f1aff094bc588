# SPDX-License-Identifier: BSD-2-Clause
"""Many runs and one table of them: in several modes, on every policy of the ladder, with the patched kernel."""

import pathlib

from hmode import modes, outcome, outputs, records, results, run, translation, tree
from hmode.messages import Refused, warn
from hmode.options import WORKLOADS
from hmode.settings import Settings

LADDER_LEGEND = """
exits and transitions: of memory, summed over the workloads; native: instructions against native, geometric mean.
inject, satp, flush, fill: how both change if the firmware finishes this as well; last the average over all
policies without it, of exits as a number."""

TOUR_LEGEND = """
exits: switches to host-hv, (memory) those that memory virtualization causes; traps: into the firmware and
straight back; transitions: both. vs native: retired instructions, which is not time. vs tsp: the change of
exits, and of exits and traps together, that memory virtualization causes.
pt_write: a store to a page table that is write-protected; satp, satp_hit: a switch to an address space that is
known; root_miss, satp_miss: to another one; flush, sfence: a fence of the guest's; true_fault: the guest's own
page fault; hidden_fault, fill: only the shadow had no entry.
{more}
Consoles are in {consoles}, results in {build}/results."""

# Of workloads and of programs.
PUBLISHED = """Published (VEE 2021): swift shadow paging made 23 to 56 % fewer such exits than tsp, on other hardware with
other programs: compare sign and size."""
WARMED = "Counted is what came after {warm} not counted (WARM=)."


# What the tour says of its guest; another kernel is named by its file.
TITLES = {
    "debian": "Debian's riscv64 kernel, unmodified",
    "debian-sid": "The newest riscv64 kernel of Debian's archive, unmodified",
    "patched": "The patched kernel beside itself with hm=off",
    "patched-off": "The patched kernel with hm=off",
}


def log_of(given, name):
    """Of one of several runs; None: the default, which has the mode in its name."""
    if given.get("LOG"):
        path = pathlib.Path(given["LOG"])
        return str(path.with_name(f"{path.stem}-{name}{path.suffix}"))
    profile = given.get("PROFILE") or "virt"
    return None if name in modes.NAMES else str(tree.BUILD / "log" / f"{name}-{profile}.log")


def settings_of(given, mode, policy="", guest="", kind=""):
    """One boot with all workloads; its results go to a file of its own, and so do those of a run that differs from
    another one by its `kind`."""
    name = "-".join(filter(None, [mode, kind, policy.replace(",", "+").replace(" ", "+"), guest]))
    work = given.get("WORKLOAD") or ("" if given.get("PROGRAM") or given.get("LIST") else "all")
    words = {"MODE": mode, "POLICY": policy, "LADDER": "0", "WORKLOAD": work,
             "LOG": log_of(given, name) or "", "RESULT": str(tree.BUILD / "results" / f"{name}.json")}
    return Settings(given | words | ({"GUEST": guest} if guest else {}))


# Options that are meant for some modes, where one of them is in the table; the others have their default then.
MEANT_FOR = {"HOSTPAGES": [modes.HAP], "ROOTS": modes.BUFFERED}


def meant_for(mode, given, names):
    left = [name for name, theirs in MEANT_FOR.items() if mode not in theirs and set(theirs) & set(names)]
    return {name: text for name, text in given.items() if name not in left}


def in_modes(given, names):
    """One run in each mode; the patched kernel beside itself with hm=off."""
    guests = ("patched-off", "patched") if given.get("GUEST") == "patched" else ("",)
    # A policy is meant for `ssp`; without it each mode says that it has its own.
    policies = {name: given.get("POLICY", "") for name in (["ssp"] if "ssp" in names else names)}
    return [*native_without_svadu(given, names),
            *(settings_of(meant_for(name, given, names), name, policies.get(name, ""), guest)
              for name in names for guest in guests), *in_small_pages(given, names)]


def in_small_pages(given, names):
    """Where walks are counted, what a second stage costs depends on the host's pages: `hap` with both."""
    if modes.HAP not in names or given.get("WALKS", "0") in ("", "0") or given.get("HOSTPAGES"):
        return []
    return [settings_of(given | {"HOSTPAGES": "4k"}, modes.HAP, kind="4k")]


def native_without_svadu(given, names):
    """Where the hart has Svadu natively, what it saves by that is no merit of a mode: native once more, without."""
    if "native" not in names or given.get("GUEST") == "patched" or given.get("SVADU", "") in ("", "0"):
        return []
    return [settings_of(given | {"SVADU": "0"}, "native", kind="svade")]


def on_ladder(given):
    """Every policy between the modes."""
    return [settings_of(given, "native"), settings_of(given, "tsp"),
            *(settings_of(given, "ssp", modes.spelled(policy)) for policy in modes.ladder())]


def is_wanted(given):
    return bool(given.get("MODES")) or given.get("LADDER", "0") not in ("", "0")


# Options of all runs together.
WHOLE = ("LADDER", "MODES", "WORKLOAD", "PROGRAM", "ARGS", "LIST", "DEBS", "GUEST", "RESULT")


def about(given):
    """The settings of all runs together."""
    return Settings({name: text for name, text in given.items() if name in WHOLE} |
                    ({"MODE": "ssp", "POLICY": given["POLICY"]} if given.get("POLICY") else {}))


def must_have_rows(given, measured):
    """A table has one for each workload or program."""
    if not measured:
        raise Refused(f"WORKLOAD={given['WORKLOAD']} leaves the table empty", " ".join(["all", *WORKLOADS]))
    if given.get("KERNEL") and not given.get("INITRD") and not given.get("PROGRAM") and not given.get("LIST"):
        raise Refused("KERNEL needs an INITRD that runs the workloads here",
                      f"INITRD={tree.BUILD / 'guest/initramfs.cpio'}; without workloads: make run MODE=ssp-hm KERNEL=...")


def plan(given, names=None):
    """The settings of all runs that `measure` makes, in these modes if MODES names none, and the maker of their table:
    each is checked before the first one begins."""
    whole = about(given)
    must_have_rows(given, whole.measured)
    if whole.ladder:
        return on_ladder(given), results.steps
    maker = results.side_by_side if whole.guest == "patched" else results.table
    return in_modes(given, whole.modes or names or modes.TABLE), maker


def touring(given):
    """The modes of the tour: `hap` is one where the options go with it."""
    if given.get("GUEST") == "patched":     # beside itself with hm=off, which is the same in `hap`
        return modes.TABLE
    try:
        in_modes(given, [modes.HAP])
    except Refused:
        return modes.TABLE
    return modes.TOUR


def plan_tour(given):
    plan(given)             # what is wrong with all of them is told of the first
    return plan(given, touring(given))


def record(wanted):
    """The results of all these, but of those in `hap` where QEMU cannot run them; and why it cannot."""
    (tree.BUILD / "results").mkdir(parents=True, exist_ok=True)
    found, lack = [], None
    for number, settings in enumerate(wanted, 1):
        try:
            found += run.run(settings, f"{number}/{len(wanted)} " if len(wanted) > 1 else "")
        except run.NoGuestsByH as lacking:
            warn(f"hap is left out: {lacking}")
            lack = lacking
    outcome.compare([result for result in found if result.get("program")])
    return found, lack


def table(given, wanted, maker):
    """The results, which are shown; and why there are none of `hap`, where there should be."""
    with outputs.result(about(given).result) as write:
        found, lack = record(wanted)
        if lack and not found:
            raise lack
        write(records.as_text(found))
    print("\n".join(maker(found) + translation.tables(found)))
    if maker is results.steps:
        print(LADDER_LEGEND)
    return found, lack


def measure(given):
    found, lack = table(given, *plan(given))
    outcome.must_be_right(found)
    if lack:
        raise lack


def title(given):
    if given.get("KERNEL"):
        return given["KERNEL"]
    return TITLES[given.get("GUEST") or "debian"]


def legend(given, wanted):
    consoles = pathlib.Path(given["LOG"]).parent if given.get("LOG") else tree.BUILD / "log"
    warm = wanted[0].warm
    more = WARMED.format(warm=f"{warm} run{'' if warm == 1 else 's'}") if wanted[0].programs else PUBLISHED
    return TOUR_LEGEND.format(build=tree.BUILD, consoles=consoles, more=more)


def tour(given):
    wanted, maker = plan_tour(given)        # what is refused is refused before anything is said
    print(f"{title(given)}, in these modes ({' '.join(touring(given))}):", flush=True)
    found, _ = table(given, wanted, maker)
    if given.get("GUEST") != "patched":
        print(legend(given, wanted), flush=True)
    outcome.must_be_right(found)
