#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The recipes of docs/fleet.md, as they stand there: those of GNU parallel and SQLite
run, on the sample under several names; the others are read by what can read them.

usage: test_fleet.py AMDIOMMU SAMPLE
"""
import csv
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

import counted

TOOL, SAMPLE = map(os.path.abspath, sys.argv[1:3])
HERE = os.path.dirname(os.path.abspath(__file__))
FLEET = os.path.join(HERE, '..', '..', 'docs', 'fleet.md')
HOSTS = 3


def recipes(kind):
    """Texts of the blocks whose first line ends in @kind."""
    with open(FLEET, encoding='utf-8') as f:
        return re.findall(rf'^```\w+ {kind}.*?\n(.*?)^```$', f.read(),
                          re.M | re.S)


class Fleet(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.mkdtemp()
        self.addCleanup(shutil.rmtree, self.folder)
        for n in range(HOSTS):
            os.makedirs(os.path.join(self.folder, 'crash', str(n)))
            shutil.copy(SAMPLE, os.path.join(self.folder, 'crash', str(n),
                                             'vmcore'))
        os.makedirs(os.path.join(self.folder, 'crash', 'broken'))
        with open(os.path.join(self.folder, 'crash', 'broken', 'vmcore'),
                  'wb') as f:
            f.write(b'no dump')
        os.makedirs(os.path.join(self.folder, 'bin'))
        os.symlink(TOOL, os.path.join(self.folder, 'bin', 'amdiommu'))

    def sh(self, script, code=0):
        path = os.path.join(self.folder, 'bin') + ':' + os.environ['PATH']
        done = subprocess.run(['sh', '-c', script], cwd=self.folder, text=True,
                              env={**os.environ, 'PATH': path,
                                   'HOME': self.folder},
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              timeout=300)
        self.assertEqual(done.returncode, code, (script, done.stderr))
        return done.stdout

    def lines(self):
        with open(os.path.join(self.folder, 'fleet.jsonl'),
                  encoding='utf-8') as f:
            return [json.loads(line) for line in f]

    def test_parallel_then_sqlite(self):
        for tool in ('parallel', 'sqlite3'):
            if not shutil.which(tool):
                self.skipTest(f'{tool} is not installed')
        self.sh(recipes('parallel')[0])
        lines = self.lines()
        self.assertEqual(len(lines), HOSTS + 1)
        self.assertEqual(sum('error' in line for line in lines), 1)
        load, *queries = recipes('sqlite')
        self.sh(load)
        self.assertEqual(self.sh('sqlite3 fleet.db "select count(*) from '
                                 'dump"').strip(), str(HOSTS + 1))
        self.assertEqual(len(queries), 3)
        for query in queries:
            with self.subTest(query=query.split('\n', 1)[0]):
                self.sh(f"sqlite3 fleet.db <<'END'\n{query}END")

    def test_queries_find_what_is_there(self):
        if not shutil.which('sqlite3'):
            self.skipTest('sqlite3 is not installed')
        self.made_up()
        load, same, new, device = recipes('sqlite')
        self.sh(load)
        said = self.sh(f"sqlite3 fleet.db <<'END'\n{same}END")
        self.assertEqual(said, 'aa|log-damaged|2|2\nbb|dte-overwritten|1|1\n')
        self.assertIn('dte-overwritten|6.12|1',
                      self.sh(f"sqlite3 fleet.db <<'END'\n{new}END"))
        self.assertEqual(self.sh(f"sqlite3 fleet.db <<'END'\n{device}END"),
                         'nvme|1\n')

    def made_up(self):
        with open(os.path.join(self.folder, 'fleet.jsonl'), 'w',
                  encoding='utf-8') as f:
            for host, release, finds in (
                    ('a', '6.1', [('aa', 'log-damaged')]),
                    ('b', '6.12', [('aa', 'log-damaged'),
                                   ('bb', 'dte-overwritten')])):
                json.dump({'dump': {'release': release,
                                    'identity': {'host': host}},
                           'verdict': {'value': 'corrupt' if host == 'b' else
                                       'exposed',
                                       'reasons': [{'drivers': ['nvme']}]},
                           'findings': [{'fingerprint': p, 'code': c,
                                         'severity': 'error'}
                                        for p, c in finds]}, f)
                f.write('\n')

    def test_slurm_script(self):
        """Its body, with the variable that Slurm sets."""
        self.sh('ls -d crash/*/vmcore > dumps')
        script = os.path.join(self.folder, 'check.sh')
        with open(script, 'w', encoding='utf-8') as f:
            f.write(recipes('slurm')[0])
        self.sh('SLURM_ARRAY_TASK_ID=2 sh check.sh')
        with open(os.path.join(self.folder, 'result.2.jsonl'),
                  encoding='utf-8') as f:
            self.assertEqual(json.load(f)['dump']['path'], 'crash/1/vmcore')

    def test_systemd_units(self):
        units = recipes('systemd')
        self.assertEqual(len(units), 2)
        line = re.search(r"ExecStart=/bin/sh -c '(.*)'", units[1])[1]
        self.sh(line.replace('/var/crash', 'crash')
                .replace('/run/amdiommu-check', 'lock'))
        for n in range(HOSTS):
            with open(os.path.join(self.folder, 'crash', str(n),
                                   'vmcore.json'), encoding='utf-8') as f:
                self.assertIn('verdict', json.load(f))

    def test_csv_and_table(self):
        said = self.sh('amdiommu check --csv crash/*/vmcore', code=66)
        rows = list(csv.DictReader(said.splitlines()))
        self.assertEqual(len(rows), HOSTS + 1)
        self.assertEqual({row['verdict'] for row in rows[:HOSTS]} & {'error'},
                         set())
        self.assertEqual(rows[HOSTS]['verdict'], 'error')
        self.assertEqual(rows[0]['release'], '6.1.0-56-amd64')
        table = self.sh('amdiommu check --table crash/*/vmcore', code=66)
        self.assertEqual(len(table.splitlines()), HOSTS + 2)
        self.assertTrue(table.startswith('VERDICT '))
        for row in rows:
            self.assertIn(row['path'], table)

    def test_path_is_no_formula(self):
        """A spreadsheet would run it."""
        name = os.path.join(self.folder, '=1+1"x,y')
        shutil.copy(SAMPLE, name)
        row = list(csv.reader(subprocess.run(
            [TOOL, 'check', '--csv', '=1+1"x,y'], cwd=self.folder, text=True,
            stdout=subprocess.PIPE).stdout.splitlines()))[1]
        self.assertEqual(row[0], '\'=1+1"x,y')

    def test_compare(self):
        same = self.sh('amdiommu compare crash/0/vmcore crash/1/vmcore')
        self.assertIn('No device, exposure or finding differs.', same)
        data = json.loads(self.sh('amdiommu compare --json crash/0/vmcore '
                                  'crash/1/vmcore'))
        self.assertEqual((data['devices'], data['exposures'],
                          data['findings']), ([], [], []))
        self.sh('amdiommu compare crash/0/vmcore', code=64)
        self.sh('amdiommu compare crash/0/vmcore crash/broken/vmcore', code=66)


class Owned(unittest.TestCase):
    """pages --owners lists what the report counts."""

    def pages(self, *options):
        return json.loads(subprocess.run(
            [TOOL, 'pages', '--json', SAMPLE, *options], check=True, text=True,
            stdout=subprocess.PIPE).stdout)

    def test_pages_of_each_class_and_owner(self):
        report = json.loads(subprocess.run(
            [TOOL, 'report', '--json', SAMPLE], stdout=subprocess.PIPE,
            text=True, check=True).stdout)
        have = {}
        for row in self.pages('--owners')['owned']:
            key = row['class'], row['owner']
            have.setdefault(key, set()).update(
                range(row['pfn'], row['pfn'] + row['pages']))
        want = {(row['class'], row['owner']): row['pages']
                for row in report['class_owners']}
        self.assertEqual({k: len(v) for k, v in have.items()}, want)

    def test_filters(self):
        rows = self.pages('--owners')['owned']
        some = rows[0]
        for options, key, value in (
                (['--class', 'posted'], 'class', 'posted'),
                (['--device', '00:04.0'], 'requester', '0000:00:04.0'),
                (['--owner', 'network'], 'owner', 'network'),
                (['--owner', 'never-buffer'], 'never_buffer', True)):
            with self.subTest(options=options):
                self.assertEqual(
                    self.pages('--owners', *options)['owned'],
                    [row for row in rows if row[key] == value])
        one = self.pages('--range', f'pfn:{some["pfn"]:x}')['owned']
        self.assertTrue(one)
        self.assertEqual({(row['pfn'], row['pages']) for row in one},
                         {(some['pfn'], 1)})

    def test_iova_leads_to_the_page(self):
        row = next(row for row in self.pages('--class', 'mapped')['owned'])
        there = json.loads(subprocess.run(
            [TOOL, 'translate', '--json', SAMPLE, row['requester'],
             row['iova']], check=True, text=True,
            stdout=subprocess.PIPE).stdout)
        self.assertEqual(int(there['phys'], 16) >> 12, row['pfn'])

    def test_what_is_no_filter(self):
        for options in (['--class', 'x'], ['--owner', 'x'], ['--range', 'xyzzy'],
                        ['--range', 'ffffffff81000000']):
            with self.subTest(options=options):
                done = subprocess.run([TOOL, 'pages', SAMPLE, *options],
                                      stdout=subprocess.PIPE,
                                      stderr=subprocess.PIPE, text=True)
                self.assertEqual((done.returncode, done.stdout[:1]), (64, ''))


if __name__ == '__main__':
    sys.exit(counted.main())
