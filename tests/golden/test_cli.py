#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The stand-alone command as a user types it, on the sample.

usage: test_cli.py AMDIOMMU SAMPLE
"""
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

import counted

TOOL, SAMPLE = sys.argv[1:3]
HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, '..', '..', 'scripts'))
import commands as table                                # noqa: E402

# Without arguments where they are optional, and each example.
VIEWS = [[c.name] for c in table.views()
         if not c.args or c.args[0] == '['] + \
    [c.words() for c in table.views() if c.args]


def run(*args, **kw):
    """Exit code, stdout, stderr of the command."""
    done = subprocess.run([TOOL, *args], text=True, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, timeout=60, **kw)
    return done.returncode, done.stdout, done.stderr


def view(words, *options):
    """A view of the sample; fails unless it succeeds silently."""
    code, out, err = run(words[0], SAMPLE, *words[1:], *options)
    assert code == 0 and not err, (words, code, err)
    return out


class Views(unittest.TestCase):
    def test_every_view_has_text_and_json(self):
        for words in VIEWS:
            with self.subTest(view=words):
                self.assertTrue(view(words).strip())
                data = json.loads(view(words, '--json'))
                self.assertEqual(data['schema'], 'amdiommu-report/2')
                self.assertGreater(len(data), 1)

    def test_report_fits_eighty_columns(self):
        for words in VIEWS:
            if words == ['check']:      # one line a dump, for scripts
                continue
            for line in view(words, '-v').splitlines():
                self.assertLessEqual(len(line), 80, (words, line))

    def test_output_is_stable(self):
        self.assertEqual(view(['report', '--json', '--pages']),
                         view(['report', '--json', '--pages']))

    def test_text_and_json_agree(self):
        text = view(['report', '-v'])
        data = json.loads(view(['report', '--json']))
        self.assertIn('VERDICT  ' + data['verdict']['value'], text)
        for device in data['devices']:
            line = next(l for l in text.splitlines()
                        if l.startswith(device['bdf']))
            self.assertIn(device['translation'], line)
            self.assertIn(device['dte_state'], line)
            self.assertIn(device['driver'] or '-', line)
        for iommu in data['iommus']:
            self.assertIn(iommu['bdf'], text)

    def test_report_is_as_recorded(self):
        with open(os.path.join(HERE, '..', 'data',
                               'debian-6.1-kdump.json')) as f:
            want = json.load(f)
        have = json.loads(view(['report', '--json', '--pages']))
        for data in have, want:
            data['dump'].pop('path')
        self.assertEqual(have, want)


class Facts(unittest.TestCase):
    """Views of one dump must not contradict each other."""

    @classmethod
    def setUpClass(cls):
        cls.report = json.loads(view(['report', '--json', '--pages']))

    def exposures(self, kind):
        return [e for e in self.report['exposures'] if e['class'] == kind]

    def test_several_devices_are_exposed(self):
        busy = [e for e in self.exposures('mapped') if e['pages']]
        self.assertGreaterEqual(len(busy), 3)
        for e in busy:
            self.assertEqual(e['pages'], sum(n for _, n in e['pfns']))

    def test_writable_counts_a_page_once(self):
        for d in self.report['devices']:
            pages = {p for e in self.report['exposures']
                     if e['requester'] == d['bdf']
                     for first, n in e['pfns']
                     for p in range(first, first + n)}
            self.assertEqual(d['writable']['pages'], len(pages), d['bdf'])

    def test_map_names_the_same_pages(self):
        for e in self.exposures('mapped'):
            ranges = json.loads(view(['map', e['requester'],
                                      '--json']))['ranges']
            pfns = set()
            for r in ranges:
                if r['write']:
                    first = int(r['phys'], 16) >> 12
                    pfns.update(range(first, first +
                                      (int(r['size'], 16) >> 12)))
            want = {p for first, n in e['pfns']
                    for p in range(first, first + n)}
            self.assertEqual(pfns, want, e['requester'])

    def test_who_finds_the_way_back(self):
        for e in self.exposures('mapped'):
            for first, _ in e['pfns'][:3]:
                phys = (first << 12) + 0x123
                data = json.loads(view(['who', hex(phys), '--json']))
                ways = [w for w in data['writers']
                        if w['requester'] == e['requester']]
                self.assertTrue(ways)
                back = json.loads(view(['translate', e['requester'],
                                        ways[0]['iova'], '--json']))
                self.assertEqual(int(back['phys'], 16), phys)
                self.assertTrue(back['write'])

    def test_who_of_a_byte_and_its_page(self):
        told = json.loads(view(['transfers', '--json']))['transfers']
        small = [t for t in told if t['class'] == 'posted' and
                 all(s['bytes'] < 100 for s in t['spans'])]
        self.assertTrue(small)
        for transfer in small:
            phys = int(transfer['spans'][0]['phys'], 16)
            beside = phys + transfer['spans'][0]['bytes']
            self.assertEqual(phys >> 12, beside >> 12)
            for at, key, other, words in (
                    (phys, 'transfers', 'transfers_beside', 'this byte'),
                    (beside, 'transfers_beside', 'transfers',
                     'other bytes of this page')):
                data = json.loads(view(['who', hex(at), '--json']))
                self.assertIn(transfer, data[key])
                self.assertNotIn(transfer, data[other])
                self.assertIn(data['answer']['code'], ('posted', 'inflight')
                              if data['transfers'] else ('asked-page',))
                self.assertIn(transfer['requester'],
                              data['answer']['devices'])
                self.assertIn('was asked to write ' + words,
                              ' '.join(view(['who', hex(at)]).split()))

    def test_who_answers_first(self):
        named = {pfn for e in self.report['exposures'] for first, n in
                 e['pfns'] for pfn in range(first, first + n)}
        other = next(p for p in range(1, 1 << 20) if p not in named)
        for pfn, code in ((other, 'bounded'),
                          (next(iter(named)), None)):
            data = json.loads(view(['who', hex(pfn << 12), '--json']))
            said = ' '.join(view(['who', hex(pfn << 12)]).split())
            self.assertTrue(said.startswith(data['answer']['text']))
            self.assertTrue(data['answer']['others_excluded'])
            self.assertEqual(data['answer']['code'] == 'bounded',
                             code == 'bounded')
            self.assertEqual(bool(data['answer']['devices']), code is None)

    def test_who_of_the_logs(self):
        log = json.loads(view(['log', '--json']))['logs'][0]
        for key, name in (('event_log', 'event log'), ('ppr_log', 'PPR log')):
            said = view(['who', log[key]['phys']])
            self.assertRegex(said, rf'iommu0 +{name} +hardware')

    def test_who_of_no_memory(self):
        self.assertIn('an interrupt (MSI)', view(['who', 'fee00010']))
        data = json.loads(view(['who', 'fee00010', '--json']))
        self.assertEqual((data['ram'], data['writers'], 'owner' in data),
                         (False, [], False))

    def test_ring_counts(self):
        ring = json.loads(view(['ring', '--json']))['rings'][0]
        self.assertEqual(len(ring['ring']), 512)
        head = self.report['iommus'][0]['command_ring']
        unproven = [e['index'] for e in ring['ring']
                    if e['state'] == 'unproven']
        self.assertEqual(len(unproven), sum(n for _, n in head['unproven']))
        wait = ring['ring'][head['proven']]
        self.assertEqual(wait['name'], 'COMPLETION_WAIT')
        self.assertLessEqual(int(wait['operands']['StoreData'], 16),
                             head['semaphore'])


class Errors(unittest.TestCase):
    def refused(self, code, needle, *args):
        got, out, err = run(*args)
        self.assertEqual(got, code, (args, err))
        self.assertEqual(out, '')
        self.assertIn(needle, err)
        self.assertEqual(len(err.strip().splitlines()), 1, err)

    def test_bad_files(self):
        with tempfile.TemporaryDirectory() as d:
            text, empty = os.path.join(d, 'text'), os.path.join(d, 'empty')
            with open(text, 'w') as f:
                f.write('hello\n' * 2000)
            open(empty, 'w').close()
            self.refused(66, 'No such file', 'report', d + '/missing')
            self.refused(66, 'directory', 'report', d)
            self.refused(66, 'not a dump', 'report', text)
            self.refused(66, 'empty', 'report', empty)
            self.refused(66, 'is a program, not a dump; name the vmcore, and '
                         'a vmlinux with --vmlinux', 'report', '/bin/true')

    def test_truncated(self):
        with tempfile.TemporaryDirectory() as d:
            with open(SAMPLE, 'rb') as f:
                whole = f.read()
            for part in (10, 30, 50, 70, 90, 99):
                cut = os.path.join(d, 'cut')
                with open(cut, 'wb') as f:
                    f.write(whole[:len(whole) * part // 100])
                code, out, err = run('report', cut)
                self.assertIn(code, (0, 65, 66), (part, err))
                self.assertIn('truncated', (out + err).lower(), part)

    def test_usage(self):
        self.refused(64, 'not a command', 'nonsense', SAMPLE)
        self.refused(64, 'which dump', 'report')
        self.refused(64, 'not a PCI address', 'map', SAMPLE, 'zz')
        self.refused(64, 'no device', 'map', SAMPLE, '0000:7f:00.0')
        self.refused(64, 'not an address', 'who', SAMPLE, 'xyz')
        self.refused(65, 'neither a physical address', 'who', SAMPLE,
                     'deadbeef00000000')
        self.refused(65, 'not mapped', 'who', SAMPLE, 'ffffffffbffff000')
        self.refused(64, 'no iommu', 'ring', SAMPLE, 'iommu9')
        self.refused(64, 'takes', 'translate', SAMPLE, '00:02.0')

    def test_wrong_vmlinux(self):
        self.refused(65, '', 'report', SAMPLE, '--vmlinux', '/bin/true')
        self.refused(66, 'No such file', 'report', SAMPLE, '--vmlinux',
                     '/nonexistent')

    def test_no_folder_for_page_sets(self):
        done = subprocess.run([TOOL, 'report', SAMPLE, '--low-memory'],
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              env={'TMPDIR': '/nonexistent'}, text=True)
        self.assertEqual(done.returncode, 73)
        self.assertIn('no temporary file in /nonexistent: No such file or '
                      'directory; name another folder (TMPDIR)', done.stderr)

    def test_full_disk(self):
        with open('/dev/full', 'w') as full:
            done = subprocess.run([TOOL, 'report', SAMPLE], stdout=full,
                                  stderr=subprocess.PIPE, text=True)
        self.assertEqual(done.returncode, 73)
        self.assertIn('cannot be written', done.stderr)


def commands():
    """Names in the list of `amdiommu --help`."""
    part = run('--help')[1].split('Commands:')[1].split('Options:')[0]
    return [l.split()[0] for l in part.splitlines() if l.strip()]


class Help(unittest.TestCase):
    def test_each_command_has_an_example(self):
        self.assertIn('extract', commands())
        for name in commands():
            code, out, err = run('help', name)
            self.assertEqual((code, err), (0, ''))
            self.assertTrue(out.startswith(f'Usage: amdiommu {name} DUMP'))
            self.assertIn(f'\n  amdiommu {name} ', out)
            self.assertLess(max(map(len, out.splitlines())), 80)
            self.assertEqual(run(name, '--help')[1], out)

    def test_examples_work_as_printed(self):
        """In a folder where the sample is called vmcore."""
        lines = [l for name in [None] + commands()
                 for l in run(*(['help', name] if name else ['help']))[1]
                 .splitlines() if l.startswith('  amdiommu ')]
        self.assertGreater(len(lines), len(commands()))
        with tempfile.TemporaryDirectory() as folder:
            os.makedirs(os.path.join(folder, 'crash', '1'))
            os.makedirs(os.path.join(folder, 'bin'))
            os.symlink(os.path.abspath(TOOL),
                       os.path.join(folder, 'bin', 'amdiommu'))
            for name in 'vmcore', 'crash/1/vmcore':
                shutil.copy(SAMPLE, os.path.join(folder, name))
            path = os.path.join(folder, 'bin') + ':' + os.environ['PATH']
            for line in lines:
                if ' | jq' in line:
                    line = line.split(' | jq')[0]
                done = subprocess.run(line, shell=True, cwd=folder, text=True,
                                      env={**os.environ, 'PATH': path},
                                      stdout=subprocess.PIPE,
                                      stderr=subprocess.PIPE, timeout=60)
                self.assertEqual((done.returncode, done.stderr), (0, ''), line)
                if not line.startswith(('  amdiommu mark', '  amdiommu extract')) \
                        and '>' not in line:
                    self.assertNotEqual(done.stdout, '', line)

    def test_help_on_findings(self):
        codes = re.findall(r'^  \w+ +\w+ +([a-z0-9-]+)$',
                           run('help', 'findings')[1], re.M)
        self.assertGreater(len(codes), 100)
        for code in codes:
            status, out, err = run('help', code)
            self.assertEqual((status, err), (0, ''))
            self.assertTrue(out.startswith(f'Finding {code}\n'), out)
            self.assertIn('\nverdict   ', out)
            self.assertLess(max(map(len, out.splitlines())), 80, out)

    def test_each_option_is_taken_or_refused(self):
        """By every command; a refusal names the option."""
        with tempfile.TemporaryDirectory() as folder:
            for c in table.commands():
                takes = [o.key for o in table.taken(c)]
                for o in table.options():
                    if o.key in takes:
                        continue
                    words = [f'--{o.name}'] + ([folder + '/x'] if o.arg ==
                                               'FILE' else ['2'] * bool(o.arg))
                    code, out, err = run(c.name, SAMPLE, *c.words()[1:],
                                         *words)
                    self.assertEqual((code, out), (64, ''), (c.name, words))
                    self.assertIn(f'--{o.name}', err)
            self.assertEqual(os.listdir(folder), [])

    def test_dmesg_all_has_a_short_form(self):
        self.assertEqual(run('dmesg', SAMPLE, '-a'),
                         run('dmesg', SAMPLE, '--all'))

    def test_html_to_standard_output(self):
        code, out, err = run('report', SAMPLE, '--html', '-')
        self.assertEqual((code, err), (0, ''))
        self.assertTrue(out.startswith('<!DOCTYPE html>'))
        self.assertFalse(os.path.exists('-'))

    def test_misplaced_options(self):
        for words in (['check', '--bug'], ['report', '--bug', '--json'],
                      ['report', '--all'], ['report', '-j', '2'],
                      ['report', '--pages'], ['ring', '--json', '--pages'],
                      ['report', '--bug', '-v'], ['report', '-x', '-d'],
                      ['report', '--json', '-x'], ['check', '-v'],
                      ['report', '--html', '-', '-d'],
                      ['report', '--html', '-', '--json'],
                      ['report', '--html', '-', '-v'],
                      ['report', '--force'], ['who', '1', '--html', 'x'],
                      ['mark', '--json'], ['extract', 'x', '--json'],
                      ['extract', 'x', '-v'], ['mark', '--bug']):
            code, out, err = run(words[0], SAMPLE, *words[1:])
            self.assertEqual((code, out), (64, ''), words)
            self.assertEqual(err.count('\n'), 1)
        self.assertEqual(run('help', 'nonsense')[0], 64)

    def test_a_dump_alone_says_what_to_do(self):
        code, out, err = run(SAMPLE)
        self.assertEqual((code, out), (64, ''))
        self.assertIn(f'amdiommu report {SAMPLE}\n', err)
        self.assertIn("'amdiommu --help'", run('nonsense')[2])

    def complete(self, *words):
        script = os.path.join(HERE, '..', '..', 'completions',
                              'amdiommu.bash')
        quoted = ' '.join(f"'{w}'" for w in ('amdiommu',) + words)
        done = subprocess.run(
            ['bash', '-c', f'. {script}; compopt() {{ :; }}; '
             f'COMP_WORDS=({quoted}); COMP_CWORD={len(words)}; _amdiommu; '
             'echo "${COMPREPLY[@]}"'], stdout=subprocess.PIPE, text=True)
        self.assertEqual(done.returncode, 0)
        return done.stdout.split()

    def test_completion(self):
        self.assertEqual(sorted(self.complete('')),
                         sorted(commands() + ['help']))
        self.assertEqual(self.complete('tr'), ['translate', 'transfers'])
        self.assertEqual(self.complete('help', 'fl'), ['flushq'])
        self.assertEqual(self.complete('report', '--b'), ['--bug'])
        self.assertEqual(self.complete('check', '--b'), [])
        self.assertIn(SAMPLE, self.complete('report', SAMPLE[:-3]))
        self.assertIn(SAMPLE, self.complete('report', SAMPLE, '--html',
                                            SAMPLE[:-3]))
        self.assertIn(SAMPLE, self.complete('report', '--html', 'out',
                                            SAMPLE[:-3]))
        self.assertEqual(self.complete('report', SAMPLE, ''), [])
        with open(os.path.join(HERE, '..', '..', 'completions',
                               '_amdiommu')) as f:
            zsh = f.read()
        for name in commands():
            self.assertIn(f"'{name}:", zsh)


class Codes(unittest.TestCase):
    def test_check(self):
        code, out, _ = run('check', SAMPLE)
        self.assertEqual(code, 0)
        self.assertIn('exposed', out)
        self.assertEqual(run('check', SAMPLE, SAMPLE)[0], 0)
        self.assertEqual(run('check', SAMPLE, '/nonexistent')[0], 66)


class Extract(unittest.TestCase):
    def test_extract_of_the_extract_is_the_same(self):
        with tempfile.TemporaryDirectory() as d:
            one, two = os.path.join(d, 'one'), os.path.join(d, 'two')
            self.assertEqual(run('extract', SAMPLE, one)[0], 0)
            self.assertEqual(run('extract', one, two)[0], 0)
            with open(one, 'rb') as a, open(two, 'rb') as b:
                self.assertEqual(a.read(), b.read())
            self.assertEqual(os.stat(one).st_mode & 0o777, 0o600)
            have, want = (json.loads(run('report', '--json', '--pages', f)[1])
                          for f in (one, SAMPLE))
            for data in have, want:
                data['dump'].pop('path')
            self.assertEqual(have, want)

    def test_nothing_is_left_behind(self):
        with tempfile.TemporaryDirectory() as d:
            code, _, err = run('extract', SAMPLE, d + '/no/such/dir')
            self.assertEqual(code, 73)
            self.assertTrue(err)
            self.assertEqual(os.listdir(d), [])


if __name__ == '__main__':
    sys.exit(counted.main())
