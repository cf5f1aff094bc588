# SPDX-License-Identifier: BSD-2-Clause
"""Programs of the user's own: what is refused before anything boots, what is laid into the guest, what is made of the end."""

import base64
import os
import pathlib
import struct
import subprocess
import zlib

import pytest

from hmode import cli, elf, machine, outcome, program, root as roots, tree
from hmode.messages import Failed, Refused
from hmode.settings import Settings, take
import test_options

nothing_given = test_options.nothing_given      # a fixture for all tests here as well
GCC = elf.tool("gcc")
SOURCE = "int puts(const char *); int main(void) { return !puts(\"hello\"); }\n"


def elf_head(machine_number, kind=b"\x02\x01"):
    return struct.pack("<4s2s10xHH", b"\x7fELF", kind, 2, machine_number).ljust(64, b"\0")


def compile_to(path, *words, text=SOURCE):
    subprocess.run([GCC, "-o", path, "-x", "c", "-", *words], input=text, text=True, check=True)
    return path


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """Programs by what they are; `uses` needs libouter.so, which needs libinner.so."""
    folder = tmp_path_factory.mktemp("built")
    compile_to(folder / "static", "-static")
    compile_to(folder / "dynamic")
    compile_to(folder / "object", "-c")
    compile_to(folder / "lost", "-Wl,--dynamic-linker=/lib/ld-lost.so.1")
    libs = folder / "libs"
    libs.mkdir()
    compile_to(libs / "libinner.so", "-shared", "-fPIC", text="int inner(void) { return 1; }")
    compile_to(libs / "libouter.so", "-shared", "-fPIC", f"-L{libs}", "-linner", text="int inner(void); int outer(void) { return inner(); }")
    compile_to(folder / "uses", f"-L{libs}", "-louter", f"-Wl,-rpath-link,{libs}", text="int outer(void); int main(void) { return outer(); }")
    return folder


@pytest.fixture
def root(tmp_path):
    """One as small as ours: busybox and its links."""
    folder = tmp_path / "root"
    (folder / "bin").mkdir(parents=True)
    (folder / "bin/busybox").write_bytes(b"")
    for name in ("sh", "env"):
        (folder / "bin" / name).symlink_to("busybox")
    return roots.Root(folder)


def refusal(root, path, **given):
    with pytest.raises(Refused) as caught:
        program.all_files(Settings({"PROGRAM": str(path)} | given), root)
    assert str(caught.value).startswith(f"PROGRAM={path} ") and caught.value.remedy
    return f"{caught.value} | {caught.value.remedy}"


# ---- what is refused ----

@pytest.mark.parametrize("content, text", [
    (b"", "is empty | a program for riscv64"),
    (b"echo hello\n", "is neither an ELF program nor a script that begins with #! | a program for riscv64"),
    (elf_head(62), f"is an ELF file for x86-64, not for 64-bit RISC-V | what {GCC} makes"),
    (elf_head(183), "for AArch64, not"),
    (elf_head(999), "for another machine, not"),
    (elf_head(243, b"\x01\x01"), "not for 64-bit RISC-V"),
    (elf_head(243, b"\x02\x02"), "not for 64-bit RISC-V"),
    (elf_head(243)[:40], "is truncated"),
    (elf_head(243)[:20] + bytes(12) + struct.pack("<QQIHHHHHH", 1 << 40, 1 << 40, 0, 64, 56, 9, 64, 9, 1), "is a broken ELF file"),
    (b"#!\n", "is a script that names no interpreter behind #! | #!/bin/sh, as its first line"),
    (b"#!/bin/bash\n", "is a script for '/bin/bash', which the guest has not | #!/bin/sh, which is busybox's"),
    (b"#!/bin/sh\r\n", r"is a script for '/bin/sh\r', which the guest has not"),
    (b"#!/usr/bin/env python3\n", "is a script for '/usr/bin/env', which the guest has not"),
    (b"#!/bin/env python3\n", "is a script for 'python3', which the guest has not"),
])
def test_content_that_no_guest_runs(root, tmp_path, content, text):
    (tmp_path / "x").write_bytes(content)
    assert text in refusal(root, tmp_path / "x")


