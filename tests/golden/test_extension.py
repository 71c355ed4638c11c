#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The makedumpfile extension in a host that follows makedumpfile to the letter.

usage: test_extension.py EXTENSION.so FOLDER AMDIOMMU SAMPLE

FOLDER has mdfhost, fault.so and the other extensions.
"""
import json
import os
import shutil
import subprocess
import sys
import tempfile
import unittest

OURS, TESTS, TOOL, SAMPLE = map(os.path.abspath, sys.argv[1:5])
HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(os.path.dirname(HERE), 'lab'))
import marks                                            # noqa: E402
import testing                                          # noqa: E402
HOST, FAULT = TESTS + '/mdfhost', TESTS + '/fault.so'
GOOD, NEEDY, BARE = (f'{TESTS}/{name}.so' for name in ('good', 'needy', 'bare'))
NO_MARKS = 'amdiommu: no marks: '


def pfns(ranges):
    return {pfn for first, count in ranges
            for pfn in range(first, first + count)}


class Hosted(unittest.TestCase):
    def setUp(self):
        self.dir = tempfile.mkdtemp()
        self.addCleanup(shutil.rmtree, self.dir)
        self.env = {k: v for k, v in os.environ.items()
                    if not k.startswith('AMDIOMMU')}
        with open(SAMPLE, 'rb') as f:
            self.plain = f.read()

    def path(self, name):
        return os.path.join(self.dir, name)

    def read(self, name):
        with open(self.path(name), 'rb') as f:
            return f.read()

    def host(self, *extensions, **env):
        """Decisions by page frame, stderr. The dump is "out"."""
        words = [w for e in extensions for w in ('--extension', e)]
        code = int(env.get('HOST_EXIT', 0))
        done = subprocess.run(
            [HOST, *words, '-d', '31', SAMPLE, self.path('out')],
            env=dict(self.env, DECISIONS=self.path('decisions'), **env),
            stderr=subprocess.PIPE, text=True, timeout=60)
        self.assertEqual(done.returncode, code, done.stderr)
        return self.read('decisions').decode(), done.stderr

    def test_keeps_what_the_analysis_reads(self):
        said, err = self.host(OURS)
        kept = {pfn for pfn, what in enumerate(said) if what == '+'}
        self.assertGreater(len(kept), 200)
        self.assertNotIn('-', said)
        self.assertGreater(said.count('.'), 100000)
        report = json.loads(subprocess.check_output(
            [TOOL, 'report', SAMPLE, '--json']))
        ring = report['iommus'][0]['command_ring']
        first = int(ring['phys'], 16) >> 12
        pages = (ring['entries'] * 16 + 4095) >> 12
        self.assertLessEqual(set(range(first, first + pages)), kept)

    def test_excludes_by_owner_on_demand(self):
        report = json.loads(subprocess.check_output(
            [TOOL, 'report', SAMPLE, '--json', '--pages']))
        owners = {o['owner'] for o in report['owners']}
        marked = set()
        for e in report['exposures']:
            marked |= pfns(e.get('pfns', []))
        said, _ = self.host(OURS, AMDIOMMU_EXCLUDE=','.join(
            sorted(owner.replace(' ', '-') for owner in owners)))
        kept = {pfn for pfn, what in enumerate(said) if what == '+'}
        gone = {pfn for pfn, what in enumerate(said) if what == '-'}
        self.assertEqual(gone, marked - kept)
        self.assertGreater(len(gone), 100)
        said, _ = self.host(OURS, AMDIOMMU_EXCLUDE='nobody,,x')
        self.assertNotIn('-', said)

    def test_marks_are_in_the_dump_at_exit(self):
        for watch in '01':
            self.host(OURS, AMDIOMMU_WATCH=watch)
            found, observed = marks.marks_of(self.path('out'), TOOL)
            want = json.loads(subprocess.check_output(
                [TOOL, 'report', SAMPLE, '--json', '--pages']))
            self.assertEqual(marks.pages_of(found), marks.pages_of(want))
            self.assertEqual(observed is not None, watch == '1')

    def test_beside_others(self):
        alone, _ = self.host(GOOD)
        ours, _ = self.host(OURS)
        for order in ((OURS, GOOD), (GOOD, OURS)):
            both, err = self.host(*order)
            self.assertIn('other: init_task at ffffffff82a1b480, mm at 2384 '
                          'of 9792', err)
            want = ''.join('+' if o == '+' else a
                           for o, a in zip(ours, alone))
            self.assertEqual(both, want)

    def test_beside_one_that_cannot_run(self):
        ours, _ = self.host(OURS)
        for order in ((OURS, NEEDY), (NEEDY, OURS)):
            both, err = self.host(*order)
            self.assertIn('Skip ', err)
            self.assertNotIn('other:', err)
            self.assertEqual(both, ours)

    def test_beside_one_that_drops_all(self):
        """Then makedumpfile goes on alone, and so does the host."""
        said, err = self.host(OURS, BARE)
        self.assertIn('fail & skip all extensions', err)
        self.assertEqual(set(said), {'.', ' '})
        self.assertEqual(self.read('out'), self.plain)

    def test_faults_leave_the_dump_alone(self):
        for fault in ('kill:40', 'segv:40', 'hang:40', 'spin:40', 'eat:40',
                      'eio:1', 'short:1'):
            with self.subTest(fault=fault):
                said, err = self.host(OURS, LD_PRELOAD=FAULT, FAULT=fault,
                                      AMDIOMMU_TIME='1')
                self.assertIn(NO_MARKS, err)
                self.assertEqual(set(said), {'.', ' '})
                self.assertEqual(self.read('out'), self.plain)

    def test_limits(self):
        for setting in ('AMDIOMMU_MEMORY', 'AMDIOMMU_TIME'):
            said, err = self.host(OURS, **{setting: '0'})
            self.assertIn(NO_MARKS, err)
            self.assertEqual(self.read('out'), self.plain)

    def test_a_failed_dump_gets_no_marks(self):
        self.host(OURS, HOST_EXIT='1')
        self.assertEqual(self.read('out'), self.plain)
        self.assertFalse(os.path.exists(self.path('out.amdiommu')))


if __name__ == '__main__':
    sys.argv[1:] = sys.argv[5:]
    testing.main()
