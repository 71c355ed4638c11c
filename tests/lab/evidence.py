# SPDX-License-Identifier: GPL-2.0-or-later
"""How well the evidence of drivers (classes "inflight" and "posted") tells
what devices wrote after the stop.

Precision of "inflight" counts pages that were written after the stop or held,
at the stop, what their request asks for: the device was faster than the CPUs'
last steps. Of "posted", possible ones count like all others.
"""
import json
import os
import re
import struct

import run
from check import ask, expected, exposures_of, pages_of
from disks import KINDS
from memory import PAGE
from qemu import SECTOR, sector
from scenarios import SCENARIOS
from workdir import Failed, path

CLASSES = ('inflight', 'posted')
ROW = '{:20} {:22} {:>7} {:>9} {:>9} {:>9} {:>9} {:>7}'
MAX_SHOWN = 4
SERIES = ('5.10', '6.1', '6.12', '7.3')
READ = re.compile(r'read of .* at sector (\d+)$')


def standard():
    """Each class of device, each kernel, translated and not"""
    found = []
    for series in SERIES:
        for mode in ('', '-pt'):
            found += [f'{series}-both' if not mode else f'{series}-pt',
                      f'{series}-sata-igb{mode}', f'{series}-virtio-net{mode}']
        found += [name for name in (f'{series}-packed', f'{series}-swiotlb')
                  if name in SCENARIOS]
    for series in ('6.1', '7.3'):
        for nic in ('e1000', 'rtl8139', 'vmxnet3'):
            found += [f'{series}-{nic}', f'{series}-{nic}-pt']
        for kind in ('usb', 'sas', 'scsi', 'hda', 'vfio'):
            found += [f'{series}-{kind}', f'{series}-{kind}-pt']
        found += [f'{series}-pvscsi-pt']
    return found


class Vmcore:
    """Pages of an ELF dump."""

    def __init__(self, file):
        self.file = file
        head = self.file.read(64)
        self.file.seek(struct.unpack_from('<Q', head, 32)[0])
        headers = [struct.unpack('<2I6Q', self.file.read(56))
                   for _ in range(struct.unpack_from('<H', head, 56)[0])]
        self.parts = [(h[4], h[2], h[5]) for h in headers if h[0] == 1]

    def read(self, phys, size):
        for start, offset, length in self.parts:
            if start <= phys < start + length:
                self.file.seek(offset + phys - start)
                return self.file.read(size)
        return b''


