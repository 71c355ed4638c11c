# SPDX-License-Identifier: GPL-2.0-or-later
"""Every kernel in one table: what booted, what was checked, what came out.

A cell is green when each check behind it passed; the checks are those of
`lab.py check`. Which crash opens which kernel is taken from the last run of
tests/suites/suites.py.
"""
import json
import re

import run
import unguarded
from check import Results, ask, compare
from evidence import load
from scenarios import scenario
from workdir import CannotRun, Failed, path

SERIES = '5.10 6.1 6.12 6.16 6.17 6.18 6.19 7.0 7.1 7.2 7.3'.split()
NO_MODULES = ('6.19', '7.0', '7.1')     # see scenarios.py
MODES = '5.10 6.1 6.12 6.18 7.3'.split()
KDUMPS = ('6.1-kdump', '6.18-kdump', '7.3-kdump', '6.1-kdump-by-7.3',
          '7.2-kdump-d31', '7.3-kdump-d31', '6.1-kdump-events',
          '6.18-kdump-events', '7.3-kdump-events')
BRIDGES = ('6.1-bridge', '7.3-bridge')
NO_AMD = ('6.1-off', '6.1-no-iommu', '7.3-no-iommu', '6.1-intel', '7.3-intel',
          '6.1-intel-off', '6.1-intel-pt')
# Debian has no debug package of the others: crash cannot be tried.
NOT_TRIED = 'no debug package'
COLUMNS = ('KERNEL', 'MODE', 'BOOTS', 'OPENED', 'DTE', 'HEAD WITHIN', 'RECALL',
           'OVERWRITTEN', 'CRASH')


def rows():
    """(series, mode, scenario); 5.10 is lazy by default"""
    found = [(s, 'translated', s + ('-none' if s in NO_MODULES else '-both'))
             for s in SERIES]
    found += [(s, 'iommu=pt', s + '-pt') for s in MODES]
    found += [(s, 'lazy', s + ('-both' if s == '5.10' else '-fq'))
              for s in MODES]
    found += [(s, 'pending', s + '-pending60') for s in MODES]
    for name in BRIDGES + NO_AMD + KDUMPS:
        series, mode = name.split('-', 1)
        found.append((series, mode.replace('-', ' '), name))
    return found


class Collected(Results):
    """Keeps what is checked: {step: [(good, text)]}"""

    def __init__(self):
        super().__init__()
        self.steps = {}

    def check(self, good, text):
        self.steps.setdefault(self.step, []).append((bool(good), text))
        if good:
            self.passed += 1
        else:
            self.failed += 1

    def info(self, text):
        pass

    def close(self):
        return 1 if self.failed else 0

    def of(self, *names):
        """The checks of steps whose names begin so"""
        return [found for step, checks in self.steps.items()
                for found in checks if step.startswith(names)]


def first(pattern, checks):
    """Groups of the first text that matches"""
    for _, text in checks:
        match = re.search(pattern, text)
        if match:
            return match.groups()
    return None


class Row:
    """One line of the table, and what was red in it."""

    def __init__(self, series, mode, scenario):
        self.scenario = scenario
        self.cells = dict.fromkeys(COLUMNS, '-')
        self.cells.update(KERNEL=series, MODE=mode)
        self.red = []

    def cell(self, column, text, checks):
        """`text` when all checks passed"""
        bad = [said for good, said in checks if not good]
        self.red += [f'{self.scenario}: {said}' for said in bad]
        self.cells[column] = ('RED ' if bad or not checks else '') + text

    def broken(self, column, why):
        self.cells[column] = 'RED'
        self.red.append(f'{self.scenario}: {why}')

    def fill(self, truth, found):
        self.cells['BOOTS'] = truth['kernel']
        lossy = truth['params'].get('lossy')
        self.cell('OPENED', 'yes, lacks pages' if lossy else 'yes',
                  found.of('run', 'verdict', 'missing'))
        checks = found.of('DTE')
        equal = first(r'(\d+) of (\d+) equal', checks)
        self.cell('DTE', '/'.join(equal) if equal else '', checks)
        checks = found.of('ring')
        unproven = first(r'(\d+) unproven, ', checks)
        self.cell('HEAD WITHIN', f'{unproven[0]} entries' if unproven else
                  'overwritten', checks)
        self.recall(truth, found)
        if 'phases' in truth:
            checks = found.of('overwritten', 'event log')
            counts = first(r'overwritten: (.*)', checks)
            log = first(r'log: (\d+) entries called overwritten, (\d+)', checks)
            self.cell('OVERWRITTEN', (counts[0] if counts else '') +
                      (', %s/%s log entries' % log if log else ''), checks)

    def fill_unguarded(self, truth, found):
        """There is no table and no ring to look at."""
        checks = found.of('')
        self.cells['BOOTS'] = truth['kernel']
        self.cell('OPENED', 'yes', checks)
        pages = [re.search(r'recall (\d+) of (\d+)', text)
                 for _, text in checks]
        self.cells['RECALL'] = '%d/%d' % tuple(
            sum(int(page[i]) for page in pages if page) for i in (1, 2))

    def recall(self, truth, found):
        checks = found.of('recall', 'maps', 'pass-through')
        pages = [re.search(r'recall (\d+) of (\d+)', text)
                 for _, text in checks]
        named, written = (sum(int(page[i]) for page in pages if page)
                          for i in (1, 2))
        gone = sum(int(x[1]) for _, text in checks
                   if (x := re.search(r'; (\d+) in no table', text)))
        text = f'{named}/{written}' if written else 'no DMA'
        self.cell('RECALL', text + (f', {gone} announced' if gone else ''),
                  checks)


