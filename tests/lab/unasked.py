# SPDX-License-Identifier: GPL-2.0-or-later
"""Where no table bounds the devices: `who` of pages that nobody wrote.

Of the pages that devices wrote, each is named as asked for. Of other pages of
the kernel, drawn at random from a fixed seed, `who` says that no device had been
asked to write them, and none was written.
"""
import json
import os
import random

from check import Results, ask
from memory import PAGE, members
from overwrite import stop_page
from unguarded import ASKED
from workdir import Failed, path

SEED = 16
PAGES = 200
# Memory that is nobody's: the kernel's pages are the others.
NOT_THE_KERNELS = ('free', 'anonymous', 'unknown')


def load(name):
    try:
        with open(path('out', name, 'truth.json')) as f:
            return json.load(f)
    except FileNotFoundError:
        raise Failed(f'no truth of {name}: lab.py run {name}') from None


def written(truth):
    """Page frames that differ after the CPUs' stop, whoever wrote them"""
    if 'changed' in truth:
        return members(truth['changed']['runs'])
    return set().union(*(members(entry['runs'])
                         for entry in truth['written'].values()))


def asked_for(report):
    found = set()
    for e in report['exposures']:
        if e['class'] in ASKED + ('hardware',):
            found |= members(e['pfns'] or [])
    return found


def draw(amdiommu, dump, pages):
    """Answers about pages of the kernel, (page frame, answer)"""
    dice = random.Random(SEED)
    left = sorted(pages)
    found = []
    while len(found) < PAGES and left:
        pfn = left.pop(dice.randrange(len(left)))
        if not stop_page(dump, pfn).strip(b'\0'):
            continue        # never used, nearly always
        said = ask(amdiommu, 'who', dump, f'{pfn * PAGE:#x}')
        if said['owner'] not in NOT_THE_KERNELS:
            found.append((pfn, said['answer']))
    return found


def main(name, amdiommu):
    """Prints each check; returns the exit code."""
    truth = load(name)
    dump = os.path.join(path('out', name), 'vmcore')
    report = ask(amdiommu, 'report', dump, '--pages')
    results = Results()
    results.check(report['coverage']['value'] == 'complete',
                  f'coverage {report["coverage"]["value"]}')
    wrote, asked = written(truth), asked_for(report)
    results.check(wrote and wrote <= asked,
                  f'{len(wrote & asked)} of {len(wrote)} written pages named')
    drawn = draw(amdiommu, dump, members(truth['ram']) - asked)
    results.check(len(drawn) == PAGES, f'{len(drawn)} pages of the kernel')
    others = [hex(pfn) for pfn, answer in drawn if answer['code'] != 'unasked']
    results.check(not others, f'who: {len(drawn) - len(others)} of '
                  f'{len(drawn)} not asked for {" ".join(others[:4])}')
    hit = [hex(pfn) for pfn, _ in drawn if pfn in wrote]
    results.check(not hit, f'{len(hit)} of them were written '
                  f'{" ".join(hit[:4])}')
    return results.close()
