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

    def wrote(self, file, *args):
        """The command writes FILE, and says so in one line."""
        code, out, err = run(*args)
        self.assertEqual((code, err), (0, ''))
        self.assertEqual(out, f'{file}: the marks, {os.path.getsize(file)} '
                              'bytes\n')

    def content(self, name):
        with open(name, 'rb') as f:
            return f.read()


class Beside(Case):
    def setUp(self):
        super().setUp()
        self.dump = self.path('dump')
        shutil.copy(SAMPLE, self.dump)
        self.sidecar = self.dump + '.amdiommu'
        self.wrote(self.sidecar, 'mark', self.dump)

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
        self.wrote(other, 'mark', '--output', other, self.dump)
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
        for content, why in ((b'', 'not amdiommu marks'), (b'x', 'not amdiommu'),
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

    def test_crash_time_is_missing(self):
        """0 equals 0, and proves nothing."""
        with open(self.dump, 'rb') as f:
            data = f.read()
        with open(self.dump, 'wb') as f:
            f.write(data.replace(b'CRASHTIME=', b'CRUSHTIME='))
        os.unlink(self.sidecar)
        self.assertEqual(run('mark', self.dump)[0], 0)
        self.assertTrue(os.path.exists(self.sidecar))
        found = report(self.dump)
        self.assertIn('nothing proves', found['marks']['refused'])
        self.assertEqual(codes(found), ['marks-refused'])
        named = report(self.dump, '--marks', self.sidecar)
        self.assertIsNone(named['marks']['refused'])
        self.assertEqual(codes(named), ['marks-unproved'])

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
        before = os.path.getsize(self.dump)
        code, out, err = run('mark', self.dump)
        self.assertEqual((code, err), (0, ''))
        self.assertEqual(out, f'{self.dump}: changed in place: the marks are '
                         f'a note at its end ({before} bytes, now '
                         f'{os.path.getsize(self.dump)}), to which its '
                         'sub-header points; its memory is as it was\n')

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


class NothingLost(Case):
    """What commands write never replaces what they did not make."""

    def setUp(self):
        super().setUp()
        self.dump, self.other = self.path('dump'), self.path('other')
        shutil.copy(SAMPLE, self.dump)
        self.plain = self.content(SAMPLE)

    def commands(self, file):
        return (('mark', '--output', file, self.dump),
                ('report', self.dump, '--html', file),
                ('extract', self.dump, file))

    def refused(self, file, *options):
        """By all, with one line that names FILE"""
        before = sorted(os.listdir(self.dir))
        for words in self.commands(file):
            code, out, err = run(*words, *options)
            self.assertEqual((code, out), (73, ''), (words, err))
            self.assertEqual(len(err.splitlines()), 1)
            self.assertIn(os.path.basename(file), err)
        self.assertEqual(self.content(self.dump), self.plain)
        self.assertEqual(sorted(os.listdir(self.dir)), before)

    def test_the_dump_itself(self):
        os.link(self.dump, self.path('hard'))
        os.symlink('dump', self.path('soft'))
        for name in 'dump', 'hard', 'soft', '../' + os.path.basename(
                self.dir) + '/dump':
            self.refused(self.path(name))
            self.refused(self.path(name), '--force')

    def test_vmlinux(self):
        vmlinux = self.path('vmlinux')
        shutil.copy('/bin/true', vmlinux)
        for words in self.commands(vmlinux):
            self.assertNotEqual(run(*words, '--force', '--vmlinux',
                                    vmlinux)[0], 0)
        self.assertEqual(self.content(vmlinux), self.content('/bin/true'))

    def test_files_of_others(self):
        for content in b'', b'hers', b'<!DOCTYPE html>\n<html>':
            with open(self.other, 'wb') as f:
                f.write(content)
            self.refused(self.other)
            self.assertEqual(self.content(self.other), content)

    def test_nodes(self):
        os.mkfifo(self.path('fifo'))
        os.mkdir(self.path('folder'))
        os.symlink('/dev/null', self.path('link'))
        for name in 'fifo', 'folder', 'link':
            self.refused(self.path(name))
        for name in 'fifo', 'folder':
            self.refused(self.path(name), '--force')
        for words in self.commands('/dev/full'):
            self.assertEqual(run(*words, '--force')[0], 73)
        self.assertTrue(os.path.exists('/dev/full'))

    def test_force(self):
        for i in range(3):
            with open(self.other, 'wb') as f:
                f.write(b'hers')
            code, out, err = run(*self.commands(self.other)[i], '--force')
            self.assertEqual((code, err), (0, ''))
            self.assertEqual(out, f'{self.other}: the ' +
                             ('marks', 'report', 'extract')[i] +
                             f', {os.path.getsize(self.other)} bytes\n')

    def test_ours_is_replaced(self):
        for words in self.commands(self.other)[:2]:
            self.assertEqual(run(*words)[0], 0)
            self.assertEqual(run(*words)[0], 0)
            os.unlink(self.other)

    def test_the_sidecar_of_others(self):
        sidecar = self.dump + '.amdiommu'
        with open(sidecar, 'wb') as f:
            f.write(b'hers')
        self.assertEqual(run('mark', self.dump)[0], 73)
        self.assertEqual(self.content(sidecar), b'hers')
        with open(sidecar, 'wb') as f:
            f.write(b'amdiommu: no marks: no time\n')
        self.wrote(sidecar, 'mark', self.dump)

    def test_usage(self):
        self.assertEqual(run('report', self.dump, '--force')[0], 64)


@unittest.skipUnless(KDUMP, 'no kdump-compressed file')
class InKdump(InPlace, Case):
    original = KDUMP


@unittest.skipUnless(ELF, 'no ELF file')
class Split(Case):
    """Parts of one dump are named one after the other, by any command."""

    def setUp(self):
        super().setUp()
        self.parts = [self.path(name) for name in ('p1', 'p2', 'p3')]
        subprocess.run(['makedumpfile', '--split', '--splitblock-size',
                        '64', '-l', '-d', '31', ELF,
                        *self.parts], check=True, stdout=subprocess.DEVNULL,
                       stderr=subprocess.DEVNULL)

    def whole(self):
        made = self.path('whole')
        subprocess.run(['makedumpfile', '-l', '-d', '31', ELF, made],
                       check=True, stdout=subprocess.DEVNULL,
                       stderr=subprocess.DEVNULL)
        return made

    def facts(self, *words):
        code, out, err = run('report', *words, '--json', '--pages')
        self.assertEqual((code, err), (0, ''))
        return json.loads(out)

    def test_same_report(self):
        whole, parts = self.facts(self.whole()), self.facts(*self.parts)
        for key in ('exposures', 'owners', 'verdict', 'findings', 'devices'):
            self.assertEqual(parts[key], whole[key])
        self.assertTrue(self.facts(*self.parts[:2])['dump']['incomplete'])

    def test_other_commands(self):
        extract = self.path('extract')
        for words in (['who', *self.parts, '1000'], ['devices', *self.parts],
                      ['devices', *self.parts, '00:00.0'],
                      ['extract', *self.parts, extract],
                      ['report', extract]):
            self.assertIn(run(*words)[0], (0, 64), words)
        self.assertEqual(self.facts(extract)['exposures'],
                         self.facts(self.whole())['exposures'])

    def test_marks(self):
        before = [self.content(part) for part in self.parts]
        self.wrote(self.parts[0] + '.amdiommu', 'mark', *self.parts)
        self.assertEqual([self.content(part) for part in self.parts], before)
        self.assertEqual(self.facts(*self.parts)['marks']['from'], 'sidecar')

    def test_no_part_is_lost(self):
        before = [self.content(part) for part in self.parts]
        for words in (['report', *self.parts, '--html', self.parts[1]],
                      ['mark', *self.parts, '--output', self.parts[2]],
                      ['extract', *self.parts]):
            self.assertNotEqual(run(*words, '--force')[0], 0)
        self.assertEqual([self.content(part) for part in self.parts], before)

    def test_no_parts(self):
        self.assertEqual(run('report', SAMPLE, self.parts[0])[0], 64)
        self.assertNotEqual(run('report', self.parts[0], self.parts[0])[0], 0)


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
            self.wrote(dump + '.amdiommu', 'mark', dump)
            with open(dump, 'rb') as f:
                self.assertEqual(hashlib.sha256(f.read()).digest(), before)
            self.assertEqual(report(dump)['marks']['from'], 'sidecar')


if __name__ == '__main__':
    sys.exit(counted.main())