def has_result(name):
    try:
        load(name)
    except Failed:
        return False
    return True


def fill(row, amdiommu, as_is):
    """Makes the scenario if need be; each failure is a red cell."""
    try:
        if not (as_is and has_result(row.scenario)):
            run.make(row.scenario, scenario(row.scenario))
        truth = load(row.scenario)
    except (Failed, CannotRun) as error:
        row.broken('BOOTS', error)
        return
    dump = path('out', row.scenario, 'vmcore')
    found = Collected()
    try:
        if not truth.get('hw'):
            unguarded.compare(truth, ask(amdiommu, 'report', dump, '--pages'),
                              found)
            row.fill_unguarded(truth, found)
            return
        compare(truth, ask(amdiommu, 'report', dump, '--pages'),
                ask(amdiommu, 'ring', dump), found, dump,
                ask(amdiommu, 'log', dump))
    except Failed as error:
        row.broken('OPENED', error)
        return
    except (KeyError, TypeError) as error:
        row.broken('OPENED', f'truth of another version of the lab: {error}')
        return
    row.fill(truth, found)


# --- crash -------------------------------------------------------------------

def opened():
    """What suites.py last recorded, None when it never ran here"""
    try:
        with open(path('suites', 'opened.json')) as f:
            return json.load(f)
    except FileNotFoundError:
        return None


def equal(answers):
    part, whole = answers.split(' of ')
    return part == whole


def crash_cell(row, record):
    """The versions that open this kernel with all answers equal"""
    series = row.cells['KERNEL']
    if not record:
        row.broken('CRASH', 'no record of crash: make crash-suites')
        return
    tries = record['series'].get(series)
    if tries is None:
        row.cells['CRASH'] = NOT_TRIED
        return
    good = []
    for version, dumps in tries.items():
        counts = [answers for _, _, opens, answers in dumps if opens]
        if counts and all(map(equal, counts)):
            good.append(version)
        elif counts:
            row.broken('CRASH', f'crash {version} answers otherwise')
    if row.cells['CRASH'] == '-':
        row.cells['CRASH'] = ' '.join(good) or 'none opens it'


# --- all of it ---------------------------------------------------------------

def show(table):
    lines = [dict(zip(COLUMNS, COLUMNS))] + [row.cells for row in table]
    widths = [max(len(line[name]) for line in lines) for name in COLUMNS]
    for line in lines:
        cells = [line[name].ljust(width)
                 for name, width in zip(COLUMNS, widths)]
        print('  '.join(cells).rstrip())


def main(amdiommu, as_is=False, only=(), qemu=None):
    """Prints the table; returns the exit code. `as_is`: results that are
    there count, also those of earlier versions of the lab. `qemu`: the least
    version of it."""
    record = opened()
    table = []
    for series, mode, name in rows():
        if only and series not in only:
            continue
        row = Row(series, mode, f'{name}@{qemu}' if qemu else name)
        fill(row, amdiommu, as_is)
        if mode == 'translated':
            crash_cell(row, record)
        table.append(row)
    show(table)
    red = [row for row in table if row.red]
    for row in red:
        print(*row.red, sep='\n')
    if record:
        print(f'crash: make crash-suites, {record["date"]}')
    print(f'{len(table) - len(red)} passed, {len(red)} failed')
    return 1 if red or not table else 0
