# SPDX-License-Identifier: BSD-2-Clause
"""Two measurements by other means than workloads: instructions of events, and stores to page tables."""

import json
import pathlib
import re

from hmode import machine, outputs, records, run, tree
from hmode.messages import Failed, say
from hmode.options import WORKLOADS
from hmode.settings import Settings


def events(console):
    """Name -> instructions of one such event: the payload prints how many took how long."""
    told = re.findall(r"^\S+ event (\S+) ([0-9]{1,18}) ([0-9]{1,18})\b", "\n".join(records.lines(console)), re.M)
    return {name: (int(instructions), int(count)) for name, count, instructions in told}


def plan_events(given):
    return [Settings(given | {"KERNEL": str(tree.BUILD / "payloads/bench-events.bin"), "MEM": "128M", "MODE": mode,
                              "LOG": str(tree.BUILD / "log" / f"events-{mode}.log")}) for mode in ("native", "ssp-hm")]


def bench_events(given):
    """What each kind of event costs in the firmware, by one payload in two modes."""
    counted = {}
    for settings in plan_events(given):
        run.show_results(run.run(settings))
        counted[settings.mode] = events(run.read(settings.log))
    print(f"{'event':<26} {'native':>10} {'guest':>12} {'difference':>12}")
    for name, (total, count) in counted["ssp-hm"].items():
        native, _ = counted["native"].get(name, (0, 0))
        print(f"{name:<26} {native / count:>10.1f} {total / count:>12.1f} {(total - native) / count:>12.1f}")


def plan_pt_writes(given):
    return Settings({"LOG": str(tree.BUILD / "log/pt-writes.log")} | given |
                    {"MODE": "native", "HARTS": "1", "ICOUNT": "1"}, without="zicboz")


def count_pt_writes(given):
    """How many stores the guest makes to its live page tables, counted by a plugin of QEMU's without us."""
    plugin = tree.BUILD / "plugins/pt-writes.so"
    if not plugin.is_file():
        raise Failed(f"{plugin} is not built", "run: make count-pt-writes")
    settings = plan_pt_writes(given)
    with outputs.log(run.log_of(settings)), outputs.result(settings.result) as write:
        text = counted_by(plugin, settings)
        write(text)
    print(text, end="")


def counted_by(plugin, settings):
    """An object a line for each mark of the run."""
    counts = pathlib.Path(f"{settings.log}.counts")
    prepared = run.prepare(settings, "-plugin", machine.escaped(str(plugin)) + f",out={machine.escaped(str(counts))}")
    say("COUNT", f"stores to live page tables on {settings.title().partition(' on ')[2]}")
    run.execute_to_the_end(settings, prepared)
    marks = map(json.loads, counts.read_text().splitlines())
    counts.unlink()
    return records.as_text({"workload": WORKLOADS[mark["mark"]] if mark["mark"] in range(len(WORKLOADS)) else None,
                            "profile": settings.profile, "active": mark["active"], "current": mark["current"]}
                           for mark in marks)
