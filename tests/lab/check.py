# SPDX-License-Identifier: GPL-2.0-or-later
"""Compare amdiommu's JSON (docs/json.md) with the truth of a run."""
import collections
import dataclasses
import json
import os
import subprocess

import unguarded
from bitmap import Bitmap
from eventlog import check_log
from hardware import (ADDRESS, DTE_BYTES, ENTRY_BYTES, WRITE, devid, is_guest,
                      is_paging, is_passthrough, ring_entries, unpack)
from memory import PAGE, members
from workdir import Failed, path

SECONDS = 300
COMPLETION_WAIT = 1
REQUESTS_OF = 'requests of '    # see truth.aliases()
PLUGGED_FROM = (4 << 30) // PAGE    # of guests that have less at boot


class Results:
    """Prints each check as it is made, and counts."""

    def __init__(self):
        self.passed = 0
        self.failed = 0
        self.step = ''      # what the checks that follow belong to

    def check(self, good, text):
        print(f'{"ok  " if good else "FAIL"} {text}')
        if good:
            self.passed += 1
        else:
            self.failed += 1

    def info(self, text):
        print(f'info {text}')

    def close(self):
        print(f'{self.passed} passed, {self.failed} failed')
        return 1 if self.failed or not self.passed else 0


# --- what must be found ------------------------------------------------------

@dataclasses.dataclass
class Expected:
    """The truth in one shape for all kinds of runs.

    written: {BDF: pages that must be found}; unnamed: those of them that no
    page table names any more; unjudged: {BDF: pages written of which nothing
    can be said}.
    """
    kernel: str
    pending: bool
    loaded: bool        # disks or NIC were busy
    kdump: bool         # a capture kernel may have overwritten structures
    lossy: bool         # the dump lacks pages of the kernel
    devices: dict
    ring: dict
    ram: set
    roles: dict
    written: dict
    unnamed: dict
    unjudged: dict
    unexplained: int
    rewritten: set = frozenset()    # BDFs of DTEs, from the CPUs' stop on
    table: int = 0                  # physical address of the device table
    log: dict = None                # event log at the CPUs' stop
    events: bool = False            # the log was given entries
    aliases: dict = dataclasses.field(default_factory=dict)
    plugged: set = frozenset()      # page frames of memory that was added
    held: object = None             # page frames that a lossy dump holds
    bypass: str = None              # BDF of a device that uses no table

    def writable(self, bdf):
        """RAM pages that the device's table lets it write"""
        found = set()
        for _, first, count, permission in self.devices[bdf].get('map', ()):
            if permission & WRITE:
                found.update(range(first, first + count))
        return found & self.ram

    def holds_dte(self, bdf):
        """Is the entry in the dump, as its bitmap says?"""
        at = self.table + devid(bdf) * DTE_BYTES
        return not self.held or at // PAGE in self.held

    def untranslated(self, bdf):
        """Do its writes reach memory at the address that it says?"""
        return bdf == self.bypass or is_passthrough(self.devices[bdf])

    def label(self, bdf):
        return f'{bdf} {self.roles[bdf]}' if bdf in self.roles else bdf


def has_events(truth):
    return bool(truth['params'].get('events'))


def from_halt(truth):
    written = {bdf: members(entry['runs'])
               for bdf, entry in truth['written_by_device'].items()}
    unnamed = {
        bdf: members(entry.get('not_in_writable_map_at_stop', []))
        for bdf, entry in truth['written_by_device'].items()}
    return Expected(
        kernel=truth['kernel'], kdump=False, lossy=False,
        pending=truth['params']['pending'] > 0,
        loaded=bool(truth['params']['io'] or truth['params']['net']) and
        not truth['params'].get('v2'),
        devices=truth['hw']['devices'], ring=truth['hw']['cmd_ring'],
        ram=members(truth['ram']), roles=truth['roles'],
        log=truth['hw'].get('evt_log'), events=has_events(truth),
        written=written, unnamed=unnamed, unjudged={},
        unexplained=truth['changed_not_device']['n'])


def taken_over(truth, bdf):
    """Did the capture kernel give the device other tables?"""
    old, new = (truth['hw'][freeze]['devices'][bdf]
                for freeze in ('capstart', 'capdone'))
    return not new or not old or new['dte'][0] != old['dte'][0]


