#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""How the truth is made: memory, tables, trace, package sources. No QEMU."""
import os
import struct
import tempfile
import unittest

import guest
import hardware
import ivrs
import memory
import packages
import run
import scenarios
import testing
import truth
import unguarded
from memory import PAGE
from qemu import Snapshot
from workdir import Failed

BOTH = 3 << 61


class Files(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name

    def ram(self, pages, content=()):
        """Memory of so many pages; content: (page, bytes at its start)"""
        name = os.path.join(self.folder, f'ram{len(os.listdir(self.folder))}')
        with open(name, 'wb') as f:
            f.truncate(pages * PAGE)
            for page, data in content:
                f.seek(page * PAGE)
                f.write(data)
        return memory.Ram(name)

    def text(self, lines):
        name = os.path.join(self.folder, 'trace')
        with open(name, 'w') as f:
            f.write('\n'.join(lines) + '\n')
        return name


class Memory(Files):
    def test_runs(self):
        self.assertEqual(memory.runs({7, 1, 2, 3, 9}),
                         [[1, 3], [7, 1], [9, 1]])
        self.assertEqual(memory.members([[1, 3], [7, 1]]), {1, 2, 3, 7})

    def test_changed(self):
        a = self.ram(600, [(3, b'x'), (400, b'y')])
        b = self.ram(600, [(3, b'x'), (400, b'z'), (599, b'q')])
        self.assertEqual(a.changed(b), [400, 599])

    def test_read_outside(self):
        a = self.ram(4)
        self.assertIsNone(a.read(4 * PAGE, 1))
        self.assertIsNone(a.read(4 * PAGE - 1, 2))

    def test_memory_above_four_gib(self):
        a = self.ram(0xc0000000 // PAGE)
        self.assertEqual(a.pfn_ranges(), [[0, 0x80000], [0x100000, 0x40000]])
        self.assertIsNone(a.read(0x80000000, 1))
        self.assertEqual(a.read(1 << 32, 1), b'\0')

    def test_notes(self):
        note = struct.pack('<3I', 5, 6, 1) + b'CORE\0\0\0\0' + b'abcdef\0\0'
        ram = self.ram(2, [(1, note + bytes(12))])
        self.assertEqual(memory.note_at(ram, PAGE), note)
        self.assertEqual(memory.note_at(ram, 0), b'')
        self.assertEqual(memory.note_at(ram, 100 * PAGE), b'')

    def test_vmcore(self):
        ram = self.ram(300, [(299, b'end')])
        name = os.path.join(self.folder, 'vmcore')
        memory.write_vmcore(name, ram, b'NOTE')
        with open(name, 'rb') as f:
            data = f.read()
        headers = [struct.unpack_from('<2I6Q', data, 64 + 56 * i)
                   for i in range(2)]
        self.assertEqual([h[0] for h in headers], [4, 1])
        at, size = headers[0][2], headers[0][5]
        self.assertEqual(data[at:at + size], b'NOTE')
        at = headers[1][2]
        self.assertEqual(data[at + 299 * PAGE:at + 299 * PAGE + 3], b'end')
        self.assertEqual(len(data), at + 300 * PAGE)


class Tables(Files):
    """Page 1: level 2, page 2: level 1."""

    def walk(self, upper, lower):
        ram = self.ram(8, [
            (1, b''.join(struct.pack('<Q', x) for x in upper)),
            (2, b''.join(struct.pack('<Q', x) for x in lower))])
        return list(hardware.walk(ram, PAGE, 2))

    def leaf(self, *fields):
        return hardware.Leaf(*fields)

    def test_pages(self):
        found = self.walk([BOTH | 2 * PAGE | 1 << 9 | 1],
                          [0, BOTH | 5 * PAGE | 1])
        self.assertEqual(found, [self.leaf(PAGE, 5 * PAGE, PAGE, 3, 5 * PAGE)])

    def test_permissions_of_all_levels(self):
        found = self.walk([1 << 61 | 2 * PAGE | 1 << 9 | 1],
                          [BOTH | 5 * PAGE | 1])
        self.assertEqual(found[0].permission, hardware.READ)

    def test_large_page(self):
        found = self.walk([0, BOTH | 4 << 21 | 1], [])
        self.assertEqual(found, [self.leaf(1 << 21, 4 << 21, 1 << 21, 3,
                                           4 << 21)])

    def test_replicated_entry(self):
        """8 KiB at page 6: the lowest address bit says the size"""
        pte = BOTH | 6 * PAGE | 7 << 9 | 1
        found = self.walk([BOTH | 2 * PAGE | 1 << 9 | 1], [pte, pte])
        self.assertEqual(found, [
            self.leaf(0, 6 * PAGE, PAGE, 3, 6 * PAGE),
            self.leaf(PAGE, 7 * PAGE, PAGE, 3, 6 * PAGE)])

    def test_table_that_points_at_itself(self):
        found = self.walk([BOTH | PAGE | 2 << 9 | 1], [])
        self.assertEqual(found, [])

    def test_dte(self):
        entry = hardware.decode_dte(struct.pack(
            '<4Q', 0x60000000018f1603, 0x2, 0x20000000011d0013, 0))
        self.assertTrue(hardware.is_paging(entry))
        self.assertEqual((entry['mode'], entry['root'], entry['domid']),
                         (3, '0x18f1000', 2))
        for words, free in (((3, 0), False), ((0x6000000000000003, 0), True),
                            ((0, 0), True), ((1, 0), False)):
            entry = hardware.decode_dte(struct.pack('<4Q', *words, 0, 0))
            self.assertEqual(hardware.is_passthrough(entry), free, words)

    def test_guest_dte(self):
        """The root is in three pieces; the rest as a 6.1 kernel set it"""
        entry = hardware.decode_dte(struct.pack(
            '<4Q', 1 << 61 | 1 << 62 | 2 << 58 | 1 << 56 | 3 << 54 | 3,
            1 << 43 | 0x413 << 16 | 4, 1 << 54, 0))
        self.assertTrue(hardware.is_guest(entry))
        self.assertFalse(hardware.is_paging(entry) or
                         hardware.is_passthrough(entry))
        self.assertEqual((int(entry['gcr3'], 16), entry['GLX'],
                          entry['guest_levels'], entry['domid']),
                         (1 << 31 | 0x413 << 15 | 2 << 12, 1, 5, 4))

    def test_guest_table(self):
        """GCR3 in pages 1 and 2, then levels 2 and 1 in pages 3 and 4"""
        def entries(*values):
            return struct.pack(f'<{len(values)}Q', *values)
        ram = self.ram(16, [
            (1, entries(2 * PAGE | 1)), (2, entries(3 * PAGE | 1)),
            (3, entries(4 * PAGE | 7, 4 << 21 | 0x87)),
            (4, entries(0, 9 * PAGE | 7, 10 * PAGE | 5))])
        self.assertEqual(hardware.first_guest_table(
            ram, {'gcr3': hex(PAGE), 'GLX': 1}), 3 * PAGE)
        self.assertEqual(list(hardware.walk_guest(ram, 3 * PAGE, 2)), [
            self.leaf(PAGE, 9 * PAGE, PAGE, 3, 9 * PAGE),
            self.leaf(2 * PAGE, 10 * PAGE, PAGE, 1, 10 * PAGE),
            self.leaf(1 << 21, 4 << 21, 1 << 21, 3, 4 << 21)])
        self.assertIsNone(hardware.first_guest_table(
            ram, {'gcr3': hex(5 * PAGE), 'GLX': 0}))

    def test_ivrs(self):
        raw = ivrs.table(5)
        self.assertEqual(sum(raw) & 0xff, 0)
        self.assertEqual(struct.unpack_from('<I', raw, 4)[0], len(raw))
        self.assertEqual(struct.unpack_from('<H', raw, 50)[0], len(raw) - 48)

    def test_bdf(self):
        self.assertEqual(hardware.bdf(0x1fa), '0000:01:1f.2')
        self.assertEqual(hardware.devid('0000:01:1f.2'), 0x1fa)
        self.assertEqual(hardware.devid('01:1f.2'), 0x1fa)


def translated(bdf, iova, address):
    return (f'amdvi_translation_result  devid: {bdf} gpa 0x{iova:x} '
            f'hpa 0x{address:x}')


class Writers(Files):
    ROLES = {'0000:00:02.0': 'nvme', '0000:00:03.0': 'net'}

    def test_trace(self):
        name = self.text([translated('00:02.0', 0x5000, 0x9000),
                          translated('00:02.0', 0x6000, 0),
                          'virtio_blk_req_complete vdev 0x1'])
        trace = truth.Trace(name, 0, os.path.getsize(name))
        done, refused = trace.pages({})
        self.assertEqual(done, {'0000:00:02.0': {9: 0}})
        self.assertEqual(refused, {'0000:00:02.0': {6}})
        self.assertEqual(trace.events['virtio_blk_req_complete'], 1)

    def test_iotlb(self):
        name = self.text([
            translated('00:02.0', 0x5000, 0x9000),
            translated('00:03.0', 0x5000, 0xa000),
            'amdvi_pages_inval  AMD-Vi invalidation for dom 0x2',
            translated('00:02.0', 0x7000, 0xb000)])
        held = truth.replay_iotlb(name, os.path.getsize(name),
                                  {'0000:00:02.0': 2, '0000:00:03.0': 3})
        self.assertEqual(held, {('0000:00:03.0', 5): 10,
                                ('0000:00:02.0', 7): 11})

    def test_marks(self):
        before, after = bytearray(PAGE), bytearray(PAGE)
        self.assertIsNone(truth.content_mark(before, after))
        after[100:120] = b'DMAFLOOD00000007' + bytes(4)
        self.assertEqual(truth.content_mark(before, after), ('net', 'flood'))
        self.assertIsNone(truth.content_mark(after, after))
        after[100:120] = b'LABDISKN000000000007'
        self.assertEqual(truth.content_mark(before, after),
                         ('nvme', 'sector'))

    def test_evidence(self):
        writers = truth.Writers(self.ROLES)
        after = {'0000:00:02.0': {1: 5}}
        before = {'0000:00:02.0': {2: 1}, '0000:00:03.0': {2: 4}}
        writers.add(1, None, after, before)
        writers.add(2, None, after, before)
        writers.add(3, ('net', 'flood'), after, before)
        writers.add(4, None, after, before)
        self.assertEqual(writers.nobody, [4])
        self.assertEqual(writers.devices['0000:00:02.0']['pfns'], [1])
        self.assertEqual(writers.devices['0000:00:03.0'], {
            'pfns': [2, 3], 'pattern': {'none': 1, 'flood': 1},
            'evidence': {'pre': 1, 'pattern-only': 1}})

    def test_functions_get_the_same_frames(self):
        """Content does not tell a NIC from its virtual functions"""
        writers = truth.Writers(self.ROLES | {'0000:00:13.0': 'igbvf'})
        writers.add(1, ('net', 'flood'), {'0000:00:13.0': {1: 5}}, {})
        writers.add(2, ('net', 'flood'), {'0000:00:02.0': {2: 5}}, {})
        self.assertEqual(writers.devices['0000:00:13.0']['pfns'], [1])
        self.assertEqual(writers.devices['0000:00:03.0']['pfns'], [2])

    def test_roles(self):
        pci = {0x10: 'Class 0264: PCI device 1b36:0010',
               0x18: 'Ethernet controller: PCI device 8086:10c9',
               0x20: 'Audio controller: PCI device 8086:2668',
               0x98: 'Ethernet controller: PCI device 8086:10ca',
               0x9a: 'Ethernet controller: PCI device 8086:10ca',
               0xf8: 'ISA bridge: PCI device 8086:2918'}
        found = truth.roles(pci, scenarios.scenario('6.1-igbvf'))
        self.assertEqual(found, {
            '0000:00:02.0': 'nvme', '0000:00:03.0': 'net',
            '0000:00:04.0': 'hda', '0000:00:13.0': 'igbvf',
            '0000:00:13.2': 'igbvf'})


class Unguarded(Files):
    """Page 1 gets a frame, page 2 what a disk delivers, page 3 does not count."""

    def snapshot(self, content):
        return Snapshot(self.ram(4, content), 0, 0)

    def test_phases(self):
        """Of a disk, what it wrote before the first kernel's stop is not known"""
        taken = {'panic': self.snapshot([]), 'capstart': self.snapshot([
            (1, b'DMAFLOOD00000007'), (2, b'LABDISKN000000000007'),
            (3, b'DMAFLOOD00000008')])}
        taken['capup'] = self.snapshot([
            (1, b'DMAFLOOD00000007'), (2, b'LABDISKN000000000008'),
            (3, b'DMAFLOOD00000008')])
        found = unguarded.kdump_changes(
            list(taken), taken, {'0000:00:02.0': 'nvme',
                                 '0000:00:03.0': 'net'},
            truth.content_mark, {3})
        disk, nic = ({'n': 1, 'runs': [[page, 1]]} for page in (2, 1))
        self.assertEqual(found['written'], {'0000:00:02.0': disk,
                                            '0000:00:03.0': nic})
        self.assertEqual(found['phases'], {
            'panic->capstart': {'changed': {'n': 2, 'runs': [[1, 2]]},
                                'written_by_device': {'0000:00:03.0': nic}},
            'capstart->capup': {'changed': disk,
                                'written_by_device': {'0000:00:02.0': disk}}})


class Sources(unittest.TestCase):
    DEB822 = """
Types: deb deb-src
URIs: http://mirror.example/debian
Suites: trixie trixie-updates
Components: main
Signed-By: /usr/share/keyrings/some.gpg

Types: deb
Enabled: no
URIs: http://off.example/debian
Suites: trixie
"""
    LIST = """
# deb http://no.example/debian trixie main
deb [arch=amd64 signed-by=/k.gpg] http://m.example/debian sid main
deb http://m.example/sec trixie-security main
"""

    def test_deb822(self):
        key = '/usr/share/keyrings/some.gpg'
        self.assertEqual(list(packages.deb822_sources(self.DEB822)), [
            ('http://mirror.example/debian', 'trixie', key),
            ('http://mirror.example/debian', 'trixie-updates', key)])

    def test_oneline(self):
        self.assertEqual(list(packages.oneline_sources(self.LIST)), [
            ('http://m.example/debian', 'sid', '/k.gpg'),
            ('http://m.example/sec', 'trixie-security', '')])


class Settings(unittest.TestCase):
    def test_changes(self):
        found = scenarios.scenario('6.1-both', ['flood=12.5', 'nic=rtl8139'])
        self.assertEqual((found.flood, found.nic), (12.5, 'rtl8139'))
        for wrong in ('flood=x', 'no=1', 'flood'):
            with self.assertRaises(Failed):
                scenarios.scenario('6.1-both', [wrong])
        with self.assertRaises(Failed):
            scenarios.scenario('no-such')

    def test_modules(self):
        found = scenarios.scenario('6.1-virtio-net')
        self.assertEqual(guest.modules_for(found),
                         ['virtio_pci', 'virtio_net', 'nvme', 'virtio_blk'])

    def test_stamp_depends_on_kernel_and_settings(self):
        kernel = packages.Kernel('6.1', '/x', 'linux-image 1\n')
        newer = packages.Kernel('6.1', '/x', 'linux-image 2\n')
        plain = scenarios.scenario('6.1-both')
        other = scenarios.scenario('6.1-both', ['memory=2048'])
        stamps = {run.stamp(plain, [kernel]), run.stamp(plain, [newer]),
                  run.stamp(other, [kernel])}
        self.assertEqual(len(stamps), 3)
        self.assertEqual(run.stamp(plain, [kernel]),
                         run.stamp(plain, [kernel]))

    def test_crashkernel_lines(self):
        class Console:
            lines = ['[ 0.0] Reserving 384MB of memory at 512MB for '
                     'crashkernel (System RAM: 1023MB)']
        self.assertEqual(run.crashkernel_ranges(Console),
                         [[512 * 256, 384 * 256]])
        Console.lines = ['[ 0.0] crashkernel reserved: 0x0000000020000000 - '
                         '0x0000000038000000 (384 MB)']
        self.assertEqual(run.crashkernel_ranges(Console),
                         [[512 * 256, 384 * 256]])


if __name__ == '__main__':
    testing.main()
