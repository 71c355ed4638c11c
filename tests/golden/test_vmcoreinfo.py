#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""An ELF dump without a VMCOREINFO note: the report is that of the same dump
with it, whatever says in its place where the kernel lies.

usage: test_vmcoreinfo.py AMDIOMMU VMCORE VMLINUX

VMCORE: an ELF dump with the note and all of memory. VMLINUX: its kernel's.
"""
import json
import mmap
import os
import re
import struct
import subprocess
import sys
import tempfile
import unittest

import counted

TOOL, VMCORE, VMLINUX = (os.path.abspath(p) for p in sys.argv[1:4])
NAME = b'VMCOREINFO\0'
KEPT = re.compile(rb'OSRELEASE=\d[^\0]*')
PT_NOTE = 4


def padded(size):
    return (size + 3) // 4 * 4


def split_notes(data):
    """(name, text, all bytes) of each"""
    at = 0
    while at < len(data):
        name, text, _ = struct.unpack_from('<3I', data, at)
        text_at = at + 12 + padded(name)
        end = text_at + padded(text)
        yield (data[at + 12:at + 12 + name], data[text_at:text_at + text],
               data[at:end])
        at = end


def take_note(name):
    """Take the note out of the file; (its text, all of it)"""
    with open(name, 'r+b') as f:
        head = f.read(64)
        table, = struct.unpack_from('<Q', head, 32)
        count, = struct.unpack_from('<H', head, 56)
        for at in range(table, table + 56 * count, 56):
            f.seek(at)
            kind, _, notes_at, _, _, size = struct.unpack('<2I4Q', f.read(40))
            if kind != PT_NOTE:
                continue
            f.seek(notes_at)
            notes = list(split_notes(f.read(size)))
            left = b''.join(whole for n, _, whole in notes if n != NAME)
            f.seek(notes_at)
            f.write(left.ljust(size, b'\0'))
            f.seek(at + 32)
            f.write(struct.pack('<2Q', len(left), len(left)))
            return next((text, whole) for n, text, whole in notes if n == NAME)
    raise ValueError('no notes')


def wipe_memory(name):
    """Zeros over each copy that the kernel keeps; their number"""
    count = 0
    with open(name, 'r+b') as f, mmap.mmap(f.fileno(), 0) as memory:
        for found in KEPT.finditer(memory):
            memory[found.start():found.end()] = bytes(len(found[0]))
            count += 1
    return count


class WithoutNote(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory(dir=os.path.dirname(VMCORE))
        cls.bare, cls.gone = map(cls.file, ('bare', 'gone'))
        cls.copy(VMCORE, cls.bare)
        cls.text, cls.note = take_note(cls.bare)
        cls.copy(cls.bare, cls.gone)
        assert wipe_memory(cls.gone)
        cls.want, found = cls.report(VMCORE)
        assert not found and cls.want['exposures']

    @classmethod
    def tearDownClass(cls):
        cls.folder.cleanup()

    @classmethod
    def file(cls, name, data=None):
        path = os.path.join(cls.folder.name, name)
        if data is not None:
            with open(path, 'wb') as f:
                f.write(data)
        return path

    @staticmethod
    def copy(source, target):
        subprocess.run(['cp', '--sparse=always', source, target], check=True)

    @staticmethod
    def report(*words):
        """(report without what names the file and its notes, the sentence
        that says where VMCOREINFO was found)"""
        done = subprocess.run([TOOL, 'report', '--json', '--pages', *words],
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              text=True, check=False)
        if done.returncode:
            return done.returncode, done.stderr
        report = json.loads(done.stdout)
        found = [f for f in report['findings']
                 if f['code'] == 'vmcoreinfo-found']
        for item in found:
            report['findings'].remove(item)
            del report['finding_totals'][item['code']]
        del report['dump']
        return report, ' '.join(item['text'] for item in found)

    def same(self, where, *words):
        report, said = self.report(*words)
        self.assertEqual(report, self.want)
        self.assertIn(where, said)

    def test_found_in_memory(self):
        self.same('found in memory, at 0x', self.bare)

    def test_text_from_a_file(self):
        self.same('in a file (--vmcoreinfo)', self.gone, '--vmcoreinfo',
                  self.file('text', self.text))

    def test_note_from_a_file(self):
        self.same('in a file (--vmcoreinfo)', self.gone, '--vmcoreinfo',
                  self.file('note', self.note))

    def test_located_by_vmlinux(self):
        self.same('found by the vmlinux', self.gone, '--vmlinux', VMLINUX)

    def test_nothing_says_where(self):
        code, said = self.report(self.gone)
        self.assertEqual(code, 65, said)
        self.assertIn('--vmcoreinfo FILE', said)
        self.assertIn('--vmlinux FILE', said)

    def test_file_of_another_kernel(self):
        base = re.search(rb'NUMBER\(phys_base\)=(-?\d+)', self.text)
        moved = b'%d' % (int(base[1]) + (16 << 20))
        other = self.text[:base.start(1)] + moved + self.text[base.end(1):]
        code, said = self.report(self.gone, '--vmcoreinfo',
                                 self.file('other', other))
        self.assertEqual(code, 65, said)
        self.assertIn('(--vmcoreinfo) and may belong to another kernel', said)


if __name__ == '__main__':
    sys.exit(counted.main())
