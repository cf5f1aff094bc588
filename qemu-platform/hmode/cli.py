# SPDX-License-Identifier: BSD-2-Clause
"""launch COMMAND [NAME=VALUE]...: the commands."""

import os
import signal
import sys

from hmode import counting, gdb, guest, help as help_of_options, measure, run, tree
from hmode.messages import Failed, Refused, Stop, say
from hmode.settings import Settings, take


def look_at_options(given):
    """Only whether they can be right, before anything is built for them."""
    for settings in measure.plan(given)[0] if measure.is_wanted(given) else [Settings(given)]:
        if guest.is_ours(settings):
            guest.look_beside(settings)
        else:
            guest.look(settings)


def run_once(given):
    run.show_results(run.run(Settings(given)))


def show(given):
    """The command that `run` would execute, for whoever executes it again and again."""
    words = [*run.prepare(Settings(given)).command, "-serial", "stdio", "-monitor", "none"]
    print(*("'" + word.replace("'", "'\\''") + "'" for word in words))


def become(command):
    """QEMU has the terminal from here on."""
    sys.stdout.flush()
    try:
        os.execvp(command[0], command)
    except OSError as error:
        raise Failed(f"{command[0]} cannot be started: {error.strerror}") from error


def shell(given):
    settings = Settings(given | {"WORKLOAD": "none"}, interactive=True)
    command = run.prepare(settings, "-serial", "mon:stdio").command
    say("SHELL", f"{settings.title()}; leave with Ctrl-a x")
    become(command)


def debug(given):
    settings = Settings(given | {"WORKLOAD": "none"}, stopped=True)
    command = run.prepare(settings, "-serial", "mon:stdio", "-S", "-s").command
    gdb.must_be_free(gdb.states(gdb.PORT))
    say("DEBUG", f"{settings.title()} is stopped; leave with Ctrl-a x; in another terminal: make gdb")
    become(command)


COMMANDS = {
    "options": look_at_options,
    "run": run_once,
    "show": show,
    "shell": shell,
    "debug": debug,
    "gdb": gdb.attach,
    "measure": measure.measure,
    "bench-events": counting.bench_events,
    "count-pt-writes": counting.count_pt_writes,
    "tour": measure.tour,
}
# These take no options.
TEXTS = {
    "help": help_of_options.show,
    "page": lambda: print(help_of_options.page(), end=""),
    "version": lambda: print(tree.version()),
}


def execute(command, words):
    if command in TEXTS:
        TEXTS[command]()
    elif command in COMMANDS:
        given = take(words)
        if given.get("TRACE") and command not in ("run", "options"):
            raise Refused("TRACE goes with make run alone")
        COMMANDS[command](given)
    else:
        raise Refused(f"launch: '{command}' is no command", " ".join([*COMMANDS, *TEXTS]))


def ended_from_outside(number, _):
    """As an exception, so that a machine that runs is ended as well."""
    sys.exit(128 + number)


def main(words):
    for number in (signal.SIGTERM, signal.SIGPIPE, signal.SIGHUP):
        if number != signal.SIGHUP or signal.getsignal(number) != signal.SIG_IGN:       # nohup
            signal.signal(number, ended_from_outside)
    try:
        execute(words[0] if words else "", words[1:])
    except Stop as stop:
        stop.show()
        return stop.status
    except KeyboardInterrupt:
        return 130
    except OSError as error:
        Failed(f"{error.filename or 'a file'}: {error.strerror or error}").show()
        return 1
    return 0