def filled_by(transfer, first, vmcore, letter):
    """Pages of one read, from sector `first` on, that hold what it asks for"""
    found, done = set(), first * SECTOR
    for span in transfer['spans']:
        phys, end = int(span['phys'], 16), done + span['bytes']
        for at in range(done, end, SECTOR):
            want = sector(letter, at // SECTOR)
            if vmcore.read(phys + at - done, SECTOR) == want:
                found.add((phys + at - done) // PAGE)
        done = end
    return found


def already_filled(dump, transfers, bdf, role):
    """Pages of a disk's reads that hold what was asked for"""
    found = set()
    if role not in KINDS:
        return found
    with open(dump, 'rb') as f:
        vmcore = Vmcore(f)
        for transfer in transfers:
            asked = READ.search(transfer['what'])
            if transfer['requester'] == bdf and asked:
                found |= filled_by(transfer, int(asked[1]), vmcore,
                                   KINDS[role].letter)
    return found


def load(scenario):
    try:
        with open(path('out', scenario) + '/truth.json') as f:
            return json.load(f)
    except FileNotFoundError:
        raise Failed(f'no truth of {scenario}: lab.py run {scenario}') \
            from None


def found_by(report, want, bdf):
    """{class: pages}, "any": all classes but pass-through alone"""
    found = {name: set() for name in (*CLASSES, 'any')}
    for exposure in exposures_of(report, bdf):
        pages = pages_of(exposure, want.ram)
        found['any'] |= pages
        if exposure['class'] in CLASSES:
            found[exposure['class']] |= pages
    return found


def share(part, whole):
    return f'{100 * part / whole:.1f}%' if whole else '-'


class Totals:
    """Sums over all scenarios, by class of device."""

    def __init__(self):
        self.of = {}

    def add(self, role, *figures):
        sums = self.of.setdefault(role, [0] * len(figures))
        self.of[role] = [a + b for a, b in zip(sums, figures)]

    def show(self):
        for role, (n, marked, named, hit, inflight, used, posted) in \
                sorted(self.of.items()):
            print(ROW.format('all', role, n, share(marked, n),
                             share(named, n), share(hit, inflight),
                             share(used, posted), n - named))


def one_device(scenario, want, report, bdf, filled, totals):
    """Returns the pages written that no driver's evidence names."""
    written = want.written[bdf] - want.unjudged.get(bdf, set())
    found = found_by(report, want, bdf)
    named = found['inflight'] | found['posted']
    figures = (len(written), len(written & found['any']), len(written & named),
               len((written | filled) & found['inflight']),
               len(found['inflight']), len(written & found['posted']),
               len(found['posted']))
    n, marked, known, hit, inflight, used, posted = figures
    print(ROW.format(scenario, want.label(bdf), n, share(marked, n),
                     share(known, n), share(hit, inflight),
                     share(used, posted), n - known))
    totals.add(want.roles.get(bdf, 'other'), *figures)
    return written - named


def why(want, report, bdf, pfn):
    """What is known of a page that no driver's evidence names"""
    classes = [e['class'] for e in exposures_of(report, bdf)
               if pfn in pages_of(e, want.ram)]
    other = [name for name, pages in want.written.items()
             if name != bdf and pfn in pages]
    text = f'{pfn:#x} ' + (','.join(classes) or 'in no class')
    return text + (f', also written by {" ".join(other)}' if other else '')


def one_scenario(scenario, amdiommu, totals):
    want = expected(load(scenario))
    dump = path('out', scenario) + '/vmcore'
    report = ask(amdiommu, 'report', dump, '--pages')
    transfers = ask(amdiommu, 'transfers', dump)['transfers']
    missing = {}
    for bdf in sorted(want.written):
        if want.written[bdf]:
            filled = set() if want.kdump else already_filled(
                dump, transfers, bdf, want.roles.get(bdf))
            missing[bdf] = one_device(scenario, want, report, bdf, filled,
                                      totals)
    for bdf, pages in missing.items():
        names = [why(want, report, bdf, pfn) for pfn in sorted(pages)]
        for name in names[:MAX_SHOWN]:
            print(f'{"":20}   {want.label(bdf)} lacks {name}')
        if len(names) > MAX_SHOWN:
            print(f'{"":20}   and {len(names) - MAX_SHOWN} more')
    disks = {bdf for bdf, role in want.roles.items() if role != 'net'}
    return {bdf: pages for bdf, pages in missing.items() if bdf in disks}


def make_missing(scenario, as_is):
    if not (as_is and os.path.exists(path('out', scenario, 'truth.json'))):
        run.make(scenario, SCENARIOS[scenario])


def main(scenarios, amdiommu, as_is):
    """Fails when a page that a disk wrote is in neither class."""
    print(ROW.format('SCENARIO', 'DEVICE', 'WRITTEN', 'IN MARKS', 'NAMED',
                     'INFLIGHT', 'POSTED', 'LACKING'))
    lacking, totals = {}, Totals()
    for scenario in scenarios or standard():
        try:
            if not scenarios:
                make_missing(scenario, as_is)
            missing = one_scenario(scenario, amdiommu, totals)
        except Failed as error:
            print(f'{scenario:20} {error}')
            missing = {'': {None}}
        for bdf, pages in missing.items():
            lacking[scenario, bdf] = len(pages)
    totals.show()
    print(f'{sum(lacking.values())} pages written by disks are in neither '
          'class')
    return 1 if any(lacking.values()) else 0
