# SPDX-License-Identifier: GPL-2.0-or-later
"""The event log in amdiommu's JSON against the log in memory."""
import struct

from hardware import bdf

NAMES = {1: 'ILLEGAL_DEV_TABLE_ENTRY', 2: 'IO_PAGE_FAULT'}
PAGE_FAULT = 2


def words(entry):
    return struct.pack('<4I', *(int(x, 16) for x in entry['words']))


def decoded(raw):
    """(name, device, domain, address, is a write), by the specification"""
    low, address = struct.unpack('<2Q', raw)
    code = low >> 60
    domain = low >> 32 & 0xffff if code == PAGE_FAULT else None
    return (NAMES.get(code), bdf(low & 0xffff), domain, address,
            bool(low >> 53 & 1))


def said(entry):
    """The same from the JSON"""
    fields, name = entry['fields'], entry['name']
    domain = fields['DomainID'] if name == NAMES[PAGE_FAULT] else None
    return (name, fields['DeviceID'], domain, int(fields['Address'], 16),
            bool(fields['RW']))


def check_entries(results, old, shown, called, other):
    """Each entry decoded; as many called overwritten as are, none missing."""
    good = sum(said(entry) == decoded(words(entry)) for entry in shown)
    results.check(shown and good == len(shown), f'event log: {good} of '
                  f'{len(shown)} entries decoded rightly')
    results.check(called == other, f'event log: {len(called)} entries called '
                  f'overwritten, {len(other)} are')
    lost = set(old) - {entry['index'] for entry in shown}
    results.check(not lost, f'event log: {len(lost)} of {len(old)} entries '
                  'are not shown')


def check_log(results, truth, shown, events):
    """What is called overwritten is so; of what differs nothing is called
    the dead kernel's. `truth`: the log as the CPUs stopped; `events`: it was
    given entries, and so was the capture kernel's."""
    old = {i: bytes.fromhex(raw) for i, raw in truth['nonzero']}
    state = {entry['index']: entry['state'] for entry in shown}
    other = {entry['index'] for entry in shown
             if words(entry) != old.get(entry['index'])}
    called = {i for i in state if state[i] == 'overwritten'}
    open_ = {i for i in state if state[i] == 'undecided'}
    # Later entries behind the old ones are no forgery, but for a log reused.
    must = other if called | open_ else other & set(old)
    silent = must - called - open_
    results.check(not silent and called <= other,
                  f'event log: {len(old)} entries at the stop, {len(shown)} in '
                  f'the dump, {len(other)} of them other ones; '
                  f'{len(silent)} of those called intact, '
                  f'{len(called - other)} others called overwritten')
    if open_:
        results.info(f'event log: {len(open_)} entries cannot be told apart, '
                     f'{len(open_ - other)} are from before')
    if events:
        check_entries(results, old, shown, called, other)
