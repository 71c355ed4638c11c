#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""What amdiommu-record says and how it ends, where it cannot record. That it
records is for the lab (tests/lab/record.py).

usage: test_recorder.py AMDIOMMU-RECORD
"""
import json
import os
import subprocess
import sys
import unittest

import counted

TOOL = os.path.abspath(sys.argv[1])
NOBODY = 65534


def run(*args, root=False):
    """Exit code, output, errors; never as root but for `status`, which only looks"""
    me = {} if root or os.geteuid() else \
        {'user': NOBODY, 'group': NOBODY, 'extra_groups': []}
    done = subprocess.run([TOOL, *args], stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, text=True, timeout=60, **me)
    return done.returncode, done.stdout, done.stderr


class Recorder(unittest.TestCase):
    def test_usage(self):
        for words in ((), ('record',), ('load', 'now'), ('status', '--text'),
                      ('unload', '--json')):
            code, out, errors = run(*words)
            self.assertEqual((code, out), (2, ''), words)
            self.assertIn('load|unload|status', errors)
        code, out, errors = run('--help')
        self.assertEqual((code, errors), (0, ''))
        self.assertIn('load|unload|status', out)

    def test_load_says_why_not(self):
        code, out, errors = run('load')
        self.assertEqual((code, out), (1, ''))
        self.assertRegex(errors, r'\Aamdiommu-record: \S.{20,}\n')

    def test_status_without_root(self):
        code, out, errors = run('status', '--json')
        self.assertEqual((code, out), (2, ''))
        self.assertIn('needs root', errors)

    @unittest.skipIf(os.geteuid() or os.path.exists('/sys/fs/bpf/amdiommu'),
                     'not root, or a recorder is at work here')
    def test_status_of_nothing(self):
        code, out, _ = run('status', '--json', root=True)
        found = json.loads(out)
        self.assertEqual(code, 1)
        self.assertFalse(found['ready'])
        self.assertFalse(found['loaded'])
        self.assertEqual(found['iommus'], 0)
        code, out, _ = run('status', root=True)
        self.assertEqual(code, 1)
        self.assertIn('NOT READY', out)
        self.assertIn('amdiommu-record load', out)


if __name__ == '__main__':
    counted.main()
