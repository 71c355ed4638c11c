#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Which kernels should have a member, and what is said when they do not."""
import struct
import unittest

import readers
import testing
import typeinfo
from readers import Kernel, Want, mistakes, parse, should_have


def kernel(**answers):
    """A kernel of series 6.12: {when with underscores: answer}"""
    return Kernel('6.12', '6.12.118', {
        Want('M', 'igb', 'id', 'igb', 'igb_ring.desc', when): answer
        for when, answer in answers.items()})


class When(unittest.TestCase):
    def test_ranges(self):
        for when, series, expected in (
                ('', '6.1', True), ('until 6.11', '6.11', True),
                ('until 6.11', '6.12', False), ('since 6.4', '6.12', True),
                ('since 6.4', '6.1', False), ('6.2 to 6.9', '6.9', True),
                ('6.2 to 6.9', '6.10', False), ('6.12', '6.12', True),
                ('6.12', '6.1', False), ('6.12, since 6.16', '6.14', False),
                ('6.12, since 6.16', '7.3', True),
                ('since 6.4', '6.10', True)):
            self.assertEqual(should_have(when, series), expected,
                             (when, series))


class Mistakes(unittest.TestCase):
    def test_absent_and_nobody_says_so(self):
        found = list(mistakes([kernel(**{'': 'no-member'})]))
        self.assertEqual(len(found), 1)
        self.assertIn('no-member', found[0])

    def test_absent_as_said(self):
        self.assertFalse(list(mistakes([kernel(**{'since 7.0': 'no-type'})])))

    def test_there_against_what_is_said(self):
        self.assertEqual(
            len(list(mistakes([kernel(**{'since 7.0': (8, 8)})]))), 1)

    def test_not_where_it_should_be(self):
        self.assertEqual(
            len(list(mistakes([kernel(**{'since 6.1': 'no-member'})]))), 1)

    def test_lines(self):
        want, answer = parse('M\tigb\tx\tigb\tigb_ring\tdesc\t\t8\t4')
        self.assertEqual((want.name, answer), ('igb_ring.desc', (8, 4)))
        want, answer = parse('S\tigb\tx\tigb\tigb_ring\t\tno-type')
        self.assertEqual((want.kind, answer), ('S', 'no-type'))


class Layouts(unittest.TestCase):
    def test_rows(self):
        text = readers.layout_of('igb', [kernel(**{'': (8, 4)}),
                                         kernel(**{'': 'no-type'})])
        self.assertIn('LAYOUT_M(id, { 8, 4 }, { -1, 0 })\n', text)

    def test_modules_that_are_not_built(self):
        kernels = [kernel(**{'': 'no-module'}), kernel(**{'': (8, 4)})]
        want = next(iter(kernels[0].found))
        self.assertTrue(readers.not_built(want, kernels[0], kernels))
        self.assertFalse(list(readers.mistakes(kernels)))
        # Nobody has it: its name may be wrong.
        self.assertEqual(len(list(readers.mistakes(kernels[:1]))), 1)


class Sections(unittest.TestCase):
    def test_found_by_name(self):
        names = b'\0.BTF\0'
        head = bytearray(64)
        head[:4] = b'\x7fELF'
        struct.pack_into('<Q', head, 40, 64)
        struct.pack_into('<HHH', head, 58, 64, 2, 1)
        end = 64 + 2 * 64
        sections = struct.pack('<II4Q24x', 1, 1, 0, 0, end + len(names), 4)
        sections += struct.pack('<II4Q24x', 0, 3, 0, 0, end, len(names))
        elf = bytes(head) + sections + names + b'type'
        self.assertEqual(typeinfo.section(elf, '.BTF'), b'type')
        self.assertIsNone(typeinfo.section(elf, '.text'))
        self.assertIsNone(typeinfo.section(b'MZ', '.BTF'))


if __name__ == '__main__':
    testing.main()
