#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""`who` takes what an engineer has in hand: addresses of all kinds, frames, symbols,
ranges, several at once, standard input. What can be two things is asked about.

usage: test_asked.py AMDIOMMU SAMPLE
"""
import json
import subprocess
import sys
import unittest

import counted

TOOL, SAMPLE = sys.argv[1:3]


def ask(*words, stdin='', code=0):
    done = subprocess.run([TOOL, 'who', SAMPLE, *words], text=True, input=stdin,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          timeout=120)
    assert done.returncode == code, (words, done)
    return done.stdout + done.stderr


def data(*words, stdin='', code=0):
    text = ask('--json', *words, stdin=stdin, code=code)
    return json.loads(text[:text.rindex('}') + 1])


def run(command):
    return json.loads(subprocess.run(
        [TOOL, command, '--json', SAMPLE], check=True, text=True,
        stdout=subprocess.PIPE).stdout)


class One(unittest.TestCase):
    def test_ways_to_one_page(self):
        plain = data('2698123')
        for word in ('0x2698123', 'phys:2698123', 'virt:' + plain['virtual'],
                     plain['virtual'], plain['virtual'][2:]):
            with self.subTest(word=word):
                other = data(word)
                self.assertEqual(other['phys'], '0x2698123')
                self.assertEqual(other['answer'], plain['answer'])

    def test_frame_is_the_whole_page(self):
        page = data('pfn:2698')
        self.assertEqual(page['phys'], '0x2698000')
        self.assertEqual(page['meaning'], 'page frame 0x2698')
        self.assertEqual(page['answer']['code'],
                         data('2698123')['answer']['code'])

    def test_symbol(self):
        whole = data('amd_iommu_list')
        self.assertEqual(whole['symbol'], 'amd_iommu_list')
        self.assertEqual(whole['symbol_offset'], 0)
        self.assertEqual(whole['owner'], 'kernel data')
        for word in ('amd_iommu_list+0x8', 'sym:amd_iommu_list+0x8/0x10',
                     'amd_iommu_list+8'):
            with self.subTest(word=word):
                there = data(word)
                self.assertEqual(int(there['phys'], 16),
                                 int(whole['phys'], 16) + 8)
                self.assertEqual(there['symbol_offset'], 8)

    def test_what_can_be_two_things_is_asked_about(self):
        for word, ways in (
                ('amd_iommu_list+10', ('+0xa', '+0x10')),
                ('7ffff7dd5000', ('PID:7ffff7dd5000', 'phys:7ffff7dd5000')),
                ('555555554000', ('PID:555555554000',))):
            with self.subTest(word=word):
                said = ask(word, code=64)
                self.assertIn('which is meant', said)
                for way in ways:
                    self.assertIn(way, said)
        self.assertEqual(data('phys:7ffff7dd5000')['answer']['code'], 'no-ram')

    def test_what_is_no_address(self):
        for word in ('', 'xyz', 'pfn:', 'pfn:xyz', ':1', '1:', '10-5', '10+0',
                     '10+', '10-zz', '1' * 17, 'amd_iommu_list+zz',
                     'sym:', 'a' * 600, '10+ffffffffffffffff', '1 2'):
            with self.subTest(word=word):
                self.assertTrue(ask(word, code=64).startswith('amdiommu: '))
        for word in ('1:1000', 'init:1000', 'page:1000', 'deadbeef00000000',
                     'virt:1000', 'phys:ffff888000000000'):
            with self.subTest(word=word):
                self.assertTrue(ask(word, code=65).startswith('amdiommu: '))
        self.assertIn('has no such symbol', ask('sym:deadbeef', code=64))


class Several(unittest.TestCase):
    def test_each_is_what_it_is_alone(self):
        words = ['2698123', 'pfn:1', 'fee00010', 'amd_iommu_list']
        many = data(*words)
        self.assertEqual(many['not_answered'], 0)
        for word, row in zip(words, many['answers'], strict=True):
            alone = data(word)
            self.assertEqual(row['asked'], word)
            for key in ('phys', 'pfn', 'ram', 'answer', 'meaning'):
                self.assertEqual(row[key], alone[key], (word, key))
            self.assertEqual(row['owner'], alone.get('owner'))

    def test_standard_input_is_the_same(self):
        words = ['2698123', 'pfn:2698', '2698000-269afff']
        self.assertEqual(data('-', stdin='\n'.join(words) + '\n\n'),
                         data(*words))
        self.assertEqual(data('-')['answers'], [])

    def test_one_that_has_no_answer_does_not_stop_the_rest(self):
        many = data('-', stdin='xyz 2698123\n7ffff7dd5000\n' + 'a' * 2000,
                    code=65)
        asked = [row['asked'] for row in many['answers']]
        self.assertEqual(asked[:3], ['xyz', '2698123', '7ffff7dd5000'])
        self.assertIn('which is meant', many['answers'][2]['error'])
        self.assertEqual(many['not_answered'], len(asked) - 1)
        text = ask('-', 'xyz', stdin='2698123', code=65)
        self.assertIn('1 of 2 addresses have no answer', text)

    def test_ranges_name_each_exposed_page(self):
        """All memory in one question: the pages of the report, and no others."""
        report = json.loads(subprocess.run(
            [TOOL, 'report', '--json', '--pages', SAMPLE], check=True,
            text=True, stdout=subprocess.PIPE).stdout)
        want = {pfn for e in report['exposures'] for first, n in e['pfns']
                for pfn in range(first, first + n)}
        have = set()
        for row in data('0-3fffffff')['answers']:
            if row['answer']['devices'] and row['ram']:
                have.update(range(row['pfn'], row['pfn'] + row['pages']))
        self.assertEqual(have, want)

    def test_range_counts_each_page_once(self):
        rows = data('0+40000000')['answers']
        self.assertEqual(sum(row['pages'] for row in rows), 0x40000)
        self.assertEqual([row['address'] for row in rows],
                         sorted((row['address'] for row in rows),
                                key=lambda a: int(a, 16)))
        huge = data('0-fffffffffffff')['answers']
        self.assertEqual(sum(row['pages'] for row in huge), 1 << 40)

    def test_a_range_of_bytes_asks_for_its_bytes(self):
        spans = [s for t in run('transfers')['transfers']
                 if t['class'] == 'posted' for s in t['spans']
                 if s['bytes'] < 4096]
        at = int(spans[0]['phys'], 16)
        row = data(f'{at:x}+{spans[0]["bytes"]:x}')['answers'][0]
        self.assertIn(row['answer']['code'], ('posted', 'inflight'))

    def test_lines_fit_eighty_columns(self):
        for line in ask('0-3fffffff', 'amd_iommu_list',
                        'xyz' * 50, code=65).splitlines():
            if not line.startswith('amdiommu: '):
                self.assertLessEqual(len(line), 80, line)


class History(unittest.TestCase):
    """translate shows what the ring has of an IOVA, oldest first."""

    def test_each_invalidation_of_the_ring(self):
        report = run('report')
        ring = run('ring')['rings'][0]
        tail = ring['command_ring']['tail']
        domain = {d['bdf']: d['domain'] for d in report['devices']}
        seen = 0
        for entry in ring['ring']:
            pages = entry.get('operands', {})
            if entry.get('name') != 'INVALIDATE_IOMMU_PAGES' or \
                    entry['state'] != 'done' or 'Address' not in pages:
                continue
            for bdf in (b for b, d in domain.items()
                        if d == pages['DomainID']):
                shown = json.loads(subprocess.run(
                    [TOOL, 'translate', '--json', SAMPLE, bdf,
                     pages['Address']], check=True, text=True,
                    stdout=subprocess.PIPE).stdout)['invalidations']
                mine = [i for i in shown if i['entry'] == entry['index']]
                self.assertEqual(len(mine), 1)
                self.assertEqual(mine[0]['before_tail'],
                                 (tail - entry['index'] - 1) % 512 + 1)
                order = [i['before_tail'] for i in shown]
                self.assertEqual(order, sorted(order, reverse=True))
                seen += 1
            if seen > 8:
                break
        self.assertTrue(seen)


class Memory(unittest.TestCase):
    """rd marks what who names."""

    def test_a_word_too_long_is_no_address(self):
        said = ask('-', stdin='A' * 511 + '2698123\n2698123\n', code=65)
        self.assertEqual(said.count('0x2698123'), 1)
        self.assertIn('too long to be an address', said)

    def rd(self, *words, code=0):
        done = subprocess.run([TOOL, 'rd', SAMPLE, *words], text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              timeout=60)
        self.assertEqual(done.returncode, code, done.stderr)
        return done.stdout + done.stderr

    def test_marks_are_the_answers_of_who(self):
        lines = json.loads(self.rd('2698000', '512', '--json'))['lines']
        self.assertEqual(len(lines), 256)
        for line in lines[::16]:
            row = data(line['address'] + '+10')['answers'][0]
            self.assertEqual((line['code'], line['devices']),
                             (row['answer']['code'], row['answer']['devices']))
        self.assertIn('posted', {line['code'] for line in lines})

    def test_words_are_what_the_dump_holds(self):
        """The head of a list points at itself, or at kernel memory."""
        line = json.loads(self.rd('amd_iommu_list', '2', '--json'))['lines'][0]
        self.assertEqual(int(line['address'], 16),
                         int(data('amd_iommu_list')['virtual'], 16))
        for word in line['words']:
            self.assertEqual(int(word, 16) >> 48 & 0xff00, 0xff00)

    def test_a_line_is_of_one_page(self):
        lines = json.loads(self.rd('2697ff8', '2', '--json'))['lines']
        self.assertEqual([len(line['words']) for line in lines], [1, 1])
        for line in lines:
            answer = data(line['address'] + '+8')['answers'][0]['answer']
            self.assertEqual(line['code'], answer['code'])
        self.assertNotEqual(lines[0]['code'], lines[1]['code'])

    def test_an_address_without_a_page_is_unknown(self):
        line = json.loads(self.rd('ffffc90000000000', '--json'))['lines'][0]
        self.assertEqual((line['code'], line['words'][0]), ('unknown', None))
        self.assertIn('? No page is known for the address: not mapped',
                      self.rd('ffffc90000000000', '1'))

    def test_a_range_is_bounded(self):
        self.assertIn('ask for parts of it',
                      self.rd('0-ffffffffffffffff', code=64))

    def test_text_has_a_mark_and_its_meaning(self):
        said = self.rd('2698123', '3')
        self.assertEqual(said.splitlines()[0][-1], '*')
        self.assertIn('\n* e1000e (0000:00:04.0) had been asked', said)
        self.assertLessEqual(max(map(len, said.splitlines())), 80)

    def test_what_is_no_number(self):
        for count in ('0', '-1', 'x', '1048577', ''):
            with self.subTest(count=count):
                self.rd('2698123', count, code=64)
        self.rd('-', code=64)
        lines = json.loads(self.rd('fffffffff000', '2', '--json'))['lines']
        self.assertEqual(lines[0]['words'], [None, None])


if __name__ == '__main__':
    sys.exit(counted.main())
