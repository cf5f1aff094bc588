# SPDX-License-Identifier: BSD-2-Clause
"""Programs of the user's own: what PROGRAM and its companions name, whether the guest can run it, and what is laid into
the guest's root for it: the program, its libraries, tests/workloads/program.c and that one's plan.
"""

import contextlib
import dataclasses
import functools
import hashlib
import os
import pathlib
import re
import shlex
import subprocess

from hmode import debs, elf, root as roots, tree
from hmode.kinds import readable
from hmode.messages import Failed, Refused

MOST_OUTPUT = 1024      # MiB of one output that can be kept
FOLDER = "hmode"                # of the guest's root: nothing else lies there
FIRST = f"/{FOLDER}/init"
COMMANDS = f"{FOLDER}/bin"      # hm-mark alone
LIBRARIES = f"{FOLDER}/lib"
SCRIPT_HEAD = 256               # as many bytes of its first line the kernel reads
ENVIRONMENT = {"HOME": "/root", "LANG": "C.UTF-8", "PATH": ":".join(f"/{each}" for each in (*roots.PATH, COMMANDS)), "USER": "root"}


LONGEST_NAME = 64               # of a row: files beside LOG are named by it
# Of a row in a LIST, and the last number that a mark holds.
NAME, MOST = re.compile(r"[A-Za-z0-9_.-]{1,32}"), 255
# A line of a LIST that is an option, and which those are.
OPTION, OF_LIST = re.compile(r"[A-Z]+="), ("DEBS", "LIBS", "MEM", "ROOT", "WARM")
# What a PROGRAM may begin with: one that the guest's root has.
IN_ROOT, OF_PACKAGE = "root:", "deb:"


@dataclasses.dataclass(frozen=True)
class Program:
    """number: of its mark.  file: as the user names it.  told: the same in a refusal."""

    number: int
    name: str
    file: str
    arguments: tuple
    told: str

    @property
    def in_root(self):
        """How it is called in the guest's root; None: it is a file here."""
        return next((self.file[len(each):] for each in (IN_ROOT, OF_PACKAGE) if self.file.startswith(each)), None)

    @property
    def place(self):
        """Where it is laid, below the guest's root."""
        return f"{FOLDER}/{self.number}/{stem(self.file)}"

    def words(self, root):
        """What is executed."""
        return [f"/{self.place}" if self.in_root is None else root.command(self.in_root), *self.arguments]


def stem(file):
    """What a program is called after its file."""
    name = os.path.basename(file.removeprefix(IN_ROOT).removeprefix(OF_PACKAGE).rstrip("/"))
    return name[:-2] if name.endswith(".c") and len(name) > 2 else name


def row(file):
    """The same in a table's row, where a blank ends a word."""
    return re.sub(r"[^!-~]", "_", stem(file))[:LONGEST_NAME] or "_"


def split(name, text):
    """As a shell does, of which nothing else happens."""
    try:
        return tuple(shlex.split(text))
    except ValueError as error:
        raise Refused(f"{name}={text} cannot be split into words: {str(error).lower()}",
                      "words as in a shell, each quote and each \\ with what belongs to it") from None


def wanted(settings):
    """The programs that the options name, none of which is looked at yet."""
    if settings.list:
        return listed(settings.list)
    if not settings.program:
        return []
    return [Program(0, row(settings.program), settings.program, split("ARGS", settings.args), f"PROGRAM={settings.program}")]


def without_comment(line):
    """What stands before a # that begins a word, as a shell has it: one inside a word or quotes is its own."""
    for found in re.finditer(r"(?<!\S)#", line):
        before = line[:found.start()]
        if before[-2:-1] == "\\":
            continue
        with contextlib.suppress(ValueError):   # an open quote
            shlex.split(before)
            return before
    return line


def lines_of(path):
    """(where, words as a shell would split them) of each line that has words."""
    lines = readable("LIST", path).read_text(errors="surrogateescape").split("\n")
    for number, line in enumerate(lines, 1):
        where = f"LIST={path}, line {number}:"
        try:
            words = shlex.split(without_comment(line))
        except ValueError as error:
            raise Refused(f"{where} {str(error).lower()}", "words as in a shell, each quote and each \\ with what belongs to it") from None
        if words:
            yield where, words


