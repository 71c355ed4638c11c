#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Marks as a user meets them: added, found, named, refused, damaged.

usage: test_marks.py AMDIOMMU SAMPLE [KDUMP ELF]

SAMPLE is an extract, whose marks go beside it, as those of an ELF file do. A
kdump-compressed file gets them in place, and the real makedumpfile keeps them.
"""
import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import unittest

import counted

TOOL, SAMPLE = map(os.path.abspath, sys.argv[1:3])
KDUMP, ELF = sys.argv[3:5] if len(sys.argv) > 3 else (None, None)


def run(*args):
    """Exit code, stdout, stderr of the command."""
    done = subprocess.run([TOOL, *args], text=True, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, timeout=120)
    return done.returncode, done.stdout, done.stderr


def report(dump, *options):
    """The report of a dump as JSON; it always succeeds."""
    code, out, err = run('report', dump, '--json', *options)
    assert code == 0 and not err, (dump, code, err)
    return json.loads(out)


def codes(data):
    return [f['code'] for f in data['findings']]


class Case(unittest.TestCase):
    def setUp(self):
        self.dir = tempfile.mkdtemp()
        self.addCleanup(shutil.rmtree, self.dir)

    def path(self, name):
        return os.path.join(self.dir, name)


class Beside(Case):
    def setUp(self):
        super().setUp()
        self.dump = self.path('dump')
        shutil.copy(SAMPLE, self.dump)
        self.assertEqual(run('mark', self.dump), (0, '', ''))
        self.sidecar = self.dump + '.amdiommu'

    def test_found(self):
        data, plain = report(self.dump, '--pages'), report(SAMPLE, '--pages')
        marks = data['marks']
        self.assertEqual((marks['from'], marks['refused']), ('sidecar', None))
        self.assertFalse(marks['in_capture_kernel'])
        self.assertEqual(marks['verdict'], plain['verdict']['value'])
        self.assertEqual(marks['observed'], [])
        self.assertEqual(marks['saved']['pages'], 0)
        self.assertTrue(marks['agreement']['agrees'])
        self.assertEqual([e['pfns'] for e in marks['exposures']],
                         [e['pfns'] for e in plain['exposures']])
        for key in ('exposures', 'owners', 'findings', 'verdict'):
            self.assertEqual(data[key], plain[key])
        self.assertIsNone(plain['marks'])
        text = run('report', self.dump)[1]
        self.assertIn('\nMARKS    sidecar, made 20', text)
        self.assertNotIn('MARKS', run('report', SAMPLE)[1])

    def test_brief(self):
        brief = json.loads(run('check', '--json', self.dump)[1])['marks']
        self.assertEqual({k: brief[k] for k in ('from', 'refused', 'verdict',
                                                'observed_pages')},
                         {'from': 'sidecar', 'refused': None,
                          'verdict': 'exposed', 'observed_pages': 0})
        self.assertIn('\nMarks:        sidecar, made 20',
                      run('report', '--bug', self.dump)[1])
        os.unlink(self.sidecar)
        self.assertIsNone(json.loads(run('check', '--json', self.dump)[1])
                          ['marks'])
        self.assertNotIn('Marks:', run('report', '--bug', self.dump)[1])

    def test_named(self):
        other = self.path('named')
        self.assertEqual(run('mark', '--output', other, self.dump),
                         (0, '', ''))
        os.unlink(self.sidecar)
        self.assertIsNone(report(self.dump)['marks'])
        self.assertEqual(report(self.dump, '--marks', other)['marks']['from'],
                         'file')
        # What dev -v of crash extracts can have the note's name in front.
        with open(other, 'rb') as f:
            data = f.read()
        with open(other, 'wb') as f:
            f.write(b'amdiommu-marks'.ljust(44, b'\0') + data + bytes(12))
        self.assertTrue(report(self.dump, '--marks', other)['marks']
                        ['agreement']['agrees'])

    def test_damaged(self):
        with open(self.sidecar, 'r+b') as f:
            f.seek(100)
            byte = f.read(1)[0]
            f.seek(100)
            f.write(bytes([byte ^ 4]))
        data = report(self.dump)
        self.assertIn('damaged', data['marks']['refused'])
        self.assertEqual(codes(data), ['marks-refused'])
        self.assertEqual(data['verdict']['value'], 'exposed')
        self.assertEqual(run('check', self.dump)[0], 0)
        self.assertIn('MARKS    sidecar, not used: they are damaged',
                      run('report', self.dump)[1])

    def test_no_marks_after_all(self):
        for content, why in ((b'', 'no amdiommu marks'), (b'x', 'no amdiommu'),
                             (b'amdiommu: no marks: no time left\n',
                              'could not make any: no time left')):
            with open(self.sidecar, 'wb') as f:
                f.write(content)
            self.assertIn(why, report(self.dump)['marks']['refused'])

    def test_of_another_dump(self):
        """The same kernel, another crash."""
        with open(self.dump, 'rb') as f:
            data = f.read()
        at = data.index(b'CRASHTIME=') + 10
        with open(self.dump, 'wb') as f:
            f.write(data[:at] + b'18' + data[at + 2:])
        before = data[at:at + 10].decode()
        found = report(self.dump)
        self.assertIn(f'crash time {before}', found['marks']['refused'])
        self.assertIn(f'crash time 18{before[2:]}', found['marks']['refused'])
        self.assertEqual(codes(found), ['marks-refused'])

    def test_usage(self):
        self.assertEqual(run('report', SAMPLE, '--marks', self.path('no'))[0],
                         66)
        self.assertEqual(run('report', SAMPLE, '--output', 'x')[0], 64)
        self.assertEqual(run('mark')[0], 64)
        self.assertEqual(run('mark', SAMPLE, SAMPLE)[0], 64)
        self.assertEqual(run('mark', SAMPLE, '--output',
                             self.path('no/where'))[0], 73)


class InPlace:
    """A dump that takes the note; makedumpfile's own filter keeps it"""

    def setUp(self):
        super().setUp()
        self.dump = self.path('dump')
        shutil.copy(self.original, self.dump)
        self.assertEqual(run('mark', self.dump), (0, '', ''))

    def test_found(self):
        self.assertFalse(os.path.exists(self.dump + '.amdiommu'))
        marks = report(self.dump)['marks']
        self.assertEqual((marks['from'], marks['refused']), ('note', None))
        self.assertTrue(marks['agreement']['agrees'])

    def test_filtered_again(self):
        again, flat = self.path('again'), self.path('flat')
        subprocess.run(['makedumpfile', '-l', '-d', '31', self.dump, again],
                       check=True, stdout=subprocess.DEVNULL)
        self.assertEqual(report(again)['marks']['from'], 'note')
        with open(flat, 'wb') as f:
            subprocess.run(['makedumpfile', '-F', '-l', '-d', '31', self.dump],
                           check=True, stdout=f, stderr=subprocess.DEVNULL)
        self.assertEqual(report(flat)['marks']['from'], 'note')


@unittest.skipUnless(KDUMP, 'no kdump-compressed file')
class InKdump(InPlace, Case):
    original = KDUMP


@unittest.skipUnless(ELF, 'no ELF file')
class NotInElf(Case):
    """Nothing of an ELF dump changes: its marks go beside it"""

    def test_beside(self):
        dump = self.path('dump')
        for size in os.path.getsize(ELF), os.path.getsize(ELF) - 4096:
            shutil.copy(ELF, dump)
            os.truncate(dump, size)
            with open(dump, 'rb') as f:
                before = hashlib.sha256(f.read()).digest()
            self.assertEqual(run('mark', dump), (0, '', ''))
            with open(dump, 'rb') as f:
                self.assertEqual(hashlib.sha256(f.read()).digest(), before)
            self.assertEqual(report(dump)['marks']['from'], 'sidecar')


if __name__ == '__main__':
    sys.exit(counted.main())
