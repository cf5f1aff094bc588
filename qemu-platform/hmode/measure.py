# SPDX-License-Identifier: BSD-2-Clause
"""Many runs and one table of them: in several modes, on every policy of the ladder, with the patched kernel."""

from hmode import modes, results, run, tree
from hmode.settings import Settings

LADDER_LEGEND = """
exits and transitions: of memory, summed over the workloads; native: instructions against native, geometric mean.
inject, satp, flush, fill: how both change if the firmware finishes this as well; last the average over all
policies without it, of exits as a number."""

TOUR_LEGEND = """
exits: switches to host-hv, (memory) those that memory virtualization causes; traps: into the firmware and
straight back; transitions: both. against native: retired instructions, which is not time. against tsp: the
change of exits, and of exits and traps together, that memory virtualization causes.
Published (VEE 2021): swift shadow paging made 23 to 56 % fewer such exits than tsp, on other hardware with
other programs: compare sign and size.
Consoles are in {build}/log, results in {build}/results."""


def settings_of(given, mode, policy="", guest=""):
    """One boot with all workloads; its results go to a file of its own."""
    name = "-".join(filter(None, [mode, policy.replace(",", "+"), guest]))
    words = {"MODE": mode, "POLICY": policy, "LADDER": "0", "WORKLOAD": given.get("WORKLOADS") or "all",
             "RESULT": str(tree.BUILD / "results" / f"{name}.json")}
    return Settings(given | words | ({"GUEST": guest} if guest else {}))


def in_modes(given, names):
    """One run in each mode; the patched kernel beside itself with hm=off."""
    guests = ("patched-off", "patched") if given.get("GUEST") == "patched" else ("",)
    # A policy is meant for `ssp`; without it each mode says that it has its own.
    policies = {name: given.get("POLICY", "") for name in (["ssp"] if "ssp" in names else names)}
    return [settings_of(given, name, policies.get(name, ""), guest) for name in names for guest in guests]


def on_ladder(given):
    """Every policy between the modes."""
    return [settings_of(given, "native"), settings_of(given, "tsp"),
            *(settings_of(given, "ssp", modes.spelled(policy)) for policy in modes.ladder())]


def is_wanted(given):
    return bool(given.get("MODES")) or given.get("LADDER", "0") not in ("", "0")


def plan(given):
    """The settings of all runs that `measure` makes, and the maker of their table: each is checked before the first
    one begins."""
    about = Settings({name: text for name, text in given.items() if name in ("LADDER", "MODES", "WORKLOADS", "GUEST")} |
                     ({"MODE": "ssp", "POLICY": given["POLICY"]} if given.get("POLICY") else {}))
    if about.ladder:
        return on_ladder(given), results.steps
    maker = results.side_by_side if about.guest == "patched" else results.table
    return in_modes(given, about.modes or modes.TOUR), maker


def record(wanted):
    """The results of all these."""
    (tree.BUILD / "results").mkdir(parents=True, exist_ok=True)
    found = []
    for number, settings in enumerate(wanted, 1):
        found += run.run(settings, f"{number}/{len(wanted)} " if len(wanted) > 1 else "")
    return found


def measure(given):
    wanted, maker = plan(given)
    print("\n".join(maker(record(wanted))))
    if maker is results.steps:
        print(LADDER_LEGEND)


def tour(given):
    names = " ".join(modes.TOUR)
    given = {name: text for name, text in given.items() if name not in ("MODES", "LADDER")}
    if given.get("GUEST") == "patched":
        print(f"The patched kernel beside itself with hm=off, in these modes ({names}):", flush=True)
        measure(given)
        return
    print(f"Debian's riscv64 kernel, unmodified, in these modes ({names}):", flush=True)
    measure(given)
    print(TOUR_LEGEND.format(build=tree.BUILD))
