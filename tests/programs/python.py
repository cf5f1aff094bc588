#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""python.py ROUNDS: words, sorting, big numbers, objects."""

import sys


class Node:
    def __init__(self, key):
        self.key, self.left, self.right = key, None, None

    def add(self, key):
        while True:
            side = "left" if key < self.key else "right"
            after = getattr(self, side)
            if after is None:
                setattr(self, side, Node(key))
                return
            self = after

    def walk(self):
        todo, node = [], self
        while todo or node:
            while node:
                todo.append(node)
                node = node.left
            node = todo.pop()
            yield node.key
            node = node.right


def numbers(count, seed):
    for _ in range(count):
        seed = (seed * 6364136223846793005 + 1442695040888963407) % 2 ** 64
        yield seed >> 33


def main(rounds):
    for at in range(rounds):
        keys = list(numbers(4000, at + 1))
        tree = Node(keys[0])
        for key in keys[1:]:
            tree.add(key)
        words = {}
        for key in keys:
            words.setdefault(f"{key % 997:03d}", []).append(str(key))
        text = " ".join(" ".join(sorted(words[word])) for word in sorted(words))
        print(at, sum(tree.walk()), sorted(keys) == list(tree.walk()), len(text), hex(pow(keys[0], keys[1], 2 ** 127 - 1)))


main(int(sys.argv[1]))
