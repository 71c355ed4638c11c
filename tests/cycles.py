#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""No file of lib/ needs another one that needs it, and none a room to its right.

usage: cycles.py OBJECT...

OBJECT: .../lib/ROOM/FILE.o. What a file needs is what its object leaves
undefined and another one defines. Files that need each other cannot be read or
tested one after the other. The order of the rooms: includes.py.
"""
import os
import subprocess
import sys

from includes import RANK


def file_of(path):
    """lib/ROOM/FILE.o, without what leads there"""
    parts = path.split(os.sep)
    return os.sep.join(parts[len(parts) - 1 - parts[::-1].index('lib'):])[:-2]


def room_of(file):
    return file.split(os.sep)[1]


def symbols(path):
    """Names that the object defines, and those that it needs."""
    out = subprocess.run(['nm', path], text=True, stdout=subprocess.PIPE,
                         check=True).stdout
    defined, needed = set(), set()
    for line in out.splitlines():
        kind, name = line.split()[-2:]
        if kind == 'U':
            needed.add(name)
        elif kind in 'TDBRC':
            defined.add(name)
    return defined, needed


def needs(paths):
    """file -> files that it needs, each with one name of what it needs"""
    table = {file_of(path): symbols(path) for path in paths}
    home = {name: file for file, (defined, _) in table.items()
            for name in defined}
    return {file: {home[name]: name for name in sorted(needed)
                   if name in home and home[name] != file}
            for file, (_, needed) in table.items()}


def knots(graph):
    """Sets of files that need each other (Tarjan), without recursion."""
    index, low, on, stack, found = {}, {}, set(), [], []
    for start in graph:
        work = [(start, iter(graph[start]))] if start not in index else []
        while work:
            at, left = work[-1]
            if at not in index:
                index[at] = low[at] = len(index)
                stack.append(at)
                on.add(at)
            for to in left:
                if to not in index:
                    work.append((to, iter(graph[to])))
                    break
                if to in on:
                    low[at] = min(low[at], index[to])
            else:
                work.pop()
                if work:
                    up = work[-1][0]
                    low[up] = min(low[up], low[at])
                if low[at] == index[at]:
                    cut = stack.index(at)
                    knot = stack[cut:]
                    del stack[cut:]
                    on -= set(knot)
                    if len(knot) > 1:
                        found.append(sorted(knot))
    return found


def main():
    graph = needs(sys.argv[1:])
    bad = 0
    for knot in knots(graph):
        bad += 1
        print(f'{len(knot)} files need each other:')
        for file in knot:
            for to in sorted(set(graph[file]) & set(knot)):
                print(f'  {file} needs {to} for {graph[file][to]}')
    for file, wanted in graph.items():
        for to, name in wanted.items():
            if RANK[room_of(to)] > RANK[room_of(file)]:
                bad += 1
                print(f'{file} needs {to} for {name}, in a room to its right')
    print(f'{len(graph) - bad if bad < len(graph) else 0} passed, {bad} failed')
    return 1 if bad or not graph else 0


if __name__ == '__main__':
    sys.exit(main())
