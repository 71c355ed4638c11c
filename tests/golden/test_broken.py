#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Broken files: each gives a report that says so, or one clear sentence with
exit code 65 or 66; never a crash, a hang or memory without bound.

usage: test_broken.py AMDIOMMU SAMPLE

AMDIOMMU must be built without sanitizers: its address space is limited.
"""
import ctypes
import errno
import json
import os
import pwd
import random
import resource
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import time
import unittest

import counted

TOOL, SAMPLE = (os.path.abspath(p) for p in sys.argv[1:3])
ADDRESS_SPACE = 256 << 20
SECONDS = 60

with open(SAMPLE, 'rb') as sample:
    WHOLE = sample.read()

BLOCK = 4096
# struct disk_dump_header and kdump_sub_header: offsets into the file
STATUS, BLOCK_SIZE, SUB_BLOCKS, BITMAP_BLOCKS, MAX_MAPNR = \
    424, 428, 432, 436, 440
DUMP_LEVEL, SPLIT = BLOCK + 8, BLOCK + 12
SUB_FIELDS_64 = range(BLOCK + 16, BLOCK + 104, 8)
START_PFN_64, END_PFN_64, MAX_MAPNR_64 = BLOCK + 80, BLOCK + 88, BLOCK + 96
INCOMPLETE = 8
sub_blocks, bitmap_blocks = struct.unpack_from('<iI', WHOLE, SUB_BLOCKS)
BITMAP = (1 + sub_blocks) * BLOCK
BITMAP_2 = BITMAP + bitmap_blocks // 2 * BLOCK
DESCS = BITMAP + bitmap_blocks * BLOCK
PAGES = bin(int.from_bytes(WHOLE[BITMAP_2:DESCS], 'little')).count('1')
DATA = DESCS + 24 * PAGES


def limit():
    resource.setrlimit(resource.RLIMIT_AS, (ADDRESS_SPACE, ADDRESS_SPACE))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def run(*args, **kw):
    done = subprocess.run([TOOL, *args], stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, timeout=SECONDS, text=True,
                          preexec_fn=limit, **kw)
    return done.returncode, done.stdout, done.stderr


def unreadable(first, end):
    """Run before exec: the file's bytes from @first to @end give EIO.

    A seccomp filter on pread(2): what a disk with bad sectors does.
    """
    load, jump_eq, jump_ge, give = 0x20, 0x15, 0x35, 0x06
    allow, fail = 0x7fff0000, 0x00050000 | errno.EIO
    pread64, number, offset = 17, 0, 16 + 3 * 8
    program = b''.join(struct.pack('<HBBI', *op) for op in (
        (load, 0, 0, number), (jump_eq, 0, 4, pread64),
        (load, 0, 0, offset), (jump_ge, 0, 2, first),
        (jump_ge, 1, 0, end), (give, 0, 0, fail), (give, 0, 0, allow)))
    text = ctypes.create_string_buffer(program, len(program))
    fprog = struct.pack('@HP', len(program) // 8, ctypes.addressof(text))
    libc = ctypes.CDLL(None, use_errno=True)

    def install():
        limit()
        for args in (38, 1, 0), (22, 2, fprog):  # NO_NEW_PRIVS, SECCOMP
            if libc.prctl(*args, 0, 0):
                raise OSError(ctypes.get_errno(), 'prctl')
    install.keep = text, fprog
    return install


def patched(*changes):
    """The sample with (offset, format, value) written into it."""
    data = bytearray(WHOLE)
    for offset, form, value in changes:
        if form:
            struct.pack_into('<' + form, data, offset, value)
        else:
            data[offset:offset + len(value)] = value
    return bytes(data)


def flattened(data, record=1 << 16):
    out = bytearray(b'makedumpfile'.ljust(16, b'\0') +
                    struct.pack('>qq', 1, 1)).ljust(4096, b'\0')
    for at in range(0, len(data), record):
        part = data[at:at + record]
        out += struct.pack('>qq', at, len(part)) + part
    return bytes(out + struct.pack('>qq', -1, -1))


NOTE_TEXT = b'OSRELEASE=broken\nNUMBER(phys_base)=0\n'


def note(name=b'VMCOREINFO\0\0', namesz=11, text=NOTE_TEXT, size=None):
    size = len(text) if size is None else size
    return struct.pack('<III', namesz, size, 0) + name + text.ljust(64, b'\0')


def elf(segments, head=b'', notes=note(), phnum=None, phoff=64, shoff=0,
        kind=4, machine=62, ident=b'\x7fELF\2\1\1', phentsize=56):
    """An ELF core; segments are (type, offset, paddr, filesz, memsz)."""
    segments = [(4, 4096 - len(notes), 0, len(notes), len(notes)), *segments]
    out = ident.ljust(16, b'\0') + struct.pack(
        '<HHIQQQIHHHHHH', kind, machine, 1, 0, phoff, shoff, 0, 64, phentsize,
        len(segments) if phnum is None else phnum, 64, 0, 0) + head
    for kind_, offset, paddr, filesz, memsz in segments:
        out += struct.pack('<IIQQQQQQ', kind_, 0, offset, 0, paddr, filesz,
                           memsz, 0)
    out = out.ljust(4096 - len(notes), b'\0') + notes
    return out + b'\0' * 8 * BLOCK


class Files(unittest.TestCase):
    def setUp(self):
        self.dir = tempfile.TemporaryDirectory(dir='/var/tmp')
        self.path = os.path.join(self.dir.name, 'dump')

    def tearDown(self):
        self.dir.cleanup()

    def write(self, data):
        with open(self.path, 'wb') as f:
            f.write(data)

    def check_one(self, *allowed, path=None, what='', **kw):
        """Run `report`; returns code and all that was said."""
        start = time.monotonic()
        code, out, err = run('report', path or self.path, **kw)
        self.assertIn(code, allowed, (what, code, err))
        self.assertLess(time.monotonic() - start, SECONDS / 2, what)
        if code:
            self.assertEqual(out, '', what)
            self.assertEqual(len(err.splitlines()), 1, (what, err))
            self.assertTrue(err.startswith('amdiommu: '), (what, err))
        else:
            self.assertEqual(err, '', what)
            self.assertTrue(out.startswith('VERDICT'), what)
        return code, out + err

    def refused(self, data, *codes, what=''):
        self.write(data)
        return self.check_one(*(codes or (65, 66)), what=what)[1]

    def survives(self, data, what=''):
        self.write(data)
        return self.check_one(0, 65, 66, what=what)


class Truncated(Files):
    PLACES = sorted({0, 1, 7, 8, 100, 424, 463, 464, BLOCK - 1, BLOCK,
                     BLOCK + 1, BLOCK + 103, BLOCK + 104, 2 * BLOCK,
                     BITMAP - 1, BITMAP, BITMAP + 1, BITMAP_2 - 1, BITMAP_2,
                     BITMAP_2 + 1, DESCS - 1, DESCS, DESCS + 1, DESCS + 24,
                     (DESCS + DATA) // 2, DATA - 1, DATA, DATA + 1,
                     (DATA + len(WHOLE)) // 2, len(WHOLE) - 1})

    def test_kdump(self):
        for size in self.PLACES:
            code, said = self.survives(WHOLE[:size], what=size)
            if size >= 8:
                self.assertRegex(said.lower(),
                                 'truncated|ends |breaks off|no dump|damaged',
                                 size)
            if size < DESCS:
                self.assertNotEqual(code, 0, size)

    def test_flattened(self):
        data = flattened(WHOLE)
        for size in (16, 100, 4095, 4096, 4097, 4104, 4112, 4113, 8000,
                     len(data) // 2, len(data) - 17, len(data) - 16,
                     len(data) - 1):
            _, said = self.survives(data[:size], what=size)
            self.assertRegex(said.lower(), 'truncated|ends |no dump', size)

    def test_elf(self):
        data = elf([(1, BLOCK, 0x1000, 8 * BLOCK, 8 * BLOCK)])
        for size in (4, 15, 16, 63, 64, 65, 119, 120, 175, 176, 4000, 4095,
                     4096, 4097, 5 * BLOCK, len(data) - 1):
            said = self.refused(data[:size], what=size)
            self.assertTrue(said)


class Flags(Files):
    def test_incomplete(self):
        status, = struct.unpack_from('<I', WHOLE, STATUS)
        self.write(patched((STATUS, 'I', status | INCOMPLETE)))
        _, said = self.check_one(0)
        self.assertIn('INCOMPLETE', said)
        code, out, _ = run('report', '--json', self.path)
        self.assertEqual(code, 0)
        self.assertTrue(json.loads(out)['dump']['incomplete'])

    def test_incomplete_and_cut(self):
        """A full disk: the flag, and the data end early."""
        status, = struct.unpack_from('<I', WHOLE, STATUS)
        data = patched((STATUS, 'I', status | INCOMPLETE))
        for part in (60, 80, 95):
            _, said = self.survives(data[:len(data) * part // 100])
            self.assertRegex(said.lower(), 'incomplete|truncated')

    def test_one_part_of_a_split_dump(self):
        pages, = struct.unpack_from('<Q', WHOLE, MAX_MAPNR_64)
        for first, end in ((0, pages // 2), (pages // 2, pages), (0, 0)):
            _, said = self.survives(patched((SPLIT, 'i', 1),
                                            (START_PFN_64, 'Q', first),
                                            (END_PFN_64, 'Q', end)))
            self.assertIn('incomplete', said.lower(), (first, end))


class Unreadable(Files):
    """A disk with bad sectors, a network file system that went away."""
    def check(self, first, end, *codes):
        self.write(WHOLE)
        done = subprocess.run([TOOL, 'report', '--json', self.path],
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              timeout=SECONDS, text=True,
                              preexec_fn=unreadable(first, end))
        self.assertIn(done.returncode, codes, (first, done.stderr))
        if done.returncode:
            self.assertEqual(len(done.stderr.splitlines()), 1, done.stderr)
            return done.stderr
        return json.loads(done.stdout)

    def test_headers(self):
        # Not before: the loader reads libraries there.
        for first in BLOCK, BITMAP, BITMAP_2, DESCS:
            self.check(first, 0xffffffff, 65, 66)

    def test_nothing_unreadable(self):
        self.assertTrue(self.check(0xfffffffe, 0xffffffff, 0))

    def test_some_pages(self):
        """What is behind them is told as unreadable, not as left out."""
        told = 0
        for n in range(0, PAGES, PAGES // 24):
            at, _ = struct.unpack_from('<QI', WHOLE, DESCS + 24 * n)
            facts = self.check(at, at + 64 * 1024, 0, 65)
            if isinstance(facts, dict):
                told += any('unreadable' in f['text']
                            for f in facts['findings'])
            else:
                self.assertRegex(facts, 'damaged|missing|unreadable')
        self.assertTrue(told)


class Bitmaps(Files):
    SIZE = BITMAP_2 - BITMAP

    def test_bad_bitmaps(self):
        noise = random.Random(1).randbytes(self.SIZE)
        for what, at, bits in (
                ('no page', BITMAP_2, b'\0' * self.SIZE),
                ('all pages', BITMAP_2, b'\xff' * self.SIZE),
                ('noise', BITMAP_2, noise),
                ('no RAM', BITMAP, b'\0' * self.SIZE),
                ('all RAM', BITMAP, b'\xff' * self.SIZE),
                ('RAM noise', BITMAP, noise),
                ('every other', BITMAP, b'\x55' * self.SIZE)):
            code, said = self.survives(patched((at, '', bits)), what=what)
            if at == BITMAP_2:
                self.assertNotEqual(code, 0, what)

    def test_one_bit_more(self):
        """Every descriptor behind it is then taken for the wrong page."""
        for at in (BITMAP_2, BITMAP_2 + 100, BITMAP_2 + self.SIZE // 4):
            byte = WHOLE[at]
            self.survives(patched((at, 'B', byte ^ 1)), what=at)


class Compression(Files):
    def every(self, offset, form, value):
        data = bytearray(WHOLE)
        for n in range(PAGES):
            struct.pack_into('<' + form, data, DESCS + 24 * n + offset, value)
        return bytes(data)

    def test_wrong_method(self):
        for flags in (0, 2, 4, 0x20, 0x40, 0xffffffff):
            said = self.refused(self.every(12, 'I', flags), 65, what=flags)
            self.assertIn('kallsyms', said)

    def test_impossible_descriptors(self):
        for offset, form, value in ((0, 'Q', 0), (0, 'Q', 1 << 63),
                                    (0, 'Q', 2 ** 64 - 1),
                                    (0, 'Q', len(WHOLE)), (8, 'I', 0),
                                    (8, 'I', 0xffffffff), (8, 'I', 8193)):
            self.refused(self.every(offset, form, value), 65,
                         what=(offset, value))

    def test_damaged_data(self):
        rest = len(WHOLE) - DATA
        for what, noise in (('zeros', b'\0' * rest), ('ones', b'\xff' * rest),
                            ('noise', random.Random(2).randbytes(rest))):
            self.refused(patched((DATA, '', noise)), 65, what=what)

    def test_one_damaged_page_in_ten(self):
        """What the rest tells is still told, and nothing is made up."""
        rng = random.Random(3)
        for _ in range(5):
            changes = []
            for n in rng.sample(range(PAGES), PAGES // 10):
                at, size = struct.unpack_from('<QI', WHOLE, DESCS + 24 * n)
                changes.append((at + rng.randrange(size), 'B',
                                rng.randrange(256)))
            self.survives(patched(*changes))


class HugeClaims(Files):
    def test_header_fields(self):
        for at in (STATUS, BLOCK_SIZE, SUB_BLOCKS, BITMAP_BLOCKS, MAX_MAPNR):
            for value in (0, 1, 0x7fffffff, 0x80000000, 0xfffffffe,
                          0xffffffff):
                self.survives(patched((at, 'I', value)), what=(at, value))

    def test_sub_header_fields(self):
        for at in SUB_FIELDS_64:
            for value in (0, 1 << 32, 1 << 34, (1 << 34) + 1, 1 << 63,
                          2 ** 64 - 1):
                self.survives(patched((at, 'Q', value)), what=(at, value))

    def test_everything_at_once(self):
        self.refused(patched(*((at, 'Q', 2 ** 64 - 1)
                               for at in SUB_FIELDS_64)))

    def test_elf_claims(self):
        big = 2 ** 64 - 1
        for what, data in (
                ('segments overlap', elf([(1, BLOCK, 0, BLOCK, BLOCK)] * 60)),
                ('endless segment', elf([(1, BLOCK, 0, big, big)])),
                ('all memory', elf([(1, BLOCK, 0, 8 * BLOCK, 1 << 51)])),
                ('offset wraps', elf([(1, big, 0, big, big)])),
                ('address wraps', elf([(1, BLOCK, big - 100, BLOCK, BLOCK)])),
                ('no segments', elf([])),
                ('too many headers', elf([], phnum=0xfffe)),
                ('count in section 0', elf([], phnum=0xffff)),
                ('count past the end', elf([], phnum=0xffff, shoff=big)),
                ('headers past the end', elf([], phoff=big)),
                ('header size', elf([], phentsize=1)),
                ('endless note', elf([], notes=note(size=0xffffffff))),
                ('endless name', elf([], notes=note(namesz=0xffffffff))),
                ('empty note', elf([], notes=note(text=b'', size=0))),
                ('32 bit', elf([], ident=b'\x7fELF\1\1\1')),
                ('big endian', elf([], ident=b'\x7fELF\2\2\1')),
                ('a program', elf([], kind=2)),
                ('ARM', elf([], machine=183))):
            self.refused(data, what=what)

    def test_flattened_claims(self):
        head = flattened(b'')[:4096]
        for offset, size in ((0, (1 << 63) - 1), (1 << 51, 8), (-5, 8),
                             (1 << 62, 1 << 62), (0, -1)):
            self.refused(head + struct.pack('>qq', offset, size) + b'x' * 99,
                         what=(offset, size))

    def test_sparse(self):
        """A terabyte of nothing, with a header and without."""
        for data in (b'', WHOLE[:DATA], elf([(1, BLOCK, 0, 1 << 40,
                                               1 << 40)])):
            self.write(data)
            os.truncate(self.path, 1 << 40)
            self.check_one(65, 66)


class NoFiles(Files):
    def test_not_a_dump(self):
        os.mkfifo(self.path)
        self.assertIn('not a file', self.check_one(66)[1])
        for path in ('/dev/null', '/dev/zero', '/dev/full', '/dev/urandom'):
            self.assertIn('not a file', self.check_one(66, path=path)[1])
        self.assertIn('directory', self.check_one(66, path='/')[1])

    def test_socket(self):
        with socket.socket(socket.AF_UNIX) as s:
            s.bind(self.path)
            self.check_one(66)

    def test_links(self):
        os.symlink(self.path, self.path)
        self.check_one(66)
        os.unlink(self.path)
        os.symlink('/nonexistent/file', self.path)
        self.check_one(66)

    def test_empty_and_small(self):
        for size in (0, 1, 3, 4, 8, 15, 16):
            for fill in (b'\0', b'K', b'\x7f'):
                self.refused(fill * size, 66, what=size)

    @unittest.skipIf(os.getuid(), 'root gives up its rights here')
    def test_not_allowed(self):
        self.write(WHOLE)
        os.chmod(self.path, 0)
        os.chmod(self.dir.name, 0o755)
        nobody = pwd.getpwnam('nobody')
        with tempfile.TemporaryDirectory(dir='/var/tmp') as d:
            tool = os.path.join(d, 'amdiommu')
            os.chmod(d, 0o755)
            subprocess.run(['cp', TOOL, tool], check=True)
            done = subprocess.run([tool, 'report', self.path],
                                  user=nobody.pw_uid, extra_groups=[],
                                  stderr=subprocess.PIPE, text=True)
        self.assertEqual(done.returncode, 66)
        self.assertIn('as root', done.stderr)

    def test_full_disk(self):
        """An extract that does not fit is said so, and is not left."""
        self.write(WHOLE)
        out = os.path.join(self.dir.name, 'extract')

        def small():
            signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
            resource.setrlimit(resource.RLIMIT_FSIZE, (DESCS, DESCS))
        done = subprocess.run([TOOL, 'extract', self.path, out],
                              stderr=subprocess.PIPE, text=True,
                              preexec_fn=small, timeout=SECONDS)
        self.assertNotEqual(done.returncode, 0)
        self.assertEqual(len(done.stderr.splitlines()), 1, done.stderr)
        self.assertEqual(os.listdir(self.dir.name), ['dump'])

    def test_no_extract_is_left(self):
        self.write(WHOLE[:DESCS + 100])
        out = os.path.join(self.dir.name, 'extract')
        code, _, err = run('extract', self.path, out)
        self.assertIn(code, (65, 66), err)
        self.assertEqual(os.listdir(self.dir.name), ['dump'])


class Changing(Files):
    """Files that others write to at the same time."""
    def changed_after(self, delay, change):
        self.write(WHOLE)
        with subprocess.Popen([TOOL, 'report', self.path],
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              preexec_fn=limit) as child:
            time.sleep(delay)
            change()
            child.communicate(timeout=SECONDS)
        self.assertIn(child.returncode, (0, 65, 66), delay)

    def test_shrinks(self):
        for n in range(12):
            for size in (0, BLOCK, DATA, len(WHOLE) // 2):
                self.changed_after(n * 0.004,
                                   lambda: os.truncate(self.path, size))

    def test_grows(self):
        for n in range(8):
            self.changed_after(n * 0.004, lambda: os.truncate(
                self.path, 2 * len(WHOLE)))

    def test_is_written_over(self):
        noise = random.Random(4).randbytes(len(WHOLE))
        for n in range(12):
            def overwrite():
                with open(self.path, 'r+b') as f:
                    f.write(noise)
            self.changed_after(n * 0.004, overwrite)


if __name__ == '__main__':
    sys.exit(counted.main())