@pytest.mark.parametrize("make, text", [
    (lambda path: None, "is not there"), (os.mkdir, "is a folder | a program in it"), (os.mkfifo, "is no regular file")])
def test_what_is_no_file(root, tmp_path, make, text):
    make(tmp_path / "x")
    assert text in refusal(root, tmp_path / "x")


def test_a_file_that_may_not_be_read(root, tmp_path, monkeypatch):
    def refuse(*_):
        raise PermissionError(13, "Permission denied")

    (tmp_path / "a b").write_bytes(b"#!/bin/sh\n")
    monkeypatch.setattr(pathlib.Path, "open", refuse)
    assert f"cannot be read: Permission denied | chmod +r '{tmp_path}/a b'" in refusal(root, tmp_path / "a b")


@pytest.mark.parametrize("name, given, text", [
    ("object", {}, "is an object file, not yet linked"),
    ("libs/libinner.so", {}, "is no program but a shared library"),
    ("uses", {}, "needs the library libouter.so, which neither LIBS, the guest's root nor the cross compiler has | LIBS=folder"),
    ("lost", {}, "needs the library /lib/ld-lost.so.1, its interpreter, which neither"),
])
def test_what_lacks_something(root, built, name, given, text):
    assert text in refusal(root, built / name, **given)


def test_a_library_for_a_library_is_missing(root, built, tmp_path):
    (tmp_path / "libouter.so").write_bytes((built / "libs/libouter.so").read_bytes())
    assert "needs the library libinner.so for libouter.so, which neither" in refusal(root, built / "uses", LIBS=str(tmp_path))


def test_a_library_for_another_machine(root, built, tmp_path):
    (tmp_path / "libouter.so").write_bytes(elf_head(62))
    assert f"{tmp_path}/libouter.so is an ELF file for x86-64" in refusal(root, built / "uses", LIBS=str(tmp_path))


def test_a_c_file_that_does_not_compile(root, tmp_path, monkeypatch):
    monkeypatch.setattr(tree, "BUILD", tmp_path / "build")
    (tmp_path / "x.c").write_text("int main(void) { return nothing; }\n")
    text = refusal(root, tmp_path / "x.c")
    assert "does not compile" in text and "'nothing' undeclared" in text


def test_without_the_tools_it_is_looked_at_later(built, root, monkeypatch):
    """On a new machine options are looked at before the tools are installed."""
    monkeypatch.setenv("CROSS_COMPILE", "nowhere-")
    for name in ("uses", "x.c"):
        (built / "x.c").write_text(SOURCE)
        assert program.all_files(Settings({"PROGRAM": str(built / name)}), None) == {}
    with pytest.raises(Failed, match="the tool 'nowhere-gcc' is missing"):
        program.all_files(Settings({"PROGRAM": str(built / "x.c")}), root)


def test_the_launcher_ends_with_2_before_anything_boots(tmp_path, capsys):
    for command in ("run", "tour", "measure"):
        assert cli.main(["options", command, f"PROGRAM={tmp_path}/none"]) == 2
        assert f"hmode: PROGRAM={tmp_path}/none is not there\n       there is: " in capsys.readouterr().err
    (tmp_path / "x").write_text("#!/bin/sh\n")
    assert cli.main(["options", "tour", f"PROGRAM={tmp_path}/x", "LIBS=/nowhere"]) == 2
    assert "LIBS=/nowhere is no folder" in capsys.readouterr().err
    assert cli.main(["options", "tour", f"PROGRAM={tmp_path}/x"]) == 0


# ---- a list ----

