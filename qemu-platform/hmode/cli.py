# SPDX-License-Identifier: BSD-2-Clause
"""launch COMMAND [NAME=VALUE]...: the commands."""

import os
import re
import signal
import subprocess
import sys

from hmode import counting, debian, devices, gdb, guest, help as help_of_options, machine, measure, outcome, outputs, records, run, tree
from hmode.messages import Failed, Refused, Stop, of_system, say
from hmode.options import NO_MACHINES
from hmode.settings import Settings, must_go_with, take


def alone(settings):
    """Of the one run of a command."""
    run.must_ignore_nothing(settings)
    return settings


# Words of a user's on the command line by which our root does something.
REQUEST = re.compile(r"(?:^| )(?:hmwork|init|rdinit)=")


def run_settings(given):
    settings = alone(Settings(given))
    is_idle = not settings.measured and guest.is_ours(settings) and settings.cmdline is None
    if is_idle and not any(map(settings.is_given, ("INITRD", "DISK"))) and not REQUEST.search(settings.append):
        raise Refused("the guest would wait at its shell's prompt, where no keyboard is", "make shell, which has one; or a WORKLOAD, a PROGRAM")
    return settings


def shell_settings(given):
    return alone(Settings(given | {"WORKLOAD": "none"}, interactive=True))


def debug_settings(given):
    return alone(Settings(given | {"WORKLOAD": "none"}, stopped=True))


# The settings of the runs that a command makes.
PLANS = {
    "run": lambda given: [run_settings(given)],
    "shell": lambda given: [shell_settings(given)],
    "debug": lambda given: [debug_settings(given)],
    "tour": lambda given: measure.plan_tour(given)[0],
    "measure": lambda given: measure.plan(given)[0],
    "bench-events": counting.plan_events,
    "count-pt-writes": lambda given: [counting.plan_pt_writes(given)],
    "debian": debian.plan,
    **dict.fromkeys(NO_MACHINES, lambda given: []),
}


def look_at_options(words):
    """[COMMAND]... [NAME=VALUE]...: only whether they can be right, before anything is built for the commands."""
    given = take([word for word in words if word not in PLANS])
    commands = [word for word in words if word in PLANS]
    for command in commands:
        must_go_with(command, given)
    for command in commands or ["measure" if measure.is_wanted(given) else "run"]:
        for settings in PLANS[command](given):
            if given.get("KERNEL") and not guest.is_ours(settings):
                guest.look(settings)
            else:
                guest.look_beside(settings)


def run_once(given):
    found = run.run(run_settings(given))
    run.show_results(found)
    outcome.must_be_right(found)


def show(given):
    """The command that `run` would execute, for whoever executes it again and again."""
    words = [*run.prepare(Settings(given)).command, "-serial", "stdio", "-monitor", "none"]
    print(*("'" + word.replace("'", "'\\''") + "'" for word in words))


def terminal(log):
    """QEMU's console and monitor on this terminal; a log has what the console says as well."""
    if not log:
        return ["-serial", "mon:stdio"]
    return ["-chardev", f"stdio,id=terminal,mux=on,signal=off,logfile={machine.escaped(str(log))}",
            "-serial", "chardev:terminal", "-mon", "chardev=terminal"]


def within_time(settings, command):
    """Without a TIMEOUT as long as it likes."""
    if settings.is_given("TIMEOUT"):
        return ["timeout", "--foreground", "--kill-after=10", str(settings.timeout), *command]
    return command


def become(settings, command):
    """QEMU has the terminal from here on."""
    command = within_time(settings, command)
    sys.stdout.flush()
    try:
        os.execvp(command[0], command)
    except OSError as error:
        raise Failed(f"{command[0]} cannot be started: {error.strerror}") from error


def shell_command(settings, log):
    command = run.prepare(settings, *terminal(log)).command
    leave = "poweroff in the guest ends it, and Ctrl-a x pulls the plug" if devices.boots_disk(settings) else "leave with Ctrl-a x"
    others = "; Ctrl-] and 'guest 1' give the keyboard to the second guest" if settings.guests > 1 else ""
    say("SHELL", f"{settings.title()}; {leave}{others}")
    return command