def with_options_of_list(given):
    """The options that are given, and those that the LIST has and nobody gave.  A list's paths begin at its folder."""
    if not given.get("LIST"):
        return given
    path, found = given["LIST"], {}
    for where, words in lines_of(os.path.expanduser(path)):
        if not OPTION.match(words[0]):
            continue
        name, _, text = words[0].partition("=")
        if name not in OF_LIST or len(words) > 1:
            raise Refused(f"{where} '{' '.join(words)}' is no option of a list", f"NAME='VALUE', of {' '.join(OF_LIST)}")
        if name in found:
            raise Refused(f"{where} {name} is given twice", "once")
        found[name] = os.path.join(os.path.dirname(path), os.path.expanduser(text)) if name in ("LIBS", "ROOT") else text
    return found | {name: text for name, text in given.items() if text or name not in found}


def listed(path):
    """The programs of a LIST: a name, and a command as a shell would split it."""
    found = []
    for where, words in lines_of(path):
        if not OPTION.match(words[0]):
            found.append(of_line(words, len(found), path, where))
    if not found:
        raise Refused(f"LIST={path} names no program", "a name and a command on each line")
    must_be_different(found, path)
    return found


def of_line(words, number, path, where):
    if len(words) < 2 or not NAME.fullmatch(words[0]):
        raise Refused(f"{where} there is no name before a command",
                      "a name of at most 32 letters, digits, _ . -, then a command")
    if number > MOST:
        raise Refused(f"{where} these are too many programs", f"at most {MOST + 1}, since a mark holds no more")
    file = words[1]
    if not file.startswith((IN_ROOT, OF_PACKAGE)):
        file = os.path.join(os.path.dirname(path), os.path.expanduser(file))
    return Program(number, words[0], file, tuple(words[2:]), f"{where} {file}")


def must_be_different(programs, path):
    names = [each.name for each in programs]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice:
        raise Refused(f"LIST={path} has the name {twice} twice", "a name of its own for each row")


def packages(settings):
    """Of Debian: those of DEBS and of programs that are named by theirs."""
    named = [each.in_root for each in settings.programs if each.file.startswith(OF_PACKAGE)]
    found = [word for word in re.split("[, ]+", settings.debs or "") if word]
    for word in found + named:
        if not re.fullmatch(r"[a-z0-9][a-z0-9+.-]*[a-z0-9+]", word):
            raise Refused(f"'{word}' is no name of a package", "small letters, digits, + - .")
    return sorted({*found, *named})


# ---- is it one that the guest can run? ----

def refuse_what_is_no_file(path):
    if not path.exists():
        raise Refused("is not there", "a program for riscv64, a script, or a C file")
    if path.is_dir():
        raise Refused("is a folder", "a program in it")
    if not path.is_file():
        raise Refused("is no regular file", "a program for riscv64, a script, or a C file")


def head_of(path):
    refuse_what_is_no_file(path)
    try:
        with path.open("rb") as file:
            return file.read(SCRIPT_HEAD)
    except OSError as error:
        raise Refused(f"cannot be read: {error.strerror}", f"chmod +r {shlex.quote(str(path))}") from None


@functools.cache
def compiled(path):
    """The program that the cross compiler makes of a C file."""
    elf.must_be_there("gcc", "gcc-riscv64-linux-gnu")
    folder = tree.BUILD / "programs" / hashlib.sha256(os.fsencode(path.resolve())).hexdigest()[:16]
    folder.mkdir(parents=True, exist_ok=True)
    new = folder / f"{stem(str(path))}.{os.getpid()}"
    done = subprocess.run([elf.tool("gcc"), "-O2", "-static", "-pthread", "-I", tree.PLATFORM / "include", "-o", new, path,
                           "-lm"], capture_output=True, text=True, env=os.environ | {"LC_ALL": "C"}, check=False)
    if done.returncode:
        raise Refused(f"does not compile:\n{done.stderr.rstrip()}", "a program that you compile with options of your own")
    return new.rename(folder / stem(str(path)))