def refused_list(folder, text):
    (folder / "list").write_text(text)
    with pytest.raises(Refused) as caught:
        Settings({"LIST": str(folder / "list")})
    return f"{caught.value} | {caught.value.remedy}".removeprefix(f"LIST={folder}/list")


@pytest.mark.parametrize("text, why", [
    ("", " names no program | a name and a command"), ("# a b\n\n", " names no program"),
    ("a ./x\n\nb\n", ", line 3: there is no name before a command | a name of at most 32 letters"),
    ("a/b ./x\n", ", line 1: there is no name"), ("a" * 33 + " ./x", ", line 1: there is no name"), ("'' ./x", "no name"),
    ("a 'b\n", ", line 1: no closing quotation"), ("a ./x\na ./y\n", " has the name a twice"),
    ("\n".join(f"n{number} ./x" for number in range(257)), ", line 257: these are too many programs | at most 256"),
])
def test_a_list_that_is_none(tmp_path, text, why):
    assert why in refused_list(tmp_path, text)


def test_a_list_that_is_not_there():
    with pytest.raises(Refused, match="LIST=/nowhere is not there"):
        Settings({"LIST": "/nowhere"})


def test_a_list_names_programs(tmp_path, root, monkeypatch):
    monkeypatch.chdir("/")
    (tmp_path / "list").write_text("# rows\none ./x 'a b' \"\" # and no more\n\ntwo deb:jq . --color=#fff ' # ' \\ #\nthree /x\n")
    settings = Settings({"LIST": str(tmp_path / "list"), "DEBS": "bc"})
    assert settings.measured == ["one", "two", "three"] and program.packages(settings) == ["bc", "jq"]
    assert [each.file for each in settings.programs] == [f"{tmp_path}/./x", "deb:jq", "/x"]
    assert settings.programs[1].arguments == (".", "--color=#fff", " # ", " #")
    assert settings.programs[0].arguments == ("a b", "") and settings.programs[2].place == "hmode/2/x"
    with pytest.raises(Refused, match=f"LIST={tmp_path}/list, line 2: {tmp_path}/./x is not there"):
        program.all_files(settings, root)


def taken(folder, text, *words):
    (folder / "list").write_text(text)
    return take([f"LIST={folder}/list", *words], quiet=True)


def test_a_list_has_options(tmp_path, monkeypatch):
    for name in ("DEBS", "MEM", "WARM", "LIBS", "ROOT"):
        monkeypatch.delenv(name, raising=False)
    text = "DEBS='jq bc' # what it needs\nMEM=1G\none ./x WARM=3\nLIBS=sub/libs\nWARM=0\n"
    given = taken(tmp_path, text)
    assert given == {"LIST": f"{tmp_path}/list", "DEBS": "jq bc", "MEM": "1G", "LIBS": f"{tmp_path}/sub/libs", "WARM": "0"}
    settings = Settings(given)
    assert settings.measured == ["one"] and settings.programs[0].arguments == ("WARM=3",)
    assert settings.mem == "1G" and settings.warm == 0 and program.packages(settings) == ["bc", "jq"]


def test_what_is_given_beside_a_list_wins(tmp_path, monkeypatch):
    monkeypatch.setenv("WARM", "")
    given = taken(tmp_path, "MEM=1G\nWARM=0\none ./x\n", "MEM=2G")
    assert given["MEM"] == "2G" and given["WARM"] == "0"


@pytest.mark.parametrize("text, why", [
    ("one ./x\nMODE=ssp\n", r"line 2: 'MODE=ssp' is no option of a list"), ("MEM=1G more\n", "line 1: 'MEM=1G more' is no option"),
    ("MEM=1G\nMEM=2G\n", "line 2: MEM is given twice"), ("DEBS='a\n", "line 1: no closing quotation"),
])
def test_options_that_a_list_cannot_have(tmp_path, text, why):
    with pytest.raises(Refused, match=why):
        taken(tmp_path, text)


