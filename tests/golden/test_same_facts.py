#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The same dump as text, as JSON and as a bug report: the same facts.

usage: test_same_facts.py AMDIOMMU DUMP...

Also what each form promises by itself: columns, lines, colour, no user data.
"""
import collections
import json
import os
import pty
import re
import subprocess
import sys
import unittest

TOOL, *DUMPS = sys.argv[1:]
# Of the parameters that the lab's kernels are started with.
HARMLESS = ['crashkernel', 'panic', 'intremap', 'swiotlb', 'page_poison',
            'slub_debug', 'slab_debug', 'init_on_free', 'pci']


def run(*args, **kw):
    done = subprocess.run([TOOL, *args], stdout=subprocess.PIPE, text=True,
                          timeout=120, **kw)
    assert done.returncode in (0, 1, 2, 3), (args, done.returncode)
    return done.stdout


def on_terminal(*args, **env):
    """What the command writes when a terminal reads it."""
    child, fd = pty.fork()
    if not child:
        os.environ.pop('NO_COLOR', None)
        os.environ['TERM'] = 'xterm'
        os.environ.update(env)
        os.execv(TOOL, [TOOL, *args])
    out = b''
    try:
        while chunk := os.read(fd, 65536):
            out += chunk
    except OSError:         # the terminal is gone with the command
        pass
    os.waitpid(child, 0)
    os.close(fd)
    return out.decode()


def flat(text):
    """One line, so that wrapping does not matter."""
    return ' '.join(text.split())


def section(text, start, end):
    """Lines after the one that begins with start, up to one like end."""
    lines = iter(text.splitlines())
    for line in lines:
        if line.startswith(start):
            break
    part = []
    for line in lines:
        if re.match(end, line):
            break
        part.append(line)
    return '\n'.join(part)


def owner_counts(text):
    """{class: {owner: pages}} of an OWNERS section."""
    counts = {}
    for line in re.sub(r'\n +(?! *\w+ +(\d|all RAM))', ' ', text).splitlines():
        words = line.split(None, 1)
        if len(words) == 2 and 'all RAM' not in words[1]:
            counts[words[0]] = {
                m[2].strip(): int(m[1])
                for m in re.finditer(r'(\d+) ([^,]+)', words[1])}
    return counts


def json_owner_counts(data):
    """The same from JSON"""
    counts = collections.defaultdict(dict)
    for o in data['class_owners']:
        counts[o['class']][o['owner']] = o['pages']
    return dict(counts)


class Dump(unittest.TestCase):
    """All forms of the dump in self.path."""
    path = None

    @classmethod
    def setUpClass(cls):
        cls.data = json.loads(run('report', cls.path, '--json', '--pages'))
        cls.text = run('report', cls.path)
        cls.full = run('report', cls.path, '-v')
        cls.bug = run('report', cls.path, '--bug')
        cls.check = run('check', cls.path)

    def test_verdict(self):
        verdict = self.data['verdict']
        self.assertIn('VERDICT  ' + verdict['value'] + '\n', self.text)
        self.assertRegex(self.bug, r'\nVerdict: +' + verdict['value'] + '\n')
        self.assertIn(': ' + verdict['value'], self.check)
        self.reasons_are_told(verdict['reasons'])
        self.assertIn(flat(verdict['reasons'][0]['text']), flat(self.check))

    def test_coverage(self):
        coverage = self.data['coverage']
        self.assertIn('COVERAGE ' + coverage['value'] + '\n', self.text)
        self.assertRegex(self.bug, r'\nCoverage: +' + coverage['value'] + '\n')
        self.assertIn(', coverage ' + coverage['value'], self.check)
        self.reasons_are_told(coverage['reasons'])
        self.assertEqual(bool(coverage['unnamed']),
                         any(r['devices'] for r in coverage['reasons']) and
                         coverage['value'] == 'partial')

    def reasons_are_told(self, reasons):
        self.assertTrue(reasons)
        for reason in reasons:
            self.assertIn(flat(reason['text']), flat(self.full))
        for reason in reasons[:3]:
            self.assertIn(flat(reason['text']), flat(self.text))
            self.assertIn(flat(reason['text']), flat(self.bug))

    def test_findings(self):
        part = section(self.full, 'FINDINGS', '$')
        bug = section(self.bug, 'Findings', '$')
        told = collections.Counter(f['code'] for f in self.data['findings'])
        for code, total in self.data['finding_totals'].items():
            shown = len(re.findall(rf'  {code}$', part, re.M))
            self.assertEqual(shown, told[code], code)
            if total > shown:
                self.assertIn(f'{total - shown} more of {code}', part)
            times = f' ({total} times)' if total > 1 else ''
            self.assertRegex(bug, rf'(?m) {code}{re.escape(times)}$')
        for f in self.data['findings']:
            self.assertIn(flat(f['text']), flat(part))
        self.assertEqual(set(told), set(self.data['finding_totals']))

    def test_devices(self):
        rows = {l.split()[0]: l for l in self.full.splitlines()
                if re.match(r'[0-9a-f]{4}:[0-9a-f]{2}:', l)}
        devices = self.data['devices']
        self.assertEqual(set(rows), {d['bdf'] for d in devices})
        self.assertIn(f'Devices: {len(devices)},', self.bug)
        for d in devices:
            self.assertIn(d['translation'], rows[d['bdf']])
            self.assertIn(d['dte_state'], rows[d['bdf']])
        shown = {l.split()[0] for l in self.text.splitlines()
                 if re.match(r'[0-9a-f]{4}:[0-9a-f]{2}:', l)}
        exposed = {e['requester'] for e in self.data['exposures']
                   if (e['pages'] or not e['complete'])
                   and not e['requester'].startswith('iommu')}
        self.assertLessEqual(exposed, shown)
        rest = len(devices) - len(shown)
        if rest:
            self.assertRegex(self.text, rf'\({rest} (more )?device')
        matter = re.search(r'anomalous: (\d+)', self.bug)[1]
        self.assertEqual(int(matter), len(shown))
        order = re.findall(r'(?m)^  ([0-9a-f]{4}:[0-9a-f]{2}:\S+)',
                           section(self.bug, 'Devices:', '$'))
        self.assertEqual(order, list(rows)[:len(order)])

    def test_pages(self):
        reach = collections.defaultdict(set)
        for e in self.data['exposures']:
            for first, count in e['pfns']:
                reach[e['requester']].update(range(first, first + count))
        for line in self.text.splitlines():
            m = re.match(r'([0-9a-f]{4}:\S+) .* (\d+)(\+\?)?  \w+$', line)
            if m:
                self.assertEqual(int(m[2]), len(reach[m[1]]), line)

    def test_owners(self):
        text = owner_counts(section(self.text, 'OWNERS', '$'))
        bug = owner_counts(section(self.bug, 'Pages that could', '$'))
        self.assertEqual(text, bug)
        self.assertEqual(text, json_owner_counts(self.data))

    def test_rings_and_logs(self):
        events = sum(i['event_log']['not_zero'] for i in self.data['iommus']
                     if i['event_log'])
        self.assertIn(f"Events in the IOMMUs' logs: {events}\n", self.bug)
        self.assertEqual(sum(map(int, re.findall(
            r'(\d+) logged event', self.text))), events)
        for i in self.data['iommus']:
            n = sum(c for _, c in i['command_ring']['unproven'])
            if n:
                told = rf'\b{n} commands? not proven done'
                self.assertRegex(flat(self.text), told)
                self.assertRegex(flat(self.bug), told)
            self.assertIn(i['bdf'], self.bug)

    def test_events_are_told_with_their_state(self):
        """A capture kernel's own faults do not pass for the dead kernel's."""
        logs = json.loads(run('log', self.path, '--json'))['logs']
        events = [e for l in logs for e in (l['event_log'] or {}).get('list',
                                                                      [])]
        log = flat(run('log', self.path))
        for n, e in enumerate(events):
            told = e['text'] if e['state'] == 'intact' else \
                f"{e['state']}: {e['text']}"
            self.assertIn(told, log)
            if n < 8:
                self.assertIn(f': {told}', flat(self.bug))
        theirs = sum(e['state'] == 'overwritten' for e in events)
        self.assertEqual(sum(map(int, re.findall(
            r"(\d+) of them the capture kernel's", flat(self.text)))), theirs)

    def test_log(self):
        log = self.data['log_buffer']
        if log['records'] is None:
            self.assertEqual(self.data['dmesg'], [])
            self.skipTest('this dump has no log')
        faults = sum(l['kind'] == 'fault' for l in self.data['dmesg'])
        said = f'{faults} of them' if faults else 'none reports'
        wrapped = ' (the log wrapped' if log['overwritten'] else ','
        self.assertIn(f'LOG {log["records"]} lines{wrapped}', flat(self.text))
        self.assertIn(said, flat(self.text))
        self.assertIn(f'Kernel log: {log["records"]} lines', self.bug)
        told = set()
        for l in self.data['dmesg']:
            story = l['incident'] or l['text'], l['device']
            if l['kind'] in ('fault', 'crash') and story not in told:
                told.add(story)
                self.assertIn(flat(l['text'].split('\n')[0])[:200],
                              flat(self.bug))

    def test_text_is_plain(self):
        for text in self.text, self.full:
            self.assertNotIn('\033', text)
            lines = [l for l in text.splitlines() if self.path not in l]
            self.assertLessEqual(max(map(len, lines)), 80)

    def test_bug_fits_a_mail(self):
        self.assertLess(len(self.bug.splitlines()), 200)
        self.assertLessEqual(max(map(len, self.bug.splitlines())), 78)
        self.assertTrue(self.bug.isascii())

    def test_bug_has_no_user_data(self):
        self.assertNotRegex(self.bug, r'(?i)([0-9a-f]{2}:){5}[0-9a-f]{2}')
        self.assertNotIn(os.path.basename(self.path), self.bug)
        log = json.loads(run('dmesg', self.path, '--all', '--json'))
        words = [w for l in log['dmesg'] if l['text']
                 and l['text'].startswith('Command line: ')
                 for w in l['text'].split()[2:]]
        for word in words:
            if word.split('=')[0] not in HARMLESS and 'iommu' not in word:
                self.assertNotIn(f' {word} ', flat(self.bug))
        if words:
            self.assertIn('other parameters, left out', flat(self.bug))


class Terminal(unittest.TestCase):
    def test_colour_only_there(self):
        self.assertIn('\033[', on_terminal('report', DUMPS[0]))
        self.assertNotIn('\033[', on_terminal('report', DUMPS[0],
                                              NO_COLOR='1'))
        self.assertNotIn('\033[', on_terminal('report', DUMPS[0],
                                              TERM='dumb'))
        self.assertNotIn('\033[', on_terminal('report', DUMPS[0], '--bug'))


def main():
    suite = unittest.TestSuite()
    load = unittest.defaultTestLoader.loadTestsFromTestCase
    for path in DUMPS:
        name = path.split('/')[-2] if path.endswith('vmcore') else path
        suite.addTests(load(type(name, (Dump,), {'path': path})))
    suite.addTests(load(Terminal))
    result = unittest.TextTestRunner(verbosity=0).run(suite)
    failed = len(result.failures) + len(result.errors)
    skipped = len(result.skipped)
    print(f'{result.testsRun - failed - skipped} passed, {failed} failed'
          f'{f", {skipped} skipped" if skipped else ""}')
    return 1 if failed else 0


if __name__ == '__main__':
    sys.exit(main())
