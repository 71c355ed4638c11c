# SPDX-License-Identifier: GPL-2.0-or-later
"""The marks in a dump against what the devices really changed.

For scenarios whose capture kernel runs makedumpfile-amdiommu: memory was
frozen right before and right after makedumpfile.
"""
import json
import os
import struct
import subprocess

from memory import members
from workdir import Failed, path

VMCOREDD, DUMP_NAME = 0x700, b'amdiommu-marks'
TOOL = os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', '..',
                    'build', 'amdiommu')


def notes_of(dump):
    """The notes of a kdump-compressed file."""
    with open(dump, 'rb') as f:
        if f.read(8) != b'KDUMP   ':
            raise Failed(f'{dump} is not kdump-compressed')
        f.seek(4096)
        at, size = struct.unpack_from('<2Q', f.read(104), 48)
        f.seek(at)
        return f.read(size)


def payload(notes):
    """What NT_VMCOREDD "amdiommu-marks" holds; None without such a note."""
    at = 0
    while at + 12 <= len(notes):
        name, desc, kind = struct.unpack_from('<3I', notes, at)
        start = at + 12 + (name + 3) // 4 * 4
        if kind == VMCOREDD and notes[start:].startswith(DUMP_NAME + b'\0'):
            return notes[start + 44:start + desc]
        at = start + (desc + 3) // 4 * 4
    return None


def marks_of(dump, tool=TOOL):
    """(marks, observed) in the dump's note, as the command reads them"""
    if payload(notes_of(dump)) is None:
        raise Failed(f'{dump} has no marks')
    report = json.loads(subprocess.check_output(
        [tool, 'report', dump, '--json', '--pages']))
    found = report['marks']
    if found['from'] != 'note' or found['refused']:
        raise Failed(f'{dump}: {found}')
    return found, found['observed'][0] if found['observed'] else None


def pages_of(report):
    """What each requester could write, of a report or of marks."""
    return sorted((e['requester'], e['class'], e['certainty'], e['complete'],
                   e['pages'], e['pfns']) for e in report['exposures']
                  if e.get('pfns'))


def by_devices(truth, phases):
    """Page frames that devices wrote in these phases."""
    found = set()
    for phase in phases:
        for entry in truth['phases'][phase]['written_by_device'].values():
            found |= members(entry['runs'])
    return found


def changed(truth, phases):
    """Page frames that differ at all."""
    found = set()
    for phase in phases:
        found |= members(truth['phases'][phase]['changed']['runs'])
    return found


def unmapped_before(truth):
    """Pages that the dying kernel unmapped again before its CPUs stopped."""
    found = set()
    entries = truth['phases']['panic->capstart']['written_by_device']
    for entry in entries.values():
        found |= members(entry.get('not_in_writable_map_at_stop', []))
    return found


def main(name):
    """Prints what was compared; returns the exit code."""
    with open(path('out', name, 'truth.json')) as f:
        truth = json.load(f)
    found, observed = marks_of(path('out', name, 'vmcore'))
    marked = set()
    for exposure in found['exposures']:
        marked |= members(exposure.get('pfns') or [])
    seen = members(observed['pfns'])
    ram = members(truth['ram'])
    before = by_devices(truth, ['panic->capstart', 'capstart->capup',
                                'capup->mdfstart']) & ram
    during = by_devices(truth, ['mdfstart->mdfend']) & ram
    around = changed(truth, ['capup->mdfstart', 'mdfstart->mdfend',
                             'mdfend->capdone'])
    checks = (
        ('written from the panic to the dump, and marked',
         before - unmapped_before(truth), marked),
        ('written while makedumpfile ran, and marked', during, marked),
        ('written while makedumpfile ran, and observed', during, seen),
        ('observed, and really changed', seen, around),
    )
    failed = 0
    for what, some, others in checks:
        fine = some <= others and bool(some)
        failed += not fine
        print(f'{"ok  " if fine else "FAIL"} {what}: '
              f'{len(some & others)} of {len(some)}')
    print(f'     {len(marked)} marked, {observed["watched"]} watched')
    print(f'{len(checks) - failed} passed, {failed} failed')
    return failed != 0
