# SPDX-License-Identifier: GPL-2.0-or-later
"""How well the evidence of drivers (classes "inflight" and "posted") tells
what devices wrote after the stop."""
import json

from check import ask, expected, exposures_of, pages_of
from workdir import Failed, path

CLASSES = ('inflight', 'posted')
ROW = '{:20} {:22} {:>7} {:>9} {:>9} {:>9} {:>9} {:>7}'
MAX_SHOWN = 4


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


def one_device(scenario, want, report, bdf):
    """Returns the pages written that no driver's evidence names."""
    written = want.written[bdf] - want.unjudged.get(bdf, set())
    found = found_by(report, want, bdf)
    named = found['inflight'] | found['posted']
    print(ROW.format(
        scenario, want.label(bdf), len(written),
        share(len(written & found['any']), len(written)),
        share(len(written & named), len(written)),
        share(len(written & found['inflight']), len(found['inflight'])),
        share(len(written & found['posted']), len(found['posted'])),
        len(written - named)))
    return written - named


def why(want, report, bdf, pfn):
    """What is known of a page that no driver's evidence names"""
    classes = [e['class'] for e in exposures_of(report, bdf)
               if pfn in pages_of(e, want.ram)]
    other = [name for name, pages in want.written.items()
             if name != bdf and pfn in pages]
    text = f'{pfn:#x} ' + (','.join(classes) or 'in no class')
    return text + (f', also written by {" ".join(other)}' if other else '')


def one_scenario(scenario, amdiommu):
    want = expected(load(scenario))
    dump = path('out', scenario) + '/vmcore'
    report = ask(amdiommu, 'report', dump, '--pages')
    missing = {}
    for bdf in sorted(want.written):
        if want.written[bdf]:
            missing[bdf] = one_device(scenario, want, report, bdf)
    for bdf, pages in missing.items():
        names = [why(want, report, bdf, pfn) for pfn in sorted(pages)]
        for name in names[:MAX_SHOWN]:
            print(f'{"":20}   {want.label(bdf)} lacks {name}')
        if len(names) > MAX_SHOWN:
            print(f'{"":20}   and {len(names) - MAX_SHOWN} more')
    disks = {bdf for bdf, role in want.roles.items() if role != 'net'}
    return {bdf: pages for bdf, pages in missing.items() if bdf in disks}


def main(scenarios, amdiommu):
    """Fails when a page that a disk wrote is in neither class."""
    print(ROW.format('SCENARIO', 'DEVICE', 'WRITTEN', 'IN MARKS', 'NAMED',
                     'INFLIGHT', 'POSTED', 'LACKING'))
    lacking = {}
    for scenario in scenarios:
        try:
            missing = one_scenario(scenario, amdiommu)
        except Failed as error:
            print(f'{scenario:20} {error}')
            missing = {'': {None}}
        for bdf, pages in missing.items():
            lacking[scenario, bdf] = len(pages)
    print(f'{sum(lacking.values())} pages written by disks are in neither '
          'class')
    return 1 if any(lacking.values()) else 0
