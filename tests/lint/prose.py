# SPDX-License-Identifier: BSD-2-Clause
"""Prose of the documentation: what can be checked by a program.

prose.py [FILE...] checks these files, or every Markdown file that git knows, and prints FILE:LINE: what is wrong.

- A sentence has at most 30 words; a piece of code, a link's text and a table's cell count as what a reader sees.
- A line has at most 120 columns; rows of tables and addresses, which cannot be broken, are exempt.
- A section has content.
- Links lead to files and headings that exist.
- A file that the text names by its folder exists.
- A function that the text names, as `f()`, exists, and stands in the file that follows it: `f()` (`file.c`).  So do names
  with a prefix of ours, as `HM_EXIT_MMIO`.
- A `make` line in a block of code names a target, options and values that exist.
"""

import functools
import pathlib
import re
import subprocess
import sys

import commands

ROOT = pathlib.Path(__file__).resolve().parents[2]
MAX_WORDS = 30
MAX_COLUMNS = 120

CODE_SPAN = re.compile(r"(`+)(.+?)\1")
LINK = re.compile(r"\[([^\]]*)\]\(([^)\s]+)\)")
HEADING = re.compile(r"(#+) (.*)")
ITEM = re.compile(r"\s*([-*]|\d+\.) +")
SENTENCE_END = re.compile(r"(?<=[.!?])[\")*]*\s+(?=[\"(*`]*(?:[A-Z0-9`]|hmcode\b|host-hv\b))|(?<=:)\s+(?=[A-Z])")
NO_END = re.compile(r"\b(e\.g|i\.e|cf|vs|No|Fig)\.\s+", re.IGNORECASE)


# ---- what a page consists of ----

class Block:
    """A heading, a paragraph, an item, a row's cell or a line of code, and the line where it begins."""

    def __init__(self, kind, line, text):
        self.kind, self.line, self.text = kind, line, text


def cells(line):
    """The cells of a table's row; a bar in a piece of code separates nothing."""
    hidden = CODE_SPAN.sub(lambda span: span[0].replace("|", "\0"), line.strip().strip("|"))
    return [cell.replace("\0", "|").strip() for cell in hidden.replace("\\|", "\0").split("|")]


class Reader:
    """Takes a page's lines one by one."""

    def __init__(self):
        self.blocks, self.open, self.fenced, self.comment = [], None, False, False

    def add(self, kind, number, text):
        self.blocks.append(Block(kind, number, text))
        return self.blocks[-1]

    def begin(self, kind, number, text):
        self.open = self.add(kind, number, text)

    def is_code(self, line):
        if line.lstrip().startswith("```"):
            self.fenced = not self.fenced
            return True
        indented = line.startswith("    ") and (self.open is None or self.open.kind == "code")
        return self.fenced or indented

    def is_comment(self, line):
        """HTML comments, which hold the licence."""
        before, self.comment = self.comment, (self.comment or line.startswith("<!--")) and "-->" not in line
        return before or line.startswith("<!--")

    def take(self, number, line):
        heading = HEADING.match(line)
        if self.is_comment(line):
            self.open = None
        elif self.is_code(line):
            self.begin("code", number, line.strip())
        elif not line.strip():
            self.open = None
        elif heading:
            self.add("heading", number, heading[2])
            self.open = None
        elif line.lstrip().startswith("|"):
            self.take_row(number, line)
        elif ITEM.match(line):
            self.begin("item", number, ITEM.sub("", line, count=1))
        elif self.open and self.open.kind in ("paragraph", "item"):
            self.open.text += " " + line.strip()
        else:
            self.begin("paragraph", number, line.strip())

    def take_row(self, number, line):
        for cell in cells(line):
            if not re.fullmatch(r":?-+:?", cell):
                self.add("cell", number, cell)
        self.open = None


def blocks(text):
    reader = Reader()
    for number, line in enumerate(text.splitlines(), 1):
        reader.take(number, line)
    return reader.blocks


# ---- sentences and lines ----

def as_read(text):
    """A piece of code is one word, whatever it holds; of a link its text counts."""
    text = CODE_SPAN.sub("`x`", text)
    return LINK.sub(lambda link: link[1] or "x", text)


def sentences(text):
    return SENTENCE_END.split(NO_END.sub(lambda found: found[0].rstrip() + "\u00a0", as_read(text)))


def words(sentence):
    return [word for word in sentence.split() if re.search(r"\w", word)]


def long_sentences(page):
    for block in page.blocks:
        if block.kind in ("code", "heading"):
            continue
        for sentence in sentences(block.text):
            count = len(words(sentence))
            if count > MAX_WORDS:
                yield block.line, f"a sentence of {count} words: {' '.join(sentence.split()[:8])} ..."


def long_lines(page):
    for number, line in enumerate(page.text.splitlines(), 1):
        exempt = line.lstrip().startswith("|") or re.match(r"\S*\s*<?https?://\S+$", line.strip())
        if len(line) > MAX_COLUMNS and not exempt:
            yield number, f"a line of {len(line)} columns"


# ---- sections ----

def empty_sections(page):
    """A heading that no text follows; one that begins with its parts needs a sentence as well."""
    for block, following in zip(page.blocks, page.blocks[1:] + [None]):
        if block.kind == "heading" and (following is None or following.kind == "heading"):
            yield block.line, f"an empty section: {block.text}"


# ---- links ----

def anchor(heading):
    """What a heading is called in an address, as GitHub and GitLab do it."""
    plain = LINK.sub(lambda link: link[1], heading).replace("`", "")
    return re.sub(r"[^\w\- ]", "", plain.lower()).strip().replace(" ", "-")


@functools.lru_cache(maxsize=None)
def anchors(path):
    return {anchor(block.text) for block in blocks(path.read_text()) if block.kind == "heading"}