# ---- what it needs ----

def test_a_static_program_needs_nothing(root, built):
    assert program.all_files(Settings({"PROGRAM": str(built / "static")}), root) == {"hmode/0/static": built / "static"}


def test_libraries_come_along(root, built):
    found = program.all_files(Settings({"PROGRAM": str(built / "uses"), "LIBS": str(built / "libs")}), root)
    assert {"hmode/0/uses", "lib/ld-linux-riscv64-lp64d.so.1", "hmode/lib/libouter.so", "hmode/lib/libinner.so",
            "hmode/lib/libc.so.6"} <= set(found)
    assert found["hmode/lib/libinner.so"] == built / "libs/libinner.so"


def test_a_c_file_is_compiled(root, tmp_path, monkeypatch):
    monkeypatch.setattr(tree, "BUILD", tmp_path / "build")
    (tmp_path / "x.c").write_text(SOURCE)
    settings = Settings({"PROGRAM": str(tmp_path / "x.c")})
    assert settings.measured == ["x"] and list(program.all_files(settings, root)) == ["hmode/0/x"]


# ---- how it comes into the guest ----

WORDS = ["a b", "", "100%", "\\n", "new\nline", "$HOME", "'\"", "*", "ä"]


def test_arguments_are_split_as_by_a_shell():
    text = """'a b' "" 100% '\\n' 'new\nline' '$HOME' "'"'"' '*' ä"""
    assert list(Settings({"PROGRAM": "x", "ARGS": text}).programs[0].arguments) == WORDS
    assert Settings({"PROGRAM": "x", "ARGS": "a # b"}).programs[0].arguments == ("a", "#", "b")


def test_the_plan_has_them_to_the_letter():
    texts = program.plan(Settings({"PROGRAM": "dir/x", "WARM": "3", "ARGS": "a 'b\nc' ''"}), None, True).split(b"\0")
    assert texts[0] == b"3" and b"LD_LIBRARY_PATH=/hmode/lib" in texts
    assert texts[-6:] == [b"4", b"/hmode/0/x", b"a", b"b\nc", b"", b""]


@pytest.mark.parametrize("file, name", [("./a.out", "a.out"), ("x/my program", "my_program"), ("ä", "_"), ("x.c", "x"), (".c", ".c")])
def test_a_row_has_the_name_of_the_file(file, name):
    assert Settings({"PROGRAM": file}).measured == [name]


@pytest.fixture
def base(tmp_path):
    """An archive of our root's form."""
    folder = tmp_path / "base"
    (folder / "bin").mkdir(parents=True)
    (folder / "bin/busybox").write_bytes(b"busybox")
    (folder / "bin/sh").symlink_to("busybox")
    made = subprocess.run(["cpio", "-o", "--format=newc", "--quiet"], input=b".\nbin\nbin/busybox\nbin/sh\n", cwd=folder, check=True,
                          capture_output=True)
    path = tmp_path / "base.cpio"
    path.write_bytes(made.stdout)
    return path


@pytest.fixture
def here(tmp_path, base, monkeypatch):
    monkeypatch.setattr(tree, "BUILD", tmp_path / "build")
    for folder in ("workloads", "guest"):
        (tree.BUILD / folder).mkdir(parents=True)
    (tree.BUILD / "guest/initramfs.cpio").write_bytes(base.read_bytes())
    (tree.BUILD / "workloads/program").write_bytes(b"first")
    (tree.BUILD / "workloads/hm-mark").write_bytes(b"mark")
    (tmp_path / "x").write_bytes(b"#!/bin/sh\necho hello\n")
    return tmp_path


