#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Who includes whose headers.

usage: includes.py [FOLDER]

FOLDER holds the sources; default: the tree that this file is in.

- Hosts include <amdiommu/...> and headers of their own folder.
- A room, lib/ROOM, includes "..." of its own folder, and <ROOM/...> or
  <amdiommu/...> of rooms to its left.
- <ROOM/...> is lib/include/ROOM: what a room shows to others. A header in
  lib/ROOM is private to it.
- Public headers include public headers.
"""
import os
import re
import sys

# From left to right; those of one row know each other. docs/architecture.md
ORDER = [('amdvi',), ('common',), ('dump',), ('kernel',), ('state',),
         ('incidents',), ('evidence',), ('owner',), ('exposure', 'marks'),
         ('content',), ('verdict',), ('analysis',), ('report',)]
RANK = {room: i for i, row in enumerate(ORDER) for room in row}
# The rooms of public headers.
PUBLIC = {
    'common': ('display.h', 'error.h', 'finding.h', 'findings.def',
               'fact.h', 'facts.def', 'newfile.h',
               'pfnset.h'),
    'dump': ('dump.h', 'fileio.h', 'headers.h'),
    'kernel': ('drivers.def', 'fields.h', 'layout.h'),
    'state': ('bdf.h', 'record.h'),
    'exposure': ('reasons.def', 'verdict.h'),
    'marks': ('marks.h',),
    'analysis': ('analysis.h',),
    'report': ('commands.def', 'progress.h', 'report.h'),
}
ROOM_OF = {name: room for room, names in PUBLIC.items() for name in names}
HOSTS = ('tools', 'extensions', 'makedumpfile-plugin')
# The command and the wrapper that has its place beside it.
SHARED = {'tools': ('makedumpfile-plugin',)}
INCLUDE = re.compile(r'^\s*#\s*include\s+([<"])([^>"]+)[>"]', re.M)


def sources(*folders):
    for folder in folders:
        for path, _, names in os.walk(folder):
            for name in sorted(names):
                if name.endswith(('.c', '.h', '.def')):
                    yield os.path.join(path, name)


def is_ours(name):
    return name.split('/')[0] in RANK or name.startswith('amdiommu/')


def room_of(name):
    """Of <name>; None: a public header that no room has."""
    first, rest = name.split('/', 1)
    return ROOM_OF.get(rest) if first == 'amdiommu' else first


def fault_in_room(room, path, quote, name):
    if quote == '"':
        at = os.path.normpath(os.path.join(os.path.dirname(path), name))
        beside = os.path.join('lib', room, name)
        if at.startswith(f'lib/{room}/') and os.path.exists(at) or \
                os.path.exists(beside):
            return None
        return 'is not a header of this room'
    if not is_ours(name):
        return None
    if room_of(name) is None:
        return 'is a public header of no room: name its room in includes.py'
    if RANK[room_of(name)] > RANK[room]:
        return f'is of a room to the right of {room}'
    return None


def fault_in_public(quote, name):
    if quote == '<' and (name.startswith('amdiommu/') or not is_ours(name)):
        return None
    return 'is not a public header'


def fault_in_host(host, quote, name):
    if quote == '<':
        return fault_in_public(quote, name)
    folders = (host, *SHARED.get(host, ()))
    if any(os.path.exists(os.path.join(f, name)) for f in folders):
        return None
    return f'is not a header of {host}'


def fault(path, quote, name):
    parts = path.split(os.sep)
    if parts[0] == 'include':
        return fault_in_public(quote, name)
    if parts[0] in HOSTS:
        return fault_in_host(parts[0], quote, name)
    room = parts[2] if parts[1] == 'include' else parts[1]
    return fault_in_room(room, path, quote, name)


def main():
    passed = failed = 0
    os.chdir(sys.argv[1] if len(sys.argv) > 1 else
             os.path.join(os.path.dirname(os.path.abspath(__file__)), '..'))
    for path in sources('include', 'lib', *HOSTS):
        with open(path, encoding='utf-8') as f:
            text = f.read()
        for quote, name in INCLUDE.findall(text):
            why = fault(path, quote, name)
            if why:
                print(f'{path}: {quote}{name} {why}')
                failed += 1
            else:
                passed += 1
    print(f'{passed} passed, {failed} failed')
    return 1 if failed or not passed else 0


if __name__ == '__main__':
    sys.exit(main())
