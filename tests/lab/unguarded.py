# SPDX-License-Identifier: GPL-2.0-or-later
"""Machines whose devices no AMD IOMMU restrains.

No table says what a device may write. So the report must say that each of them
reaches all memory, and drivers' state must name the pages that they wrote.
"""
from memory import PAGE, members, runs

ASKED = ('inflight', 'posted')
SOMEBODY = 'some device'    # neither content nor a log of QEMU's says which
GUARDS = {'amd': 'none', 'none': 'none', 'intel': 'other'}


def guard(params):
    """What the report must call the machine: intel_iommu=off is no guard"""
    if 'intel_iommu=off' in params['cmdline']:
        return 'none'
    return GUARDS[params['iommu']]


def changes(first, second, role_of, content_mark):
    """Which device wrote which page, as far as what it wrote says so"""
    device_of = {role: bdf for bdf, role in role_of.items()}
    written = {}
    for pfn in first.ram.changed(second.ram):
        mark = content_mark(first.ram.page(pfn), second.ram.page(pfn))
        name = device_of.get(mark[0], SOMEBODY) if mark else SOMEBODY
        written.setdefault(name, set()).add(pfn)
    return {'written': listed(written)}


def listed(written):
    """For truth.json, of {device: page frames}"""
    return {name: {'n': len(pages), 'runs': runs(pages)}
            for name, pages in sorted(written.items())}


def kdump_changes(names, snapshots, role_of, content_mark, exclude):
    """The same between the freezes of a kdump, in phases. CPUs write as well:
    only what a page holds shows that a device wrote it. In the first phase the
    crashed kernel still takes what disks deliver, and no table shows which reads
    had ended at its stop: there only the NIC counts. `exclude`: page frames that
    do not count"""
    phases, total = {}, {}
    for first, second in zip(names, names[1:]):
        found = changes(snapshots[first], snapshots[second], role_of,
                        content_mark)['written']
        pages = {name: members(entry['runs']) - exclude
                 for name, entry in found.items()}
        changed = set().union(*pages.values())
        pages = {name: some for name, some in pages.items()
                 if role_of.get(name) == 'net' or
                 (name != SOMEBODY and first != names[0])}
        for name, some in pages.items():
            total.setdefault(name, set()).update(some)
        phases[f'{first}->{second}'] = {
            'changed': {'n': len(changed), 'runs': runs(changed)},
            'written_by_device': listed(pages)}
    return {'phases': phases, 'written': listed(total)}


def named_by_drivers(report, bdf=None):
    """Page frames that drivers had asked a device, or all of them, to write"""
    found = set()
    for e in report['exposures']:
        if e['class'] in ASKED and bdf in (None, e['requester']):
            found |= members(e['pfns'] or [])
    return found


def declared(report, bdf=None):
    """Is it said that not all that a device was asked to write is known?"""
    codes = ('evidence-partial', 'buffer-address-unread', 'no-evidence-provider')
    return any(f['code'] in codes and bdf in (None, f['where'])
               for f in report['findings'])


def check_guard(results, truth, report):
    wanted = guard(truth['params'])
    found = report['policy']['guard']
    results.check(found == wanted, f'guard {found}, {wanted} expected')
    code = {'none': 'no-iommu', 'other': 'other-iommu'}[wanted]
    results.check(any(f['code'] == code for f in report['findings']),
                  f'finding {code}')


def check_open(results, truth, report):
    """Each device under load reaches all memory, whatever else is known."""
    ram = sum(count for _, count in truth['ram'])
    roles = truth['roles']
    reach = {e['requester'] for e in report['exposures']
             if e['class'] == 'passthrough' and e['pages'] >= ram}
    closed = [bdf for bdf in roles if bdf not in reach]
    results.check(not closed, f'{len(roles) - len(closed)} of {len(roles)} '
                  'devices under load reach all memory')


def check_recall(results, truth, report, name):
    pages = members(truth['written'][name]['runs'])
    bdf = None if name == SOMEBODY else name
    lost = pages - named_by_drivers(report, bdf)
    said = guard(truth['params']) == 'other' and declared(report, bdf)
    text = f'recall {len(pages - lost)} of {len(pages)} pages, {name}'
    if lost:
        text += '; lost: ' + ' '.join(hex(p * PAGE) for p in sorted(lost)[:8])
    results.check(not lost or said, text + ('; declared' if lost and said
                                            else ''))


def compare(truth, report, results):
    results.check(report['dump']['release'] == truth['kernel'],
                  f'release {report["dump"]["release"]}')
    check_guard(results, truth, report)
    check_open(results, truth, report)
    total = sum(entry['n'] for entry in truth['written'].values())
    if truth['params']['io'] or truth['params']['net']:
        results.check(total > 0, f'devices wrote {total} pages after the stop')
    for name in truth['written']:
        check_recall(results, truth, report, name)
    value = report['verdict']['value']
    results.check(value == 'exposed', f'verdict {value}')
    return results.close()