def test_the_programs_lie_behind_the_root(here, base):
    settings = Settings({"PROGRAM": str(here / "x"), "ARGS": "a"})
    made = program.initrd(settings)
    before, after = made.read_bytes()[:base.stat().st_size], made.read_bytes()[base.stat().st_size:]
    assert before == base.read_bytes() and base.stat().st_size % 4 == 0
    (here / "out").mkdir()
    subprocess.run(["cpio", "-id", "--quiet"], input=after, cwd=here / "out", check=True)
    out = here / "out/hmode"
    assert sorted(path.name for path in out.iterdir()) == ["0", "bin", "init", "plan"]
    assert (out / "0/x").read_bytes() == (here / "x").read_bytes() and os.access(out / "0/x", os.X_OK)
    assert (out / "init").read_bytes() == b"first" and (out / "plan").read_bytes() == program.plan(settings, None, False)


def test_the_same_program_gives_the_same_archive(here):
    settings = Settings({"PROGRAM": str(here / "x")})
    first, content = program.initrd(settings), program.initrd(settings).read_bytes()
    first.unlink()
    os.utime(here / "x", (1, 1))
    assert program.initrd(settings) == first and first.read_bytes() == content
    assert program.initrd(Settings({"PROGRAM": str(here / "x"), "ARGS": "a"})) != first


def test_nothing_is_laid_without_the_guests_first_process(here):
    (tree.BUILD / "workloads/program").unlink()
    with pytest.raises(Failed, match="is not built"):
        program.initrd(Settings({"PROGRAM": str(here / "x")}))


def test_links_of_a_root_stay_within_it(tmp_path):
    (tmp_path / "usr/lib").mkdir(parents=True)
    (tmp_path / "usr/lib/libx.so.1").write_bytes(b"x")
    for link, target in [("lib", "usr/lib"), ("abs", "/usr/lib"), ("out", "../../../../etc"), ("loop", "loop"), ("usr/lib/libx.so", "libx.so.1")]:
        (tmp_path / link).symlink_to(target)
    root = roots.Root(tmp_path)
    assert all(root.has_file(path) for path in ("/lib/libx.so", "abs/libx.so.1", "abs/../lib/libx.so", "/../lib/libx.so"))
    assert not any(root.has_file(path) for path in ("out/passwd", "loop", "loop/x", "lib", "none"))


def test_a_folder_that_the_root_has_stays_as_it_is(tmp_path):
    """A folder over a link would replace it, and with it what lies behind."""
    (tmp_path / "usr/lib").mkdir(parents=True)
    (tmp_path / "lib").symlink_to("usr/lib")
    made = roots.archive({"lib/a": b"", "new/b": b""}, roots.Root(tmp_path))
    listed = subprocess.run(["cpio", "-it", "--quiet"], input=made, capture_output=True, check=True).stdout
    assert listed.split() == [b"lib/a", b"new", b"new/b"]


def test_the_kernel_starts_it(tmp_path):
    line = machine.command_line(Settings({"PROGRAM": "x", "ARGS": "secret", "APPEND": "more"}))
    assert line.endswith(" quiet rdinit=/hmode/init marks=1 more") and "secret" not in line and "hmwork" not in line


# ---- what becomes of it ----

def output(number, name, data, size=None, checksum=None):
    lines = [f"hmprog: {number} {name} {base64.b64encode(data[at:at + 57]).decode()}" for at in range(0, len(data), 57)]
    size, checksum = len(data) if size is None else size, zlib.crc32(data) if checksum is None else checksum
    return [*lines, f"hmprog: {number} {name}: {size} bytes, checksum {checksum:08x}"]


def console(out=b"hello\n", err=b"", end="status 0", marks=b"", **more):
    return "\r\n".join([*output(0, "out", out, **more), *output(0, "err", err), *output(0, "marks", marks), f"hmprog: 0 {end}", ""])


LONG = bytes(256 << 10)


def settled(tmp_path, text, mode="ssp", ok=True, **given):
    settings = Settings({"PROGRAM": "x", "MODE": mode} | given)
    results = [{"workload": "x", "mode": mode, "hm": settings.policy, "ok": ok}]
    return outcome.with_programs(settings, text, tmp_path / mode, results)[0]


