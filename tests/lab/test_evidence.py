#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""How evidence is judged: dumps, reads that were done, sums. No QEMU."""
import contextlib
import io
import os
import tempfile
import unittest

import evidence
import memory
import testing
from check import Expected
from memory import PAGE
from qemu import SECTOR, sector
from scenarios import SCENARIOS

DISK = '0000:00:02.0'
NIC = '0000:00:04.0'
FIRST = 40          # sector that is asked for


def transfer(*spans, requester=DISK,
             what=f'vda tag 1: read of 8 KiB at sector {FIRST}'):
    return {'requester': requester, 'what': what,
            'spans': [{'phys': hex(at), 'bytes': size} for at, size in spans]}


class Reads(unittest.TestCase):
    """Page 2 holds what is asked for, page 3 another part of the disk."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        name = os.path.join(folder.name, 'ram')
        with open(name, 'wb') as f:
            f.truncate(8 * PAGE)
            f.seek(2 * PAGE)
            for number in range(PAGE // SECTOR):
                f.write(sector('V', FIRST + number))
            for number in range(PAGE // SECTOR):
                f.write(sector('V', number))
        self.vmcore = os.path.join(folder.name, 'vmcore')
        memory.write_vmcore(self.vmcore, memory.Ram(name), b'')

    def filled(self, *transfers, role='virtio'):
        return evidence.already_filled(self.vmcore, transfers, DISK, role)

    def test_done(self):
        self.assertEqual(self.filled(transfer((2 * PAGE, 2 * PAGE))), {2})

    def test_in_pieces(self):
        """The second piece is where the first one's sectors go on"""
        self.assertEqual(self.filled(transfer((5 * PAGE, PAGE),
                                              (2 * PAGE, PAGE))), set())
        self.assertEqual(self.filled(transfer((2 * PAGE, SECTOR),
                                              (2 * PAGE + SECTOR, SECTOR))),
                         {2})

    def test_others(self):
        at = (2 * PAGE, PAGE)
        self.assertEqual(self.filled(transfer(at, requester=NIC)), set())
        self.assertEqual(self.filled(transfer(at, what='queue 1')), set())
        self.assertEqual(self.filled(transfer(at), role='nvme'), set())
        self.assertEqual(self.filled(transfer(at), role='net'), set())
        self.assertEqual(self.filled(transfer((100 * PAGE, PAGE))), set())


class Table(unittest.TestCase):
    def one(self, written, exposures, filled=frozenset()):
        want = Expected(kernel='', kdump=False, lossy=False, pending=False,
                        loaded=True, devices={}, ring={}, ram=set(range(99)),
                        roles={DISK: 'nvme'}, written={DISK: written},
                        unnamed={}, unjudged={}, unexplained=0)
        report = {'exposures': [
            {'requester': DISK, 'class': name, 'pfns': memory.runs(pages)}
            for name, pages in exposures.items()]}
        totals, out = evidence.Totals(), io.StringIO()
        with contextlib.redirect_stdout(out):
            missing = evidence.one_device('test', want, report, DISK,
                                          set(filled), totals)
            totals.show()
        return missing, out.getvalue().split('\n')

    def test_figures(self):
        missing, lines = self.one({1, 2, 3, 4}, {
            'mapped': {1, 2, 3, 4, 9}, 'inflight': {1, 2, 5, 6},
            'posted': {3, 7}}, filled={5})
        self.assertEqual(missing, {4})
        self.assertEqual(lines[0].split()[3:], [
            '4', '100.0%', '75.0%', '75.0%', '50.0%', '1'])
        self.assertEqual(lines[1].split()[:3], ['all', 'nvme', '4'])

    def test_nothing_named(self):
        missing, lines = self.one({1}, {'mapped': {1}})
        self.assertEqual(missing, {1})
        self.assertEqual(lines[0].split()[5:], ['0.0%', '-', '-', '1'])


class Standard(unittest.TestCase):
    def test_all_are_scenarios(self):
        names = evidence.standard()
        self.assertEqual([n for n in names if n not in SCENARIOS], [])
        self.assertEqual(len(names), len(set(names)))


if __name__ == '__main__':
    testing.main()
