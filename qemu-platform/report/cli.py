# SPDX-License-Identifier: BSD-2-Clause
"""make report: the runs that are missing, then the page; or two builds beside each other."""

import os
import pathlib
import re

from hmode import cli, outputs, tree
from hmode.messages import Failed, Refused, naming, say
from report import compare, document, markdown, page, plan, runs

SCHEMA = 1
USED = ("RUNS", "WORKLOAD", "JOBS", "FOLDER", "OUT", "A", "B")
FOR_NONE = ("FOLDER", "OUT")     # as good as left out where they are empty, as files and folders of other commands are
MOST_JOBS = 64
# Others that make itself needs.
BESIDE = ("V", "PYTHON", "CROSS_COMPILE", "HMODE_CACHE", "OPENSBI_SRC")


def options(environment):
    """Those that were given; what `make report` has no use for is refused."""
    for name in environment.get("HMODE_GIVEN", "").split():
        if name not in USED + BESIDE:
            raise Refused(f"{name} does not go with make report", " ".join(USED))
        if name in USED and name not in FOR_NONE and not environment.get(name):
            raise Refused(f"{name}= is empty: leave it out")
    given = {name: environment.get(name, "") for name in USED}
    if given["OUT"] and not os.access(pathlib.Path(given["OUT"]).absolute().parent, os.W_OK | os.X_OK):
        raise Refused(f"OUT={given['OUT']} cannot be written: its folder is not there, or not yours")
    if os.path.isdir(given["OUT"]):
        raise Refused(f"OUT={given['OUT']} is a folder", "the name of a file in it")
    return given


def store(path, text):
    """Whole, or as it was before; what is no file, as a terminal, is written to as it stands."""
    if path.exists() and not path.is_file():
        with naming(path):
            path.write_text(text)
    else:
        outputs.write_whole(path.with_name(path.name + ".new"), path, text.encode())


def written(made, folder, name, out=""):
    """The page as HTML and as Markdown."""
    text = markdown.made(made)
    for path, content in ((folder / f"{name}.html", page.made(made)), (folder / f"{name}.md", text)):
        store(path, content)
    if out:
        store(pathlib.Path(out), text)
    say("PAGE", str(folder / f"{name}.html"))


def chosen(given):
    words = [word for word in re.split("[, ]+", given["RUNS"]) if word]
    if given["RUNS"] and not words:
        raise Refused("RUNS= names nothing", " ".join(plan.parts(plan.whole())))
    found, unknown = plan.chosen(plan.whole(), words)
    if unknown:
        raise Refused(f"RUNS: '{unknown[0]}' is no run and no part", " ".join(plan.parts(plan.whole())))
    workload = ",".join(word for word in re.split("[, ]+", given["WORKLOAD"]) if word)
    return [runs.with_workload(run, workload) for run in found]


def jobs(given):
    """How many machines run at once.  Counts do not depend on it; each takes up to 2 GiB."""
    if not given["JOBS"]:
        return min(len(os.sched_getaffinity(0)), 4)
    if not re.fullmatch("[0-9]{1,2}", given["JOBS"]) or not 1 <= int(given["JOBS"]) <= MOST_JOBS:
        raise Refused(f"JOBS={given['JOBS']} is no number of machines", f"1 to {MOST_JOBS}")
    return int(given["JOBS"])


def failed_of(kept):
    """How many runs failed, or have a wrong answer."""
    return sum(bool(each["failed"] and not runs.lacks_h(each) or any(result.get("ok") is False for result in each["results"]))
               for each in kept)


def report(given):
    wanted, at_once = chosen(given), jobs(given)
    folder = pathlib.Path(given["FOLDER"] or tree.BUILD / "report")
    execution = runs.Execution(folder)
    kept = runs.all_of(execution, wanted, at_once)
    told = {"schema": SCHEMA, "runs": kept}
    runs.write(folder / "report.json", told)
    made = document.page(told)
    written(made, folder, "report", given["OUT"])
    store(folder / "report.csv", made.csv)
    if failed_of(kept):
        raise Failed(f"{failed_of(kept)} of {len(kept)} runs failed; the page shows which",
                     "make report runs what failed again; a wrong answer stays until something changes")


def compared(given):
    if not (given["A"] and given["B"]):
        raise Refused("A and B go together", "A=OLD.json B=NEW.json")
    made = compare.page(given["A"], given["B"])
    folder = pathlib.Path(given["FOLDER"] or tree.BUILD / "report")
    folder.mkdir(parents=True, exist_ok=True)
    written(made, folder, "compare", given["OUT"])
    print(markdown.made(made).split("\n", 3)[3], end="")


def execute(environment):
    given = options(environment)
    (compared if given["A"] or given["B"] else report)(given)


def main(environment):
    return cli.ended(execute, environment)
