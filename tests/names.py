#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Each name that leaves its file begins with a prefix of its room, and no static
function whose name is one word stands in two files.

usage: names.py OBJECT...

OBJECT: .../lib/ROOM/FILE.o. The prefixes: docs/contributing.md. Static functions
are looked for in the sources: a compiler leaves few of their names.
"""
import collections
import glob
import os
import re
import subprocess
import sys

# Public names begin with ami_ (the analysis) or amdvi_ (the hardware's formats).
PUBLIC = ('ami_', 'amdvi_')
PREFIX = {
    'amdvi': (),
    'analysis': ('analysis_',),
    'common': ('pfn_',),
    'content': ('content_',),
    'dump': ('dump_', 'elf_', 'kdump_', 'flattened_', 'file_', 'ramlist_',
             'unpack_', 'unpacker_', 'vmcoreinfo_'),
    'evidence': ('bnxt_', 'evidence_', 'hba_', 'intel_', 'mlx5_', 'nic_',
                 'reader_', 'reading_', 'vring_', 'xhci_'),
    'exposure': ('exposure_',),
    'incidents': ('incidents_',),
    'kernel': ('kernel_', 'btf_', 'kallsyms_', 'modules_', 'vmlinux_'),
    'marks': ('marks_', 'carrier_'),
    'owner': ('owner_',),
    'report': ('report_', 'view_', 'json_', 'html_', 'answer_'),
    'state': ('state_',),
    'verdict': ('verdict_',),
}


STATIC = re.compile(r'^static\s[\w\s*]*?\b([a-z0-9]+)\(', re.M)
TOP = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))


def one_words():
    """static functions with a name of one word -> the files that have one"""
    files = collections.defaultdict(set)
    for folder in ('lib', 'tools', 'extensions', 'makedumpfile-plugin'):
        for path in glob.glob(f'{TOP}/{folder}/**/*.[ch]', recursive=True):
            with open(path, encoding='utf-8') as f:
                for name in STATIC.findall(f.read()):
                    files[name].add(os.path.relpath(path, TOP))
    return files


def room_of(path):
    parts = path.split(os.sep)
    return parts[len(parts) - 1 - parts[::-1].index('lib') + 1]


def main():
    passed = failed = 0
    for path in sys.argv[1:]:
        room = room_of(path)
        allowed = PUBLIC + PREFIX[room]
        out = subprocess.run(['nm', '--defined-only', path], text=True,
                             stdout=subprocess.PIPE, check=True).stdout
        names = [line.split()[2] for line in out.splitlines()
                 if line.split()[1] in 'TDBRC']
        bad = [name for name in names if not name.startswith(allowed)]
        for name in bad:
            print(f'{path}: {name} has no prefix of lib/{room}')
        failed += len(bad)
        passed += len(names) - len(bad)
    for name, files in sorted(one_words().items()):
        if len(files) > 1:
            print(f'{name}() is in {", ".join(sorted(files))}')
            failed += 1
        else:
            passed += 1
    print(f'{passed} passed, {failed} failed')
    return 1 if failed or not passed else 0


if __name__ == '__main__':
    sys.exit(main())
