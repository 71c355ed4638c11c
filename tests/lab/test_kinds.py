#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The table of kinds of dumps in docs/verdict.md against dumps of the lab.

usage: test_kinds.py AMDIOMMU

Dumps that are not in the lab's cache are skipped, by name."""
import json
import os
import re
import subprocess
import sys
import unittest

import testing
from workdir import path

AMDIOMMU = os.path.abspath(sys.argv[1])
TABLE = os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', '..',
                     'docs', 'verdict.md')
# The first words of a row, and the lab's dumps of this kind. A row without any
# is tested on machines made by hand.
DUMPS = {
    'translated, strict': ['6.1-both', '6.12-both', '7.3-both'],
    'translated, lazy': ['6.1-fq', '7.3-fq'],
    '`iommu=pt`, all drivers have readers': ['6.1-pt', '7.3-pt'],
    '`iommu=pt`, a driver without': ['5.10-pt'],
    'identity for one device': [],      # tests/unit/test_policy.c
    'no IOMMU at work': ['6.1-off', '6.1-no-iommu', '7.3-no-iommu',
                         '6.1-intel-off', '6.1-no-iommu-sata-igb',
                         '6.1-no-iommu-virtio-net'],
    'an Intel IOMMU at work': ['6.1-intel', '7.3-intel'],
    'an Intel IOMMU with `iommu=pt`': ['6.1-intel-pt'],
    'v2 (guest) page tables': ['6.1-v2', '6.12-v2', '7.3-v2-5level'],
    'virtio without platform flag': ['6.1-bypass', '6.12-bypass', '7.3-bypass'],
    'filtered by a makedumpfile': ['7.3-bypass-d31'],
    'planted use after free': ['6.1-planted-freed'],
    'the same, its poison overwritten': ['6.1-poison-freed'],
    'invalidations that the IOMMU': ['6.1-pending150', '7.3-pending60'],
}


def rows():
    """{kind: (verdict, coverage, exit code, exit code with --strict)}"""
    with open(TABLE) as f:
        text = f.read().split('## Kinds of dumps')[1].split('\n## ')[0]
    found = {}
    for line in re.findall(r'^\| (?!dump|-)(.*) \|$', text, re.M):
        kind, verdict, coverage, code, strict = line.split(' | ')
        found[kind] = (verdict.strip('`'), coverage.strip('`'), int(code),
                       int(strict))
    return found


def result(dump):
    shown = subprocess.run([AMDIOMMU, 'report', '--json', dump],
                           stdout=subprocess.PIPE, check=True)
    report = json.loads(shown.stdout)
    codes = [subprocess.run([AMDIOMMU, 'check', *option, dump],
                            stdout=subprocess.DEVNULL, check=False).returncode
             for option in ([], ['--strict'])]
    return (report['verdict']['value'], report['coverage']['value'], *codes)


class Kinds(unittest.TestCase):
    def test_each_row_has_a_kind(self):
        for kind in rows():
            with self.subTest(kind=kind):
                self.assertEqual(
                    1, sum(kind.startswith(start) for start in DUMPS))
        self.assertEqual(len(rows()), len(DUMPS))

    def check_dump(self, kind, name):
        dump = os.path.join(path('out', name), 'vmcore')
        if not os.path.exists(dump):
            self.skipTest(f'{name} is not in the cache: lab.py run {name}')
        self.assertEqual(result(dump), kind)


def add_tests():
    for kind, expected in rows().items():
        for start, names in DUMPS.items():
            for name in names if kind.startswith(start) else ():
                setattr(Kinds, 'test_' + name.replace('.', '_'),
                        lambda self, expected=expected, name=name:
                        self.check_dump(expected, name))


if __name__ == '__main__':
    add_tests()
    sys.argv[1:] = sys.argv[2:]
    testing.main()