class Libraries:
    """Where a program's libraries and its interpreter come from: LIBS, then the guest's root, then the cross compiler."""

    def __init__(self, settings, root):
        self.folder = pathlib.Path(settings.libs) if settings.libs else None
        self.root, self.places = root, []

    def find(self, name):
        """(path here, place in the guest's root, or None where that has it not)."""
        given = self.folder / os.path.basename(name) if self.folder else None
        if given and given.is_file():
            return given, None
        inside = self.root.library(name, self.places) if self.root else None
        return (self.root.resolve(inside), inside) if inside else (elf.of_compiler(os.path.basename(name)), None)

    def must_have(self, name, whose):
        path, place = self.find(name)
        if path is None:
            raise Refused(f"needs the library {name}{whose}, which neither LIBS, the guest's root nor the cross compiler has",
                          "LIBS=folder that has it, or a program linked with -static")
        try:
            elf.must_be_for_riscv(head_of(path))
        except Refused as refused:
            raise Refused(f"needs the library {name}{whose}, and {path} {refused}", "LIBS=folder with those of riscv64") from None
        return path, place

    def needs(self, path, place):
        """Of a file that lies at that place in the guest."""
        found = elf.needs(path)
        self.places += [each.replace("$ORIGIN", os.path.dirname(place)).replace("${ORIGIN}", os.path.dirname(place))
                        for each in found.places]
        return found

    def beside(self, path, place):
        """Path in the guest -> path here, of all that the program at `path` needs and the guest's root has not."""
        needs = self.needs(path, place)
        if not needs.interpreter:
            return {}
        # Its name is a path, where it is looked for in the guest.
        first, inside = self.must_have(needs.interpreter, ", its interpreter")
        files = {} if inside else {os.path.normpath(f"/{needs.interpreter}").strip("/"): first}
        todo, seen = [(name, "") for name in needs.libraries], set()
        while todo:
            name, whose = todo.pop(0)
            if name in seen:
                continue
            seen.add(name)
            found, inside = self.must_have(name, whose)
            if not inside:
                files[f"{LIBRARIES}/{os.path.basename(name)}"] = found
            todo += [(each, f" for {name}") for each in self.needs(found, inside or f"/{LIBRARIES}/{name}").libraries]
        return files


def must_be_program(path):
    needs = elf.needs(path)
    if needs.kind == "REL":
        raise Refused("is an object file, not yet linked", f"what '{elf.tool('gcc')} -o program {path}' makes of it")
    if not needs.is_program:
        raise Refused("is no program but a shared library or a core dump", "the program that uses it")


def must_have_interpreter(head, root):
    """Of a script; `env` needs the program that it is to find as well."""
    line = head[2:].split(b"\n")[0].decode(errors="replace").strip(" \t")
    interpreter, _, argument = line.partition(" ")
    named = os.path.basename(interpreter) == "env" and argument.split()
    if not interpreter:
        raise Refused("is a script that names no interpreter behind #!", "#!/bin/sh, as its first line")
    there = "#!/bin/sh, which is busybox's, or a program for riscv64"
    if not root.has_file(interpreter):
        raise Refused(f"is a script for {interpreter!r}, which the guest has not", there)
    if named and root.command(named[0]) is None:
        raise Refused(f"is a script for '{named[0]}', which the guest has not", there)


def files_of(program, settings, root):
    """Path in the guest -> path here, of the program and all that it needs; root None: it is not built yet."""
    if program.in_root is not None:
        return files_of_root(program, settings, root)
    path = pathlib.Path(program.file)
    head = head_of(path)
    if path.suffix == ".c":
        if root is None and not elf.is_there("gcc"):
            return {}
        path = compiled(path)
        head = head_of(path)
    if head.startswith(b"\x7fELF"):
        elf.must_be_for_riscv(head)
        if root is None and not elf.is_there("readelf"):
            return {}
        must_be_program(path)
        return {program.place: path} | Libraries(settings, root).beside(path, f"/{program.place}")
    if not head.startswith(b"#!"):
        raise Refused("is empty" if not head else "is neither an ELF program nor a script that begins with #!",
                      "a program for riscv64, a script, or a C file")
    if root is not None:
        must_have_interpreter(head, root)
    return {program.place: path}