def dead_links(page):
    for block in page.blocks:
        if block.kind == "code":
            continue
        text = CODE_SPAN.sub("`x`", block.text)
        if "](" in LINK.sub("", text):
            yield block.line, "a link that is none: its target has a blank or no end"
        for _, target in LINK.findall(text):
            if re.match(r"[a-z]+:", target):
                continue
            name, _, fragment = target.partition("#")
            path = (page.path.parent / name) if name else page.path
            if not path.exists():
                yield block.line, f"there is no {target}"
            elif fragment and fragment not in anchors(path):
                yield block.line, f"{name or 'this page'} has no heading #{fragment}"


# ---- commands ----

def wrong_commands(page):
    for block in page.blocks:
        if block.kind == "code":
            wrong = commands.wrong(block.text)
            if wrong:
                yield block.line, f"{block.text}: {wrong}"


# ---- files that the text names ----

@functools.lru_cache(maxsize=None)
def tree():
    """Every file, with a slash before each of its folders' names."""
    return "\n".join("/" + str(path.relative_to(ROOT)) for path in ROOT.rglob("*.*") if path.is_file()) + "\n"


def missing_files(page):
    """A path with a folder, as `trap/route.c`, is the end of a file's."""
    for block in page.blocks:
        for _, span in [] if block.kind == "code" else CODE_SPAN.findall(block.text):
            if re.fullmatch(r"[a-z][\w.-]*(/[\w.-]+)+\.(c|h|S|py|md|pml)", span) and "NAME" not in span and \
                    f"/{span}\n" not in tree():
                yield block.line, f"there is no file {span}"


# ---- functions and other names of the code ----

SOURCES = ("hmcode", "host-hv", "tests", "qemu-platform", "guest-linux-patches")
COMMENT = re.compile(r"/\*.*?\*/|^\s*#(?! *define)[^\n]*", re.DOTALL | re.MULTILINE)
FUNCTION = re.compile(r"(?<![\w.>])([A-Za-z_]\w+)\(\)")
OURS = re.compile(r"(?:hm|ssp|tsp|shadow|hart|HM|SSP|TSP)_\w+")
PLACE = re.compile(r"`(\w+)\(\)` (?:\(|in )`([\w/.-]+\.[chS])`")
# At the beginning of a line in C, behind #define or def, and of shell: what is declared or defined.
DEFINED = re.compile(r"^\+?(?:[A-Za-z_][\w *]*[ *])?(\w+)\(|#\s*define\s+(\w+)\(|^ *def (\w+)\(", re.MULTILINE)
# Linux's, OpenSBI's, QEMU's and the C library's.
OTHERS = {"rtc_does_wakealarm", "device_init_wakeup", "BIT", "sbi_init", "mmu_lookup", "qsort", "ioctl", "clock_gettime"}


def is_source(path):
    return path.is_file() and path.suffix != ".md" and not {"build", "__pycache__"} & set(path.parts)


@functools.lru_cache(maxsize=None)
def code():
    """Path from the top -> what of a file is no comment.  Series of patches are code as well."""
    found = {}
    for path in (path for top in SOURCES for path in sorted((ROOT / top).rglob("*")) if is_source(path)):
        try:
            text = path.read_text()
        except UnicodeDecodeError:
            continue
        # A patch shows comments by halves.
        found[str(path.relative_to(ROOT))] = text if path.suffix == ".patch" else COMMENT.sub("", text)
    return found


@functools.lru_cache(maxsize=None)
def names():
    """(functions and macros that are declared, all words)."""
    text = re.sub(r"__attribute__\s*\(\(.*\)\) ?", "", "\n".join(code().values()))
    declared = {name for found in DEFINED.findall(text) for name in found if name}
    return declared | OTHERS, set(re.findall(r"\w+", text))


def missing_names(page):
    if page.path.name == "CHANGES.md":      # tells of what is gone, too
        return
    functions, words_of_code = names()
    for block in page.blocks:
        spans = [block.text] if block.kind == "code" else [span for _, span in CODE_SPAN.findall(block.text)]
        for span in spans:
            for name in FUNCTION.findall(span):
                if name not in functions:
                    yield block.line, f"there is no function {name}()"
            if OURS.fullmatch(span) and span not in words_of_code:
                yield block.line, f"there is no {span}"


def misplaced_names(page):
    """A function is named with a file that has it."""
    for block in page.blocks:
        for name, file in PLACE.findall(block.text):
            if not any(f"/{path}".endswith(f"/{file}") and re.search(rf"\b{name}\b", text)
                       for path, text in code().items()):
                yield block.line, f"{file} has no {name}()"


CHECKS = (long_sentences, long_lines, empty_sections, dead_links, wrong_commands, missing_files, missing_names,
          misplaced_names)


class Page:
    """A Markdown file."""

    def __init__(self, path):
        self.path, self.text = path, path.read_text()
        self.blocks = blocks(self.text)


def faults(path):
    """(line, what is wrong) of a file, in the order of its lines."""
    page = Page(path)
    return sorted(fault for check in CHECKS for fault in check(page))


def pages():
    """Every Markdown file, but those of patch series that follow the rules of other projects."""
    listed = subprocess.run(["git", "ls-files", "-z", "*.md"], cwd=ROOT, capture_output=True, text=True, check=False)
    names = listed.stdout.split("\0") if listed.returncode == 0 else map(str, ROOT.rglob("*.md"))
    return sorted(ROOT / name for name in names if name and "/build/" not in name)


def main(names):
    found = 0
    for path in [pathlib.Path(name).resolve() for name in names] or pages():
        for line, what in faults(path):
            print(f"{path.relative_to(ROOT) if path.is_relative_to(ROOT) else path}:{line}: {what}")
            found += 1
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
