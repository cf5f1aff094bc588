# SPDX-License-Identifier: BSD-2-Clause
"""The rooms of a tree: who calls and who includes whom, and what of it goes against the order of docs/rooms.txt.

A call is a symbol that one object leaves undefined and another defines, whatever section uses it: an address that is
taken counts as a call, and so does a variable.  The linker's --wrap is followed: where __wrap_f is defined, f is that.
By hand:    python3 tests/unit/layers/layers.py hmcode build/hmcode
"""

import collections
import dataclasses
import os
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[3]
CROSS = os.environ.get("CROSS_COMPILE", "riscv64-linux-gnu-")
ASSEMBLY = re.compile(r"\b(?:asm|__asm|__asm__)\b")
# Comments and texts, or the names of macros and functions behind their definitions' beginnings.
NO_CODE = re.compile(r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"', re.DOTALL)
DEFINITION = re.compile(r"^#\s*define\s+(\w+)|^static (?:__)?(?:always_)?inline [\w *]*?(\w+)\(", re.MULTILINE)
INCLUDE = re.compile(r'^\s*#\s*include\s+(["<])([^">]+)[">]', re.MULTILINE)


@dataclasses.dataclass(frozen=True)
class Edge:
    """caller needs callee, both paths from the tree's top; what: a symbol, or None for an include."""
    caller: str
    callee: str
    what: str

    def __str__(self):
        verb = f"calls {self.what} of" if self.what else "includes"
        return f"{self.caller} ({room_of(self.caller)}) {verb} {self.callee} ({room_of(self.callee)})"


@dataclasses.dataclass
class Tree:
    """A tree of sources, and where they come from that are not below its top."""
    name: str
    top: pathlib.Path
    elsewhere: dict = dataclasses.field(default_factory=dict)   # room: folder
    paths: tuple = ()           # of #include, from the top
    generated: dict = dataclasses.field(default_factory=dict)   # header without a symbol: the room that it belongs to
    third_party: tuple = ()     # folders of objects that are nobody's room

    def folders(self):
        """Each room's folder, by its name."""
        own = {path.name: path for path in sorted(self.top.iterdir()) if path.is_dir()}
        return own | self.elsewhere

    def sources(self):
        """(path as the graph names it, file) of each C and assembler file and header."""
        found = [(path.name, path) for path in sorted(self.top.iterdir()) if path.suffix in (".c", ".h", ".S")]
        for room, folder in self.folders().items():
            found += [(f"{room}/{path.relative_to(folder)}", path) for path in sorted(folder.rglob("*"))
                      if path.suffix in (".c", ".h", ".S")]
        return dict(found)


def trees(root=ROOT):
    """The two trees of the project below root."""
    hmcode = root / "hmcode"
    return {
        "hmcode": Tree("hmcode", hmcode, paths=(".", "include", "metal", "ssp/flat"), generated={"offsets.h": "include"}),
        "host-hv": Tree("host-hv", root / "host-hv", elsewhere={"ssp": hmcode / "ssp", "include": hmcode / "include"},
                        paths=(".", "include", "ssp/flat", "tsp/flat"), third_party=("libfdt",)),
    }


def read_order(text=None):
    """{tree: {room: rank}}, ranks from the left; text: of docs/rooms.txt."""
    text = (ROOT / "docs" / "rooms.txt").read_text() if text is None else text
    order = {}
    for line in text.splitlines():
        if line.strip() and not line.startswith("#"):
            tree, rooms = line.split(":")
            order[tree.strip()] = {room.strip(): rank for rank, names in enumerate(rooms.split(">"))
                                   for room in names.split(",")}
    return order


def room_of(path):
    """The room of a path, or None for a file that stands outside all of them."""
    return path.split("/")[0] if "/" in path else None


def symbols(target):
    """(defined, undefined) symbols of one object that others can see."""
    listing = subprocess.run([CROSS + "nm", "-P", "-g", target], check=True, stdout=subprocess.PIPE, text=True).stdout
    defined, undefined = set(), set()
    for line in listing.splitlines():
        name, kind = line.split()[:2]
        (undefined if kind in "Uwv" else defined).add(name)
    return defined, undefined


def objects(tree, build):
    """{path of the source: object} of all that was built of the tree."""
    sources, found = tree.sources(), {}
    for target in sorted(build.rglob("*.o")):
        stem = target.relative_to(build).with_suffix("")
        if stem.parts[0] in tree.third_party:
            continue
        # A folder that was built in before may hold objects whose source was moved.
        found |= {str(stem) + suffix: target for suffix in (".c", ".S") if str(stem) + suffix in sources}
    return found


def needs(tree, build):
    """{source: symbols that it leaves undefined}, and {symbol: the source that defines it}."""
    tables = {source: symbols(target) for source, target in objects(tree, build).items()}
    owner = {name: source for source, (defined, _) in tables.items() for name in defined}
    wrapped = {name.removeprefix("__wrap_"): source for name, source in owner.items() if name.startswith("__wrap_")}
    return {source: undefined for source, (_, undefined) in tables.items()}, owner | wrapped


def calls(tree, build):
    """Edges between the tree's own objects."""
    undefined, owner = needs(tree, build)
    return [Edge(source, owner[name], name) for source, names in undefined.items() for name in sorted(names)
            if name in owner and owner[name] != source]


def includes(tree):
    """Edges of #include "..."; one that is found nowhere is an error."""
    sources, edges = tree.sources(), []
    for path, file in sources.items():
        for quote, name in INCLUDE.findall(file.read_text()):
            if quote == "<":
                continue
            beside = pathlib.PurePosixPath(path).parent
            candidates = [os.path.normpath(f"{folder}/{name}") for folder in (beside, *tree.paths)]
            target = next((candidate for candidate in candidates if candidate in sources), None)
            if target is None and name in tree.generated:
                target = f"{tree.generated[name]}/{name}"
            if target is None:
                raise LookupError(f"{path} includes {name}, which is in no room")
            edges.append(Edge(path, target, None))
    return edges


def against(edges, ranks):
    """Edges that lead to the left, or between rooms of one rank, or to or from no room at all."""
    def allowed(edge):
        caller, callee = ranks.get(room_of(edge.caller)), ranks.get(room_of(edge.callee))
        if caller is None or callee is None:
            return False
        return caller < callee or room_of(edge.caller) == room_of(edge.callee)
    return [edge for edge in edges if not allowed(edge)]


def instructions(headers):
    """Names of macros and inline functions of headers that are inline assembly, by themselves or by way of their own file."""
    names = set()
    for header in headers:
        text = NO_CODE.sub("", header.read_text())
        starts = list(DEFINITION.finditer(text)) if ASSEMBLY.search(text) else []
        bodies = {(start[1] or start[2]): text[start.end():end.start() if end else None]
                  for start, end in zip(starts, [*starts[1:], None])}
        found, more = set(), {name for name, body in bodies.items() if ASSEMBLY.search(body)}
        while more - found:
            found |= more
            word = re.compile(rf"\b(?:{'|'.join(sorted(found))})\b")
            more = {name for name, body in bodies.items() if word.search(body)}
        names |= found
    return names


def assembly(tree, names, rooms=("metal",), files=("core/offsets.c",)):
    """`path: word` of inline assembly, or of a name that is, in C files of the tree; rooms and files may have it."""
    forbidden = re.compile(rf"{ASSEMBLY.pattern}|\b(?:{'|'.join(sorted(names))})(?=\()")
    return [f"{path}: {word}" for path, file in tree.sources().items()
            if file.suffix != ".S" and room_of(path) not in rooms and path not in files
            for word in sorted(set(forbidden.findall(NO_CODE.sub("", file.read_text()))))]


# A field of the run page: read by hm_read(), its address, or assigned; else read in another way.
RUN_FIELD = re.compile(r"(hm_read\(\s*|&)?\b(?:\w+->)*run->(\w+)(?:\[[^\]]*\])?(?:\.\w+)?\s*(=(?!=))?")


def unread(tree):
    """`path: field` of reads of the run page that are none of hm_read()'s: the page may change between two of them."""
    return [f"{path}: {field}" for path, file in tree.sources().items() if file.suffix != ".S"
            for read, field, assigned in RUN_FIELD.findall(NO_CODE.sub("", file.read_text()))
            if not read and not assigned]


def homeless(tree, ranks):
    """Files in no room of the order."""
    return [path for path in tree.sources() if room_of(path) not in ranks]


def circles(edges):
    """Sets of files that call each other in a circle (Tarjan's strongly connected components)."""
    graph = collections.defaultdict(set)
    for edge in edges:
        graph[edge.caller].add(edge.callee)
    number, low, stack, found = {}, {}, [], []

    def visit(node):
        number[node] = low[node] = len(number)
        stack.append(node)
        for target in sorted(graph[node]):
            if target not in number:
                visit(target)
                low[node] = min(low[node], low[target])
            elif target in stack:
                low[node] = min(low[node], number[target])
        if low[node] == number[node]:
            circle = stack[stack.index(node):]
            del stack[stack.index(node):]
            if len(circle) > 1:
                found.append(sorted(circle))
    for node in sorted(graph):
        if node not in number:
            visit(node)
    return found


def faults(tree, ranks, build):
    """All that is wrong with a tree, a line each."""
    edges = calls(tree, build)
    wrong = [f"{path} is in no room" for path in homeless(tree, ranks)]
    wrong += [str(edge) for edge in against(edges + includes(tree), ranks)]
    return wrong + ["circle: " + ", ".join(circle) for circle in circles(edges)]


def main(name, build):
    """Print all that is wrong with one tree; its exit status."""
    wrong = faults(trees()[name], read_order()[name], pathlib.Path(build))
    print("\n".join(wrong or [f"{name}: no call and no include to the left, and no circle"]))
    return bool(wrong)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
