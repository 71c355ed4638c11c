#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""What a real machine's memory holds of its users stays out of what is sent on.

usage: test_private.py AMDIOMMU VMCORE...

VMCOREs are ELF dumps of lab guests: memory as it was. They hold sectors of the
disks, frames from the network, the environment and names of processes. None of
these may be in an extract, a bug report or an HTML report.
"""
import mmap
import os
import struct
import subprocess
import sys
import tempfile
import unittest
import zlib

import testing

TOOL, DUMPS = sys.argv[1], sys.argv[2:]
del sys.argv[1:]
SECRETS = {'a sector': b'LABDISK', 'a frame': b'DMAFLOOD',
           'the environment': b'PATH=/bin\0', 'a process': b'labtool'}
BLOCK = 4096
SIZES_AT = 432      # sub_hdr_size, bitmap_blocks of struct disk_dump_header


def pages_of(name):
    """All pages of an extract, unpacked."""
    with open(name, 'rb') as f:
        data = f.read()
    sub_blocks, blocks = struct.unpack_from('<iI', data, SIZES_AT)
    bitmap = (1 + sub_blocks) * BLOCK
    second = data[bitmap + blocks // 2 * BLOCK:bitmap + blocks * BLOCK]
    at = bitmap + blocks * BLOCK
    for _ in range(sum(byte.bit_count() for byte in second)):
        offset, size, flags = struct.unpack_from('<qII', data, at)
        at += 24
        page = data[offset:offset + size]
        yield zlib.decompress(page) if flags & 1 else page


class Private(unittest.TestCase):
    def whole(self, dump):
        """The dump holds each of them, so that not finding it says something."""
        with open(dump, 'rb') as f, \
                mmap.mmap(f.fileno(), 0, access=mmap.ACCESS_READ) as memory:
            for what, secret in SECRETS.items():
                self.assertGreaterEqual(memory.find(secret), 0, (dump, what))

    def none_in(self, data, where):
        for what, secret in SECRETS.items():
            self.assertFalse(secret in data, (where, what))

    def test_extract(self):
        for dump in DUMPS:
            self.whole(dump)
            with tempfile.TemporaryDirectory() as folder:
                small = os.path.join(folder, 'small')
                subprocess.run([TOOL, 'extract', dump, small], check=True)
                with open(small, 'rb') as f:
                    self.none_in(f.read(), dump)
                count = 0
                for page in pages_of(small):
                    self.assertEqual(len(page), BLOCK)
                    self.none_in(page, dump)
                    count += 1
                self.assertGreater(count, 100)

    def test_bug_and_html(self):
        for dump in DUMPS:
            with tempfile.TemporaryDirectory() as folder:
                page = os.path.join(folder, 'page.html')
                bug = subprocess.run([TOOL, 'report', '--bug', dump],
                                     check=True, stdout=subprocess.PIPE).stdout
                subprocess.run([TOOL, 'report', dump, '--html', page],
                               check=True)
                self.none_in(bug, dump)
                with open(page, 'rb') as f:
                    self.none_in(f.read(), dump)


if __name__ == '__main__':
    testing.main()