def wait_for(command):
    """The status of a machine, which does not outlive the launcher, whatever ends that, and puts the terminal right."""
    with subprocess.Popen(["setpriv", "--pdeathsig", "TERM", *command]) as machine:
        try:
            return machine.wait()
        except BaseException:
            machine.terminate()
            raise


def marked_shell(settings):
    """The launcher waits for its end, and shows what was marked."""
    log = run.log_of(settings)
    with outputs.log(log), outputs.result(settings.result) as write:
        status = wait_for(within_time(settings, shell_command(settings, log)))
        found = run.regions_of(settings, run.read(log))
        write(records.as_text(found))
    run.show_results(found)
    if status:
        sys.exit(status if status > 0 else 128 - status)


def shell(given):
    settings = shell_settings(given)
    if settings.marks:
        marked_shell(settings)
    else:
        become(settings, shell_command(settings, settings.log))


def debug(given):
    settings = debug_settings(given)
    command = run.prepare(settings, *terminal(settings.log), "-S", "-s").command
    gdb.must_be_free(gdb.states(gdb.PORT))
    say("DEBUG", f"{settings.title()} is stopped; leave with Ctrl-a x; in another terminal: make gdb")
    become(settings, command)


COMMANDS = {
    "run": run_once,
    "show": show,
    "shell": shell,
    "debug": debug,
    "gdb": gdb.attach,
    "measure": measure.measure,
    "bench-events": counting.bench_events,
    "count-pt-writes": counting.count_pt_writes,
    "debian": debian.make,
    "tour": measure.tour,
}
# Takes names of commands as well.
LOOK = "options"
# These take no options.
TEXTS = {
    "help": help_of_options.show,
    "page": lambda: print(help_of_options.page(), end=""),
    "version": lambda: print(tree.version()),
}


def execute(command, words):
    if command in TEXTS:
        TEXTS[command]()
    elif command == LOOK:
        look_at_options(words)
    elif command in COMMANDS:
        given = take(words, quiet="HMODE_GIVEN" in os.environ)      # make has had them looked at
        must_go_with(command, given)
        COMMANDS[command](given)
    else:
        raise Refused(f"launch: '{command}' is no command", " ".join([LOOK, *COMMANDS, *TEXTS]))


# What the shell says of a process that SIGPIPE has ended.
NO_READER = 128 + signal.SIGPIPE


def ended_from_outside(number, _):
    """As an exception, so that a machine that runs is ended as well."""
    sys.exit(128 + number)


def silence(*streams):
    """What is left to be said there is lost: it would be tried again at the end."""
    null = os.open(os.devnull, os.O_WRONLY)
    for stream in streams:
        os.dup2(null, stream.fileno())
    os.close(null)


def without_reader():
    """Whoever reads what is said here has gone, as `head` does: nothing more can be said."""
    silence(sys.stdout, sys.stderr)
    return NO_READER


def ended(work, *words):
    """The exit status of work(*words), which says itself what was wrong.  SIGPIPE stays ignored, as Python has it: a tool
    that does not read all that it is given says itself what was wrong, and only that its own reader goes ends the launcher."""
    for number in (signal.SIGTERM, signal.SIGHUP):
        if number != signal.SIGHUP or signal.getsignal(number) != signal.SIG_IGN:       # nohup
            signal.signal(number, ended_from_outside)
    try:
        return status_of(said, work, *words)
    except BrokenPipeError:
        return without_reader()


def said(work, *words):
    """work(*words), until all that it printed has been written."""
    work(*words)
    sys.stdout.flush()


def status_of(work, *words):
    try:
        work(*words)
    except Stop as stop:
        stop.show()
        return stop.status
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        raise
    except OSError as error:
        of_system(error).show()
        if not error.filename:
            silence(sys.stdout)
        return 1
    return 0


def main(words):
    return ended(execute, words[0] if words else "", words[1:])