@pytest.mark.parametrize("data", [b"", b"a", bytes(range(256)) * 3, b"\x1e{}\r\n\xff"])
def test_an_output_comes_as_it_was_written(tmp_path, data):
    result = settled(tmp_path, console(out=data, err=b"e"))
    assert result["ok"] is True and result["program"]["wrong"] is None
    assert pathlib.Path(result["program"]["stdout"]["file"]).read_bytes() == data
    assert pathlib.Path(result["program"]["stderr"]["file"]).read_bytes() == b"e"


def test_of_several_records_the_last_is_meant(tmp_path):
    """A program can write markers too."""
    settings = Settings({"PROGRAM": "x"})
    results = [{"workload": "x", "ok": True, "number": number} for number in range(2)]
    found = outcome.with_programs(settings, console(), tmp_path / "log", results)
    assert [each["number"] for each in found] == [1] and found[0]["ok"] is False
    assert "it gave 1 marks, of which 0 are named" in found[0]["program"]["wrong"]


def test_a_program_is_told_with_its_regions(tmp_path):
    settings = Settings({"PROGRAM": "x"})
    results = [{"workload": "x", "ok": True, "instructions": {"total": number}} for number in range(1, 4)]
    found = outcome.with_programs(settings, console(marks=b"+a\n-a\n"), tmp_path / "log", results)
    assert [(each["workload"], each["instructions"]["total"], "program" in each) for each in found] == [("x", 6, True), ("x/a", 2, False)]
    assert outcome.is_measured(settings, console(marks=b"+a\n-a\n").replace("marks:", "marked:"), results) == "x"


@pytest.mark.parametrize("end, wrong, status, number", [
    ("status 3", "exit status 3", 3, None), ("signal 11", "ended by SIGSEGV", None, "SIGSEGV"),
    ("status \u00b2", "exit status \u00b2", None, None), (f"status {'9' * 99}", f"exit status {'9' * 99}", None, None),
    ("signal 4", "ended by SIGILL, an instruction that the hart has not", None, "SIGILL"),
    ("signal 99", "ended by signal 99", None, "signal 99"),
    ("not begun: Exec format error", "cannot be started: Exec format error", None, None)])
def test_a_bad_end_is_wrong(tmp_path, end, wrong, status, number):
    result = settled(tmp_path, console(end=end))
    assert result["ok"] is False
    assert [result["program"][key] for key in ("wrong", "status", "signal")] == [wrong, status, number]
    with pytest.raises(outcome.Wrong):
        outcome.must_be_right([result])


@pytest.mark.parametrize("text, is_there", [
    (console(), True), ("", False), ("hmprog: 0 status 0\n", False), (console().replace("status", "stat"), False),
    (console(checksum=1), False), (console(size=3), False), (console(out=LONG, size=1 << 20), True),
    (console(size=1 << 20), False), (console().replace("aGVsbG8K", "aGVsb"), False)])
def test_what_came_torn_is_no_result(text, is_there):
    settings = Settings({"PROGRAM": "x"})
    assert (outcome.is_measured(settings, text, [{"workload": "x"}]) is None) == is_there
    assert outcome.is_measured(settings, console(), []) == "x"


@pytest.mark.parametrize("check, wrong", [
    ("grep -q '^hello$'", None), ("cat; exit 7", "CHECK found its output wrong (status 7)\nhello"), ("sleep 9", "still running after 1 seconds")])
def test_a_check_has_the_output(tmp_path, check, wrong):
    told = settled(tmp_path, console(), CHECK=check, TIMEOUT="1")["program"]["wrong"]
    assert told == wrong or wrong and wrong in told


def test_a_check_need_not_read_it(tmp_path, monkeypatch):
    """More than a pipe holds."""
    monkeypatch.setattr(cli, "execute", lambda *_: settled(tmp_path, console(out=bytes(200_000)), CHECK="true"))
    assert cli.main(["run"]) == 0


