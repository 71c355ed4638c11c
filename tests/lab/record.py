#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Scenarios with amdiommu-record loaded: does the dump have the registers that
QEMU's monitor shows, and the command ring? See "Recorded registers" in README.md.

usage: record.py run SCENARIO... [--recorder PATH] [--nmi]
       record.py check SCENARIO... [--amdiommu PATH] [--nmi]

--nmi: an NMI of the host lets the guest panic, not sysrq.
"""
import argparse
import base64
import dataclasses
import json
import os
import subprocess
import sys
import time
import zlib

import guest
import run
import scenarios
from hardware import ENTRY_BYTES
from workdir import CannotRun, Failed, path

HOOK = b'echo 1 >/proc/sys/kernel/sysrq'
LOAD = (b'mkdir -p /sys/fs/bpf\n'
        b'echo "== record $(amdiommu-record load 2>&1)"\n'
        b'echo "== status $(amdiommu-record status --json 2>&1)"\n')
RECORDER = os.path.join(os.path.dirname(os.path.dirname(guest.HERE)),
                        'build', 'amdiommu-record')
PREFIX = 'record-'
SYSRQ = b'echo c >/proc/sysrq-trigger'
WAIT_FOR_NMI = b'echo 1 >/proc/sys/kernel/unknown_nmi_panic\nsleep 60'


class Initrd(guest.Initrd):
    """The same with the recorder, which is loaded right before the load"""

    recorder = RECORDER
    nmi = False

    def copy(self, name, source):
        if name != 'init':
            super().copy(name, source)
            return
        with open(source, 'rb') as f:
            script = f.read()
        if HOOK not in script or SYSRQ not in script:
            raise Failed('init.sh has no place for the recorder')
        if self.nmi:
            script = script.replace(SYSRQ, WAIT_FOR_NMI)
        self.file(name, script.replace(HOOK, LOAD + HOOK))
        self.program(self.recorder, 'bin/amdiommu-record')


def said(facts, what):
    """What the guest printed of it"""
    lines = [line for line in facts['console'] if line.startswith(f'== {what} ')]
    return lines[0].split(' ', 2)[2] if lines else ''


def send_nmi(vm, _pci):
    """In place of what is done right before the panic"""
    time.sleep(4)       # until the guest waits for it
    vm.monitor.command('inject-nmi')


def make(name):
    guest.Initrd = Initrd
    if Initrd.nmi:
        run.ready = send_nmi
    scenario = scenarios.scenario(name)
    # A busy host is late with the timer that the kernel looks for.
    scenario = dataclasses.replace(
        scenario, cmdline=scenario.cmdline + ' no_timer_check')
    facts = run.run(folder_of(name), scenario)
    print(run.summary(facts))
    print(said(facts, 'record'))
    print(said(facts, 'status'))


# --- against the monitor -------------------------------------------------------

def moment(truth):
    """(registers, hardware facts) of the moment when the CPUs had stopped"""
    if 'mmio' in truth:
        return truth['mmio']['capstart'], truth['hw']['capstart']
    return truth['mmio_at_stop'], truth['hw']


def ring_of(report):
    """The command ring as amdiommu shows it"""
    return b''.join(int(word, 16).to_bytes(4, 'little')
                    for entry in report['rings'][0]['ring']
                    for word in entry.get('words', ['0x0'] * 4))


def ask(amdiommu, dump, *command):
    done = subprocess.run([amdiommu, *command[:1], dump, *command[1:], '--json'],
                          stdout=subprocess.PIPE, check=False, timeout=300)
    return json.loads(done.stdout)


def folder_of(name):
    return PREFIX + ('nmi-' if Initrd.nmi else '') + name


def compare(name, amdiommu):
    """Lines of what differs"""
    out = path('out', folder_of(name))
    with open(out + '/truth.json') as f:
        registers, hardware = moment(json.load(f))
    report = ask(amdiommu, out + '/vmcore', 'report')
    found = report['iommus'][0].get('registers')
    if not found:
        return ['no record in the dump']
    if found['use'] != 'known':
        return [f'the record is {found["use"]}']
    expected = {
        'control': int(registers['Control'], 16),
        'status': int(registers['Status'], 16),
        'device_table': int(registers['DevTabBase'], 16),
        'ring': int(registers['CmdBufBase'], 16),
        'event_log': int(registers['EvtLogBase'], 16),
        'head': int(registers['CmdHead'], 16) // ENTRY_BYTES,
        'tail': int(registers['CmdTail'], 16) // ENTRY_BYTES,
        'event_head': int(registers['EvtHead'], 16),
        'event_tail': int(registers['EvtTail'], 16),
    }
    wrong = []
    for key, value in expected.items():
        got = found[key]
        got = int(got, 16) if isinstance(got, str) else got
        if got != value:
            wrong.append(f'{key}: recorded {got:#x}, monitor {value:#x}')
    ring = hardware['cmd_ring']
    packed = [v for v in ring.values() if isinstance(v, str) and len(v) > 40]
    if packed:
        theirs = zlib.decompress(base64.b64decode(packed[0]))
        ours = ring_of(ask(amdiommu, out + '/vmcore', 'ring'))
        differ = sum(theirs[i:i + ENTRY_BYTES] != ours[i:i + ENTRY_BYTES]
                     for i in range(0, len(theirs), ENTRY_BYTES))
        if differ:
            wrong.append(f'ring: {differ} entries differ')
    shown = report['iommus'][0]['command_ring']
    count = {key: sum(n for _, n in shown[key])
             for key in ('unproven', 'not_executed', 'overwritten', 'unread')}
    waiting = len(ring['pending_cmds'])
    print(f'{name}: {len(expected)} registers compared, {waiting} '
          f'commands pending by the monitor, {found["pending"]} by the record; '
          f'{count}, {found["entries_replaced"]} entries from the record')
    if found['stopped'] and found['pending'] != waiting:
        wrong.append('pending commands differ')
    return wrong


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument('what', choices=('run', 'check'))
    parser.add_argument('name', nargs='+')
    parser.add_argument('--amdiommu', default='build/amdiommu')
    parser.add_argument('--recorder', default=RECORDER)
    parser.add_argument('--nmi', action='store_true')
    args = parser.parse_args()
    Initrd.recorder, Initrd.nmi = args.recorder, args.nmi
    bad = 0
    for name in args.name:
        if args.what == 'run':
            make(name)
            continue
        for line in compare(name, args.amdiommu):
            print(f'{name}: WRONG: {line}')
            bad += 1
    return int(bad > 0)


if __name__ == '__main__':
    try:
        sys.exit(main())
    except CannotRun as error:
        print('lab: cannot run:', error, file=sys.stderr)
        sys.exit(77)
    except Failed as error:
        print('lab:', error, file=sys.stderr)
        sys.exit(1)