def files_of_root(program, settings, root):
    """The same of a program that the guest's root has: what else it needs."""
    if root is None:
        return {}
    place = root.command(program.in_root)
    if place is None:
        raise Refused("is not in the guest's root", ", ".join(alternatives(settings, program)) or "a file that may be executed")
    path = root.resolve(place)
    head = head_of(path)
    if head.startswith(b"\x7fELF"):
        elf.must_be_for_riscv(head)
        must_be_program(path)
        return Libraries(settings, root).beside(path, place)
    if head.startswith(b"#!"):
        must_have_interpreter(head, root)
        return {}
    raise Refused(f"is neither an ELF program nor a script: {place}", "a program for riscv64, or a script")


def alternatives(settings, program):
    """What there is instead of one that is not in the root: what the package has."""
    if not program.file.startswith(OF_PACKAGE):
        return []
    lines = (debs.entry(packages(settings)) / "programs").read_text().split("\n")
    return [f"DEBS={program.in_root} PROGRAM={IN_ROOT}{os.path.basename(line.split(' ')[1])}"
            for line in lines if line.startswith(f"{program.in_root} ")][:12]


def all_files(settings, root):
    found = {}
    for program in settings.programs:
        try:
            found |= files_of(program, settings, root)
        except Refused as refused:
            raise Refused(f"{program.told} {refused}", refused.remedy) from None
    return found


def look(settings):
    """What can be said before anything is built or fetched."""
    if settings.root and not os.path.isdir(settings.root):
        readable("ROOT", settings.root)
    if settings.libs and not os.path.isdir(settings.libs):
        raise Refused(f"LIBS={settings.libs} is no folder", "a folder with libraries of riscv64")
    if settings.programs:
        all_files(settings, None)


# ---- what is laid into the guest's root ----

def kept(settings):
    """Bytes of an output that the guest tells, of standard output and of errors each; of what is longer its checksum as well."""
    return (settings.output << 20) or 256 << 10


def plan(settings, root, has_libraries):
    """As tests/workloads/program.c reads it."""
    environment = ENVIRONMENT | ({"LD_LIBRARY_PATH": f"/{LIBRARIES}"} if has_libraries else {})
    texts = [str(settings.warm), str(kept(settings))]
    for words in ([f"{name}={value}" for name, value in environment.items()], *(each.words(root) for each in settings.programs)):
        texts += [str(len(words)), *words]
    return b"".join(os.fsencode(text) + b"\0" for text in texts)


def base_of(settings):
    """The archive of the guest's root, and what is in it."""
    if packages(settings):
        return debs.root(packages(settings))
    if not settings.root:
        ours = readable("INITRD", settings.initrd)
        return ours, roots.of_archive(ours)
    path = pathlib.Path(settings.root)
    try:
        return roots.of_folder(path) if path.is_dir() else (path, roots.of_archive(path))
    except Refused as refused:
        raise Refused(f"ROOT={path} {refused}", refused.remedy) from None


def built(name):
    path = tree.BUILD / "workloads" / name
    if not path.is_file():
        raise Failed(f"{path} is not built", "run: make all")
    return path


def with_command(settings, initrd):
    """Our root with hm-mark over it, where whoever has the shell may mark.  A root of the user's own is as he made it."""
    if not settings.tells_regions or settings.is_given("KERNEL") or settings.is_given("INITRD"):
        return initrd
    return roots.laid_over(initrd, roots.archive({"bin/hm-mark": built("hm-mark")}, roots.of_archive(initrd)))


def initrd(settings):
    """The guest's root with the programs over it: an archive."""
    first, mark = built("program"), built("hm-mark")
    base, root = base_of(settings)
    files = all_files(settings, root)
    has_libraries = any(path.startswith(LIBRARIES) for path in files)
    files |= {FIRST.strip("/"): first, f"{COMMANDS}/hm-mark": mark, f"{FOLDER}/plan": plan(settings, root, has_libraries)}
    return roots.laid_over(base, roots.archive(files, root))
