#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Hostile names of files and texts of marks, through every command.

usage: test_text.py AMDIOMMU SAMPLE
"""
import json
import os
import re
import shutil
import struct
import subprocess
import sys
import tempfile
import unicodedata
import unittest

import counted

TOOL, SAMPLE = map(os.path.abspath, sys.argv[1:3])
NAMES = [b'\x1b]0;pwned\x07\x1b[31mRED', b'a\nVERDICT  trusted\r',
         b'\xc2\x9b31m\xe2\x80\xaeevil\xe2\x81\xa6\xe2\x80\x8b',
         b'\xff\xfe\xc0\xaf\xed\xa0\x80', b'<script>alert(1)',
         b'-v', b'--json\x1b[1m']
ALL = b''.join(NAMES[:-2])
ARGS = {'map': [b'0000:00:02.0'], 'translate': [b'0000:00:02.0', b'fffff000'],
        'who': [b'2698123'], 'rd': [b'2698123']}


def commands():
    out = subprocess.run([TOOL, '--help'], stdout=subprocess.PIPE, text=True,
                         check=True).stdout
    part = out.split('Commands:\n')[1].split('\n\n')[0]
    return [line.split()[0] for line in part.splitlines()]


def run(*args, cwd=None):
    """Exit code and what came out, on both streams."""
    done = subprocess.run([TOOL.encode(), *args], stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, timeout=60, cwd=cwd)
    return done.returncode, done.stdout


def crc32c(data):
    crc = 0xffffffff
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0x82f63b78 if crc & 1 else 0)
    return crc ^ 0xffffffff


def string(raw):
    return struct.pack('<H', len(raw)) + raw


def section(kind, payload):
    padded = payload + bytes(-len(payload) % 8)
    head, size = struct.pack('<I', kind), struct.pack('<Q', len(payload))
    return head + struct.pack('<I', crc32c(head + size + padded)) + size + padded


def vmcoreinfo(key):
    with open(SAMPLE, 'rb') as f:
        return re.search(rb'(?:\0|^)%s=(.*)$' % re.escape(key), f.read(),
                         re.MULTILINE)[1]


def marks(evil):
    """A container of the sample in which all texts are @evil."""
    identity = struct.pack(
        '<QQQQ', int(vmcoreinfo(b'CRASHTIME')),
        int(vmcoreinfo(b'KERNELOFFSET'), 16),
        int(vmcoreinfo(b'NUMBER(phys_base)')) & (1 << 64) - 1, 0)
    identity += string(vmcoreinfo(b'OSRELEASE')) + \
        string(vmcoreinfo(b'BUILD-ID'))
    parts = [section(1, identity),
             section(2, struct.pack('<QII', 10**18, 0, 1) + string(evil) * 2),
             section(5, struct.pack('<II', 0, 1) + string(evil)),
             section(6, b'\x02' + string(evil) * 3)]
    body = b''.join(parts)
    head = b'AMIMARKS' + struct.pack('<IIQI', 1, len(parts), 32 + len(body), 0)
    return head + struct.pack('<I', crc32c(head)) + body


class Case(unittest.TestCase):
    def setUp(self):
        self.dir = tempfile.mkdtemp().encode()
        self.addCleanup(shutil.rmtree, self.dir)

    def harmless(self, out, what):
        """Only text: no controls, nothing that hides or turns around."""
        for line in out.decode('utf-8').split('\n'):    # strict: is UTF-8
            for c in line:
                self.assertNotIn(unicodedata.category(c),
                                 ('Cc', 'Cf', 'Zl', 'Zp', 'Cn'), (what, line))
            self.assertFalse(line.startswith('VERDICT  trusted'), what)


class FileNames(Case):
    def place(self, name):
        path = os.path.join(self.dir, name)
        shutil.copy(SAMPLE, path)
        return path

    def test_every_command(self):
        for name in ALL, NAMES[-2]:
            path = self.place(name)
            for command in commands():
                words = [command.encode(), path, *ARGS.get(command, [])]
                if command == 'extract':
                    words.append(path + b'.out')
                if command == 'compare':
                    words.append(path)
                for more in [], [b'--json'], [b'-v']:
                    if more and (command in ('mark', 'extract') or
                                 more == [b'-v'] and
                                 command in ('check', 'compare')):
                        continue            # refused: it would change nothing
                    code, out = run(*words, *more)
                    self.assertEqual(code, 0, (words, out))
                    self.harmless(out, words)
            for words in ([b'report', b'--bug', path],
                          [b'report', path, b'--html', path + b'.html']):
                code, out = run(*words)
                self.assertEqual(code, 0, out)
                self.harmless(out, words)
            with open(path + b'.html', 'rb') as f:
                page = f.read()
            # Of the style sheet and the script.
            self.harmless(page.replace(b'\t', b' '), name)
            self.assertNotIn(b'<script>alert', page)

    def test_errors(self):
        for name in NAMES:
            path = self.place(name)
            for words in ([b'report', path + b'no'], [b'check', path + b'no'],
                          [b'report', self.dir, b'--marks', path],
                          [b'report', path, b'--vmlinux', path],
                          [b'report', path, b'--marks', path + b'no'],
                          [b'extract', path, path], [b'help', path], [path],
                          [b'who', path, path], [b'map', path, path],
                          [b'ring', path, path], [b'who', path, b'1', path],
                          [b'report', path, b'--html', path],
                          [b'report', path, b'--html', path + b'/no'],
                          [b'mark', path, b'--output', path + b'/no'],
                          [b'check', path, b'-j', path]):
                code, out = run(*words)
                self.assertNotEqual(code, 0, words)
                self.assertNotEqual(out, b'', words)
                self.harmless(out, words)
            run_in = run(b'report', name, cwd=self.dir)[1]
            self.harmless(run_in, name)

    def test_a_check_line_cannot_be_forged(self):
        path = self.place(b'x\nother: trusted')
        out = run(b'check', path, path)[1]
        self.assertEqual(out.count(b'\n'), 2)

    def test_json_names_the_file(self):
        for name in b'\xc3\xbc', b'\xf0\x9f\x98\x80 "quoted\\', b'tab\tnl\n':
            path = self.place(name)
            for words in [b'check'], [b'report'], [b'check', path + b'no']:
                lines = run(*words, path, b'--json')[1].splitlines()
                data = json.loads(lines[-1] if words[0] == b'check' else
                                  b'\n'.join(lines))
                self.assertEqual(data['dump']['path'], os.fsdecode(path))
        path = self.place(b'not \xff utf-8 \xed\xa0\x80')
        data = json.loads(run(b'check', b'--json', path)[1])
        self.assertEqual(data['dump']['path'],
                         os.fsdecode(self.dir) + '/not \ufffd utf-8 ' +
                         '\ufffd' * 3)


class Marks(Case):
    def setUp(self):
        super().setUp()
        self.dump = os.path.join(self.dir, b'dump')
        shutil.copy(SAMPLE, self.dump)

    def put(self, evil):
        with open(self.dump + b'.marks', 'wb') as f:
            f.write(marks(evil))
        return run(b'report', b'-v', self.dump, b'--marks',
                   self.dump + b'.marks')

    def test_plain_ones_are_shown(self):
        for text in 'amdiommu 0.1', 'ünïcode':
            code, out = self.put(text.encode())
            self.assertEqual(code, 0)
            self.assertIn(f'under Linux {text}', out.decode())

    def test_hostile_ones_are_refused(self):
        for evil in (b'\x1b[31m', b'\xc2\x9b31m', b'\xe2\x80\xae', b'\x7f',
                     b'a\nVERDICT  trusted', b'\xff', b'\xe2\x80\x8b',
                     b'\xc0\x80', b'cut \xe2\x80', b'\0'):
            code, out = self.put(evil)
            self.assertEqual(code, 0)
            self.assertIn(b'not used: they are damaged', out)
            self.harmless(out, evil)


if __name__ == '__main__':
    counted.main()