def from_kdump(truth):
    """Tables as the CPUs stopped. What was written between the line "Kernel
    panic" and that moment may be in no table rightly: the request was mapped,
    done and unmapped before."""
    state = truth['hw']['capstart']
    found = Expected(
        kernel=truth['kernel'], kdump=True, pending=False,
        lossy=bool(truth['params']['lossy']),
        loaded=bool(truth['params']['io'] or truth['params']['net']),
        devices=state['devices'], ring=state['cmd_ring'],
        ram=members(truth['ram']), log=state.get('evt_log'),
        events=has_events(truth),
        roles=truth['roles'], written={}, unnamed={}, unjudged={},
        unexplained=0)
    found.table = int(truth['mmio']['capstart']['DevTabBase'], 16) & ADDRESS
    if truth['params'].get('hotplug'):
        found.plugged = {pfn for pfn in found.ram if pfn >= PLUGGED_FROM}
    found.rewritten = {entry[0] for phase, old in truth['old_structures'].items()
                       if not phase.startswith('panic')
                       for entry in old['dtes']}
    for phase, facts in truth['phases'].items():
        for bdf, entry in facts['written_by_device'].items():
            pages = members(entry['runs'])
            outside = members(entry.get('not_in_writable_map_at_stop', []))
            if phase.startswith('panic') or taken_over(truth, bdf):
                found.unjudged.setdefault(bdf, set()).update(outside)
                pages -= outside
            found.written.setdefault(bdf, set()).update(pages)
    return found


def expected(truth):
    found = from_kdump(truth) if 'phases' in truth else from_halt(truth)
    found.aliases = {text.removeprefix(REQUESTS_OF): alias
                     for alias, text in truth.get('pci', {}).items()
                     if text.startswith(REQUESTS_OF)}
    found.bypass = truth.get('bypass')
    return found


# --- the report --------------------------------------------------------------

def exposures_of(report, bdf):
    return [e for e in report['exposures'] if e['requester'] == bdf]


def pages_of(exposure, ram):
    """A pass-through exposure may be given as a count alone."""
    if exposure.get('pfns') is None:
        whole = (exposure['class'] == 'passthrough' and
                 exposure['pages'] >= len(ram))
        return ram if whole else set()
    return members(exposure['pfns'])


def announced(report, bdf):
    """Is it said that pages exist that cannot be named, and where?"""
    return any(e['class'] == 'stale' and e['complete'] is False and
               e.get('iovas') for e in exposures_of(report, bdf))


def declared(report, bdf):
    """Is it said that page tables are missing, and for which IOVAs?"""
    return any(e['class'] == 'mapped' and e['complete'] is False and
               e.get('iovas') for e in exposures_of(report, bdf))


# --- checks ------------------------------------------------------------------

def check_run(results, want, report):
    """The run itself must be able to prove something."""
    results.check(report['dump']['release'] == want.kernel,
                  f'release {report["dump"]["release"]}')
    if want.loaded:
        total = sum(len(pages) for pages in want.written.values())
        results.check(total > 0, f'devices wrote {total} pages after the stop')
    results.check(want.unexplained == 0,
                  f'{want.unexplained} changed pages without a device')


def dte_excuse(want, device):
    """A reason why a DTE may differ, as the report itself gives it."""
    state = device['dte_state'] if device else 'unread'
    if state == 'overwritten' and want.kdump or \
            state == 'unread' and want.lossy:
        return state
    return None


def check_device_table(results, want, report):
    shown = {device['bdf']: device for device in report['devices']}
    real = {bdf: e for bdf, e in want.devices.items() if e}
    equal, excused, bad = 0, collections.Counter(), []
    for bdf, entry in real.items():
        device = shown.get(bdf)
        words = device and device['dte'] and [int(x, 16)
                                              for x in device['dte']]
        if words == [int(x, 16) for x in entry['dte']]:
            equal += 1
        elif dte_excuse(want, device):
            excused[dte_excuse(want, device)] += 1
        else:
            bad.append(bdf)
    text = f'DTE: {equal} of {len(real)} equal'
    text += ''.join(f', {n} said to be {state}'
                    for state, n in sorted(excused.items()))
    results.check(not bad and real,
                  text + (f'; wrong: {" ".join(bad)}' if bad else ''))


def check_aliases(results, want, report):
    """A device whose requests carry another ID is shown with it."""
    shown = {device['bdf']: device.get('alias') for device in report['devices']}
    bad = [bdf for bdf, alias in want.aliases.items() if shown.get(bdf) != alias]
    if want.aliases:
        results.check(not bad, f'alias: {len(want.aliases) - len(bad)} of '
                      f'{len(want.aliases)} devices are shown with theirs')


