# SPDX-License-Identifier: BSD-2-Clause
"""Two measurements by other means than workloads: instructions of events, and stores to page tables."""

import json
import pathlib
import re

from hmode import machine, records, run, tree
from hmode.messages import Failed, say
from hmode.options import WORKLOADS
from hmode.settings import Settings


def events(console):
    """Name -> instructions of one such event: the payload prints how many took how long."""
    told = re.findall(r"^\S+ event (\S+) (\d+) (\d+)", "\n".join(records.lines(console)), re.M)
    return {name: (int(instructions), int(count)) for name, count, instructions in told}


def bench_events(given):
    """What each kind of event costs in the firmware, by one payload in two modes."""
    counted = {}
    for mode in ("native", "ssp-hm"):
        log = tree.BUILD / "log" / f"events-{mode}.log"
        settings = Settings(given | {"KERNEL": str(tree.BUILD / "payloads/bench-events.bin"), "MEM": "128M",
                                     "MODE": mode, "LOG": str(log)})
        run.show_results(run.run(settings))
        counted[mode] = events(run.read(log))
    print(f"{'event':<26} {'native':>10} {'guest':>12} {'difference':>12}")
    for name, (total, count) in counted["ssp-hm"].items():
        native, _ = counted["native"].get(name, (0, 0))
        print(f"{name:<26} {native / count:>10.1f} {total / count:>12.1f} {(total - native) / count:>12.1f}")


def count_pt_writes(given):
    """How many stores the guest makes to its live page tables, counted by a plugin of QEMU's without us."""
    plugin = tree.BUILD / "plugins/pt-writes.so"
    if not plugin.is_file():
        raise Failed(f"{plugin} is not built", "run: make count-pt-writes")
    settings = Settings({"LOG": str(tree.BUILD / "log/pt-writes.log")} | given |
                        {"MODE": "native", "HARTS": "1", "ICOUNT": "1"}, without="zicboz")
    counts = pathlib.Path(f"{settings.log}.counts")
    prepared = run.prepare(settings, "-plugin", machine.escaped(str(plugin)) + f",out={machine.escaped(str(counts))}")
    say("COUNT", f"stores to live page tables on {settings.title().partition(' on ')[2]}")
    run.execute_to_the_end(settings, prepared)
    marks = map(json.loads, counts.read_text().splitlines())
    counts.unlink()
    text = records.as_text({"workload": WORKLOADS[mark["mark"]] if mark["mark"] in range(len(WORKLOADS)) else None,
                            "profile": settings.profile, "active": mark["active"], "current": mark["current"]}
                           for mark in marks)
    if settings.result:
        run.write(settings.result, text)
    print(text, end="")
