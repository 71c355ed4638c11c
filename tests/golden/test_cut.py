#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""A dump that breaks off says so everywhere, and never looks better than whole.

usage: test_cut.py AMDIOMMU SAMPLE
"""
import json
import os
import struct
import subprocess
import sys
import tempfile
import unittest

import counted

TOOL, SAMPLE = sys.argv[1:3]
PERCENT = (10, 20, 30, 40, 50, 60, 70, 80, 90, 95, 99)
# From what may be trusted most to what says nothing.
RANK = ('trusted', 'exposed', 'suspect', 'corrupt', 'unknown')


def run(*args):
    return subprocess.run([TOOL, *args], text=True, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, check=False)


def flattened(data):
    """makedumpfile -F: records for an offset each, then an end mark"""
    found = b'makedumpfile'.ljust(16, b'\0') + struct.pack('>2q', 1, 1)
    found = found.ljust(4096, b'\0')
    for at in range(0, len(data), 65536):
        part = data[at:at + 65536]
        found += struct.pack('>2q', at, len(part)) + part
    return found + struct.pack('>2q', -1, -1)


class Cut(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        self.path = os.path.join(self.folder.name, 'vmcore')
        with open(SAMPLE, 'rb') as f:
            self.whole = f.read()
        self.rank = RANK.index(self.check(self.whole)[1])

    def check(self, data):
        """(exit code, verdict, first reason) of `check --json`"""
        with open(self.path, 'wb') as f:
            f.write(data)
        done = run('check', '--json', self.path)
        found = json.loads(done.stdout)['verdict']
        return done.returncode, found['value'], found['reasons'][0]['text']

    def cuts(self, data):
        for percent in PERCENT:
            with self.subTest(percent=percent):
                code, verdict, reason = self.check(
                    data[:len(data) * percent // 100])
                # A flattened one whose headers are gone "ends within" them.
                self.assertRegex(reason, 'truncated|ends |breaks off')
                self.assertGreaterEqual(RANK.index(verdict), self.rank)
                self.same_code(code)
                if code < 64:
                    self.everywhere()

    def same_code(self, code):
        """`check` and the others agree on what is an error."""
        other = run('report', self.path).returncode
        self.assertEqual(other, code if code >= 64 else 0)

    def everywhere(self):
        """In text, JSON and the answer on a page"""
        for args in ('report',), ('check',), ('report', '--bug'):
            self.assertRegex(run(args[0], self.path, *args[1:]).stdout,
                             '(?i)truncated|NOT COMPLETE', args)
        self.assertIn('truncated', run('who', self.path, '100000').stdout)
        shown = json.loads(run('who', '--json', self.path, '100000').stdout)
        self.assertTrue(shown['truncated'])
        shown = json.loads(run('report', '--json', self.path).stdout)
        self.assertTrue(shown['dump']['truncated'])
        self.assertIn('dump-truncated',
                      [f['code'] for f in shown['findings']])

    def test_whole(self):
        shown = run('who', '--json', SAMPLE, '100000').stdout
        self.assertFalse(json.loads(shown)['truncated'])
        self.assertNotIn('dump-truncated', run('report', SAMPLE).stdout)

    def test_kdump(self):
        self.cuts(self.whole)

    def test_flattened(self):
        self.cuts(flattened(self.whole))

    def test_flattened_without_its_end(self):
        """All of the dump is there, but nobody knows that."""
        code, verdict, reason = self.check(flattened(self.whole)[:-16])
        self.assertIn('truncated', reason)
        self.assertEqual((RANK[self.rank], code < 64), (verdict, True))

    def test_incomplete(self):
        """makedumpfile's own flag, as it sets it on a full disk"""
        data = bytearray(self.whole)
        data[424] |= 8
        _, verdict, reason = self.check(bytes(data))
        self.assertIn('incomplete', reason)
        self.assertGreaterEqual(RANK.index(verdict), self.rank)


if __name__ == '__main__':
    sys.exit(counted.main())