def newest_wait(entries, head):
    """Index of the newest completion wait that the IOMMU executed"""
    for i in range(1, len(entries) + 1):
        index = (head - i) % len(entries)
        word = entries[index]
        if word[1] >> 28 == COMPLETION_WAIT and word[0] & 1:
            return index
    return None


def span(first, end, size):
    """Ring indexes from `first` up to `end`, which is left out"""
    return [(first + i) % size for i in range((end - first) % size)]


def check_ring_words(results, want, entries, shown):
    """Returns whether the ring in the dump is the crashed kernel's."""
    words = [[int(x, 16) for x in entry.get('words') or ()]
             for entry in shown]
    results.check([entry['index'] for entry in shown] ==
                  list(range(len(entries))),
                  f'ring: {len(shown)} of {len(entries)} entries shown')
    other = [i for i, (a, b) in enumerate(zip(words, entries)) if a != b]
    if want.kdump and other:
        honest = {'overwritten', 'unread'} if want.lossy else {'overwritten'}
        silent = [i for i in other if shown[i]['state'] not in honest]
        results.check(not silent, f'ring: {len(other) - len(silent)} of '
                      f'{len(other)} other entries are '
                      + ' or '.join(sorted(honest)))
        return False
    results.check(not other and len(words) == len(entries),
                  f'ring: {len(entries) - len(other)} of {len(entries)} '
                  'entries equal')
    return True


def check_ring_grades(results, want, ring, shown, entries):
    size, head, tail = len(entries), want.ring['head'], want.ring['tail']
    waiting = span(head, tail, size)
    early = [i for i in waiting if shown[i]['state'] == 'done']
    proven = newest_wait(entries, head)
    results.check(not early and ring['proven'] not in waiting,
                  f'ring: {len(early)} of {len(waiting)} entries that were '
                  'never executed are "done"')
    results.check(ring['proven'] == proven, 'ring: newest proven entry '
                  f'{ring["proven"]}, head {head}, its newest wait {proven}')
    if proven is None:
        return
    unproven = members(ring['unproven'])
    should = set(span((proven + 1) % size, tail, size))
    results.check(unproven == should, f'ring: {len(unproven)} unproven, '
                  f'{len(should)} are after the newest executed wait'
                  f' ({len(waiting)} between head and tail)')


def check_ring(results, want, rings):
    if not rings:
        results.check(False, 'ring: none shown')
        return
    ring, shown = rings[0]['command_ring'], rings[0]['ring']
    entries = ring_entries(unpack(want.ring['raw_zlib_b64']))
    intact = check_ring_words(results, want, entries, shown)
    results.check(ring['tail'] == want.ring['tail'],
                  f'ring: tail {ring["tail"]}, register {want.ring["tail"]}')
    if intact and len(shown) == len(entries):
        check_ring_grades(results, want, ring, shown, entries)
    if want.pending:
        results.check(want.ring['pending'] > 0, 'ring: '
                      f'{want.ring["pending"]} commands were left')


def check_recall(results, want, report, bdf):
    pages = want.written[bdf]
    found = set()
    for exposure in exposures_of(report, bdf):
        found |= pages_of(exposure, want.ram)
    gone = pages & want.unnamed.get(bdf, set()) - found
    lost = pages - found - gone
    unknown = want.lossy and report['verdict']['value'] == 'unknown'
    # Page tables in memory that was added are in no dump.
    far = lost <= want.plugged and declared(report, bdf)
    text = (f'recall {len(pages & found)} of {len(pages)} pages, '
            f'{want.label(bdf)}')
    if gone:
        text += f'; {len(gone)} in no table'
    if lost:
        text += f'; lost: {" ".join(map(str, sorted(lost)[:8]))}'
    results.check(not lost or unknown or far, text)
    if gone:
        results.check(announced(report, bdf), f'the {len(gone)} pages of '
                      f'{bdf} in no table are announced by IOVA ranges')
    if want.unjudged.get(bdf):
        results.info(f'{len(want.unjudged[bdf])} pages of {bdf} were in no '
                     'table when the CPUs stopped; not judged')
    if found and not any(e['class'] == 'passthrough'
                         for e in exposures_of(report, bdf)):
        results.info(f'precision: {len(pages & found)} of {len(found)} pages '
                     f'that {want.label(bdf)} could write were written')