def test_a_check_needs_all_of_it(tmp_path):
    assert "CHECK needs all of its output" in settled(tmp_path, console(out=LONG, size=1 << 20), CHECK="true")["program"]["wrong"]


def test_outputs_are_compared_with_natives(tmp_path, capsys):
    results = [settled(tmp_path, console(out=b"same\nother\x1b\n"), "ssp"), settled(tmp_path, console(out=b"same\nmine\n"), "native"),
               settled(tmp_path, console(out=b"same\nmine\n"), "ssp-hm")]
    outcome.compare(results)
    assert [result["ok"] for result in results] == [False, True, True]
    with pytest.raises(outcome.Wrong) as caught:
        outcome.must_be_right(results)
    caught.value.show()
    said = capsys.readouterr().err
    assert "x in ssp: its output is not that of native" in said and "-mine" in said and "+other\\x1b" in said and "same" not in said


def test_what_differs_beyond_what_is_kept_is_noticed(tmp_path):
    results = [settled(tmp_path, console(out=LONG, size=1 << 20, checksum=number), mode) for number, mode in enumerate(("native", "ssp"))]
    outcome.compare(results)
    assert results[1]["program"]["wrong"] == \
        "its output is not that of native\nit differs behind the 262144 bytes that are kept; OUTPUT=1 keeps all"


@pytest.mark.parametrize("size, said", [(262145, "OUTPUT=1 keeps all"), ((5 << 20) + 1, "OUTPUT=6 keeps all"), (2 << 30, "OUTPUT=1024 keeps more")])
def test_the_option_that_keeps_an_output_is_one_that_there_is(size, said):
    assert outcome.more({"bytes": size}) == said


def test_a_check_takes_the_place_of_the_comparison(tmp_path):
    results = [settled(tmp_path, console(out=mode.encode()), mode, CHECK="true") for mode in ("native", "ssp")]
    outcome.compare(results)
    outcome.must_be_right(results)


def test_what_modes_have_in_common_is_told_once(tmp_path, capsys):
    results = [settled(tmp_path, console(end="status 3", err=b"a\noh no\n"), mode) for mode in ("native", "tsp")]
    capsys.readouterr()
    outcome.Wrong(results).show()
    assert capsys.readouterr().err.splitlines()[1:] == [
        "       x in native, tsp: exit status 3", "           it says: a", "           it says: oh no"]


@pytest.mark.parametrize("given, size, most", [({}, 262144, 262144), ({"OUTPUT": "1"}, 262144, 1 << 20), ({"OUTPUT": "3"}, 1 << 20, 3 << 20)])
def test_as_much_is_kept_as_the_guest_is_told_to_tell(tmp_path, given, size, most):
    settings = Settings({"PROGRAM": "x"} | given)
    assert program.plan(settings, None, False).split(b"\0")[1] == str(most).encode()
    results, text = [{"workload": "x", "ok": True}], console(out=bytes(size), size=4 << 20, checksum=1)
    assert (outcome.is_measured(settings, text, results) is None) == (size == most)


def test_what_is_not_kept_is_told(tmp_path, capsys):
    settled(tmp_path, console(out=LONG, size=1 << 21, checksum=1))
    settled(tmp_path, console(out=LONG))
    said = capsys.readouterr().err
    assert "the first 262144 of 2097152 bytes of x in" in said and " 262144 bytes of x in" in said


@pytest.mark.parametrize("file, name", [("./prog/", "prog"), ("a b.c", "a_b"), ("x" * 250, "x" * 64)])
def test_a_row_is_named_by_the_file(file, name):
    """As files are that lie beside LOG."""
    assert [each.name for each in Settings({"PROGRAM": file}).programs] == [name]
    assert not Settings({"PROGRAM": file}).programs[0].place.endswith("/")