def check_maps(results, want, report):
    """Class "mapped" must be what the tables say, page by page. A lossy dump
    may lack pages, but nothing may be made up."""
    total, bad = 0, []
    for bdf, entry in want.devices.items():
        if not is_paging(entry) and not is_guest(entry):
            continue
        real = set() if bdf == want.bypass else want.writable(bdf)
        shown = set()
        for exposure in exposures_of(report, bdf):
            if exposure['class'] == 'mapped':
                shown |= pages_of(exposure, want.ram)
        total += len(real)
        excused = want.lossy or want.plugged and declared(report, bdf)
        if shown - real or real - shown and not excused:
            bad.append(f'{bdf} (lacks {len(real - shown)}, '
                       f'has {len(shown - real)} too many)')
    results.check(not bad, f'writable maps: {total} pages' +
                  (f'; wrong: {", ".join(bad)}' if bad else ' equal'))


# What no healthy driver shows, wherever it was stopped.
DAMAGED_BUFFERS = {'buffer-not-mapped', 'buffer-read-only',
                   'buffer-maps-elsewhere', 'descriptor-disagrees',
                   'virtqueue-damaged'}


def check_buffers(results, report):
    said = {(f['code'], f['where']) for f in report['findings']
            if f['code'] in DAMAGED_BUFFERS}
    results.check(not said, 'buffers: nothing is called damaged' if not said
                  else f'buffers: called damaged: {sorted(said)}')


def check_guest_tables(results, want, report):
    """What drivers gave their devices is found through guest tables."""
    guests = [bdf for bdf, entry in want.devices.items() if is_guest(entry)]
    results.check(guests, f'guest tables: {len(guests)} devices have some')
    for bdf, role in want.roles.items():
        if role == 'nvme':      # still in its probe, without driver data
            continue
        pages = sum(e['pages'] for e in exposures_of(report, bdf)
                    if e['class'] in ('posted', 'inflight'))
        results.check(bdf in guests and pages, f'guest tables: {pages} pages '
                      f'that {want.label(bdf)} was asked to write are named')


def check_passthrough(results, want, report):
    names = [bdf for bdf in want.devices if want.untranslated(bdf)]
    if not names:
        return
    shown = {e['requester'] for e in report['exposures']
             if e['class'] == 'passthrough' and
             pages_of(e, want.ram) >= want.ram}
    missing = [bdf for bdf in names if bdf not in shown]
    results.check(not missing, f'pass-through: {len(names) - len(missing)} of '
                  f'{len(names)} devices expose all memory')


def finding_of(report, code, device):
    """The finding, empty when there is none."""
    return next((f for f in report['findings']
                 if f['code'] == code and f['where'] == device), {})


def number(finding, key):
    """A field of a finding: addresses are strings."""
    value = finding.get(key, 0)
    return int(value, 16) if isinstance(value, str) else value


def check_freed(results, planted, report, poisoned):
    """A buffer was freed while mapped: which page, device, IOVA?"""
    page, iova = planted['pfn'] * PAGE, planted['iova']
    said = finding_of(report, 'free-page-exposed', planted['device'])
    first = number(said, 'phys')
    results.check(first <= page < first + number(said, 'pages') * PAGE and
                  iova - number(said, 'iova') == page - first and
                  said['requester'] == planted['device'] and
                  said['class'] == 'mapped',
                  f'planted: freed page {page:#x} at IOVA {iova:#x} of '
                  f'{planted["device"]} is named: '
                  f'{said.get("text", "no finding")}')
    if poisoned:
        said = finding_of(report, 'free-page-written', planted['device'])
        results.check([number(said, 'phys'), number(said, 'iova')] ==
                      [page, iova], 'planted: its poison is contradicted: '
                      f'{said.get("text", "no finding")}')
    value = report['verdict']['value']
    results.check(value == ('corrupt' if poisoned else 'suspect'),
                  f'planted: verdict {value}')


def check_correct(results, report):
    alarms = [f['code'] for f in report['findings'] if f['severity'] != 'info']
    results.check(not alarms, f'planted: correct code, {len(alarms)} '
                  f'findings {" ".join(alarms)}')


def check_planted(results, truth, report):
    """The test driver with a bug, and without it"""
    if truth['params']['planted'] == 'freed':
        check_freed(results, truth['planted'], report,
                    'page_poison=1' in truth['cmdline'])
    else:
        check_correct(results, report)


def check_overwritten(results, want, report, shown):
    """What is called overwritten is what differs from the memory as of the
    CPUs' stop, and nothing else. What is not in the dump cannot be told."""
    entries = ring_entries(unpack(want.ring['raw_zlib_b64']))
    states = [entry['state'] for entry in shown]
    there = {i for i, state in enumerate(states) if state != 'unread'}
    other = {i for i in there
             if [int(x, 16) for x in shown[i]['words']] != entries[i]}
    called = {i for i in there if states[i] == 'overwritten'}
    dtes = {device['bdf']: device['dte_state'] for device in report['devices']}
    called_dtes = {bdf for bdf, state in dtes.items() if state == 'overwritten'}
    called_dtes |= {finding['where'] for finding in report['findings']
                    if finding['code'] == 'dte-root-in-crashkernel'}
    other_dtes = {bdf for bdf in want.rewritten if want.holds_dte(bdf)}
    lacking = len(shown) - len(there)
    unread = f', {lacking} entries not in the dump' if lacking else ''
    results.check(called == other and called_dtes == other_dtes,
                  f'overwritten: {len(called)}/{len(other)} ring entries, '
                  f'{len(called_dtes)}/{len(other_dtes)} DTEs{unread}')


def check_missing(results, want, report, shown):
    """What is said to be missing is what the dump's bitmap lacks."""
    base = int(want.ring['pa'], 16)
    missing = {i for i in range(len(shown))
               if (base + i * ENTRY_BYTES) // PAGE not in want.held}
    unread = {i for i, entry in enumerate(shown) if entry['state'] == 'unread'}
    results.check(unread == missing, f'missing: {len(unread)} ring entries '
                  f'unread, {len(missing)} not in the dump')
    missing = {bdf for bdf, entry in want.devices.items() if entry and
               not want.holds_dte(bdf)}
    unread = {device['bdf'] for device in report['devices']
              if device['dte_state'] == 'unread'}
    results.check(unread == missing, f'missing: {len(unread)} DTEs unread, '
                  f'{len(missing)} not in the dump')
    results.check(any(finding['code'] == 'kernel-pages-dropped'
                      for finding in report['findings']),
                  'missing: the report says why')


def check_verdict(results, want, report):
    """A healthy machine is never suspect, and a guilty one always."""
    value = report['verdict']['value']
    dropped = 'kernel-pages-dropped' in {f['code'] for f in report['findings']}
    if want.lossy:
        # What is missing may matter to what devices were given, or not.
        results.check(value in
                      ('unknown', 'suspect' if want.pending else 'exposed'),
                      f'verdict {value}, dump lacks pages')
    elif want.pending:
        results.check(value == 'suspect', f'verdict {value}, commands left')
    elif any(want.untranslated(bdf) for bdf in want.roles) or \
            any(want.unnamed.values()):
        results.check(value == 'exposed', f'verdict {value}, exposed')
    else:
        results.check(value in ('trusted', 'exposed') or
                      (dropped and value == 'unknown'), f'verdict {value}')


def check_coverage(results, want, report):
    """Complete where all is bounded or read, partial where pages were written
    that no table names."""
    value = report['coverage']['value']
    unnamed = {entry['requester'] for entry in report['coverage']['unnamed']}
    for bdf, pages in want.unnamed.items():
        for exposure in exposures_of(report, bdf):
            pages = pages - pages_of(exposure, want.ram)
        if pages:
            results.check(value == 'partial' and bdf in unnamed,
                          f'coverage {value}: {len(pages)} pages of '
                          f'{want.label(bdf)} are in no table')
    for bdf in sorted(want.roles):
        if want.untranslated(bdf) and bdf not in unnamed:
            asked = set()
            for exposure in exposures_of(report, bdf):
                if exposure['class'] in ('posted', 'inflight'):
                    asked |= pages_of(exposure, want.ram)
            missed = want.written.get(bdf, set()) - asked
            results.check(not missed, f'coverage {value}: of the pages that '
                          f'{want.label(bdf)} wrote, {len(missed)} were not '
                          'named as asked for')
    results.check((value == 'partial') >= bool(unnamed),
                  f'coverage {value}, {len(unnamed)} devices with pages that '
                  'cannot be named')


EXIT_CODES = {'trusted': 0, 'exposed': 0, 'suspect': 1, 'corrupt': 2,
              'unknown': 3}


def check_code(results, amdiommu, dump, value, coverage):
    """`amdiommu check` says in its exit code what the report says"""
    want = EXIT_CODES[value]
    for option, right in ([], want), (['--strict'], want or
                                      int(coverage == 'partial')):
        code = subprocess.run([amdiommu, 'check', *option, dump],
                              timeout=SECONDS, stdout=subprocess.DEVNULL,
                              check=False).returncode
        results.check(code == right, f'exit code {code} of '
                      f'{" ".join(["check", *option])}: {value}, {coverage}')


def compare(truth, report, ring, results=None, dump=None, log=None):
    """All checks; returns the exit code. `report`, `ring` and `log`: what the
    commands of these names print as JSON; `dump`: the file they read."""
    results = results or Results()
    want = expected(truth)
    if ((report.get('marks') or {}).get('saved') or {}).get('missing_in_dump'):
        want.lossy = False      # the filter has saved what the dump lacks
    if want.lossy and dump:
        want.held = Bitmap(dump)
    steps = collections.OrderedDict((
        ('run', lambda: check_run(results, want, report)),
        ('DTE', lambda: check_device_table(results, want, report)),
        ('DTE aliases', lambda: check_aliases(results, want, report)),
        ('ring', lambda: check_ring(results, want, ring['rings'])),
        ('maps', lambda: check_maps(results, want, report)),
        ('pass-through', lambda: check_passthrough(results, want, report)),
    ))
    if 'planted' in truth:
        steps['planted'] = lambda: check_planted(results, truth, report)
    if truth['params'].get('planted') != 'freed':
        steps['verdict'] = lambda: check_verdict(results, want, report)
    steps['coverage'] = lambda: check_coverage(results, want, report)
    if truth['params'].get('v2'):
        steps['guest tables'] = lambda: check_guest_tables(results, want,
                                                           report)
    if not want.kdump:
        steps['buffers'] = lambda: check_buffers(results, report)
    if want.kdump:
        steps['overwritten'] = lambda: check_overwritten(
            results, want, report, ring['rings'][0]['ring'])
    if want.log and log:
        steps['event log'] = lambda: check_log(
            results, want.log, log['logs'][0]['event_log']['list'],
            want.events)
    if want.held:
        steps['missing'] = lambda: check_missing(
            results, want, report, ring['rings'][0]['ring'])
    for bdf in sorted(want.written):
        steps['recall ' + bdf] = lambda bdf=bdf: check_recall(
            results, want, report, bdf)
    for name, step in steps.items():
        results.step = name
        try:
            step()
        except (KeyError, TypeError, ValueError, IndexError) as error:
            results.check(False, f'{name}: the JSON has not the contract\'s '
                          f'form: {type(error).__name__} {error}')
    return results.close()


# --- from files --------------------------------------------------------------

def ask(amdiommu, command, dump, *options):
    """The object that a command of amdiommu prints"""
    try:
        done = subprocess.run([amdiommu, command, dump, '--json', *options],
                              text=True, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, timeout=SECONDS,
                              check=False)
    except OSError as error:
        raise Failed(f'{amdiommu}: {error.strerror}') from None
    if done.returncode:
        reason = done.stderr.strip().split('\n')[0]
        raise Failed(f'{command}: exit code {done.returncode}: {reason}')
    try:
        return json.loads(done.stdout)
    except ValueError as error:
        raise Failed(f'{command}: no JSON: {error}') from None


def main(scenario, amdiommu, dump=None):
    out = path('out', scenario)
    try:
        with open(out + '/truth.json') as f:
            truth = json.load(f)
    except FileNotFoundError:
        raise Failed(f'no truth of {scenario}: lab.py run {scenario}') \
            from None
    dump = dump or os.path.join(out, 'vmcore')
    try:
        report = ask(amdiommu, 'report', dump, '--pages')
        ring = ask(amdiommu, 'ring', dump)
        log = ask(amdiommu, 'log', dump)
    except Failed as error:
        print(f'FAIL {error}')
        print('0 passed, 1 failed')
        return 1
    results = Results()
    check_code(results, amdiommu, dump, report['verdict']['value'],
               report['coverage']['value'])
    if not truth.get('hw'):
        return unguarded.compare(truth, report, results)
    return compare(truth, report, ring, results, dump, log)
