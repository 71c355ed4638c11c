#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Dumps of guests whose memory a device overwrote, and how much of that amdiommu
finds: see "Overwritten pages" in README.md.

usage: overwrite.py run NAME...
       overwrite.py check NAME... [--amdiommu PATH]
       overwrite.py list
"""
import argparse
import dataclasses
import json
import os
import re
import shutil
import struct
import subprocess
import sys
import time

import guest
import packages
import run
import scenarios
from memory import PAGE, write_vmcore
from qemu import Flood, Vm
from workdir import CannotRun, Failed, lock, output, path, scratch

GUEST_MAC = bytes.fromhex('525400123456')       # QEMU's first NIC
HOST_MAC = b'\x02\0\0\0\0\x01'
MARK = re.compile(rb'DMAFLOOD\d{8}|LABDISK[NVS]\d{12}')
HOOK = 'echo 1 >/proc/sys/kernel/sysrq'


def case(kernel, kind, arguments='', cmdline='', **settings):
    return dict(kernel=kernel, kind=kind, arguments=arguments,
                cmdline='oops=panic no_timer_check ' + cmdline, settings=settings)


CASES = {
    **{f'{kernel}-{mode}-frames': case(kernel, 'frames', 'pages=180,skip=40',
                                       options)
       for kernel in ('5.10', '6.1', '6.12', '7.3') for mode, options in (
           ('mapped', ''), ('pt', 'iommu=pt init_on_alloc=0'))},
    **{f'{kernel}-pt-reads': case(kernel, 'reads',
                                  'disk=/dev/nvme0n1,pages=32', 'iommu=pt',
                                  io=1, readers=0, read_rate=20000)
       for kernel in ('5.10', '6.1', '6.12', '7.3')},
    '6.1-unmapped': case('6.1', 'frames', 'pages=180,skip=40,unmap=1'),
    '5.10-clean': case('5.10', 'clean', cmdline='iommu=pt init_on_alloc=0'),
    '6.1-clean': case('6.1', 'clean', cmdline='iommu=pt init_on_alloc=0'),
    '6.12-clean': case('6.12', 'clean', cmdline='iommu=pt init_on_alloc=0'),
    '7.3-clean': case('7.3', 'clean', cmdline='iommu=pt init_on_alloc=0'),
}


# --- frames as a network has them --------------------------------------------

def checksum(data):
    total = sum(struct.unpack(f'>{len(data) // 2}H', data))
    total = (total & 0xffff) + (total >> 16)
    return ~(total + (total >> 16)) & 0xffff


def payload(number, size):
    """Random, text, small numbers, or zeros"""
    kind = number // 4 % 4
    if kind == 0:
        return os.urandom(size)
    if kind == 1:
        return (b'a line of text, as many protocols send it\r\n' * size)[:size]
    if kind == 2:
        return struct.pack('<Q', number % 4096) * (size // 8)
    return bytes(size)


def udp(number, pseudo):
    """A datagram with a mark; every fifth without a checksum"""
    body = (b'DMAFLOOD%08d' % number +
            payload(number, 1400 if number % 4 else 200))
    head = struct.pack('>HHHH', 5000, 5001, 8 + len(body), 0)
    if number % 5:
        whole = pseudo + struct.pack('>HH', 17, 8 + len(body)) + head + body
        head = head[:6] + struct.pack('>H', checksum(whole) or 0xffff)
    return head + body


def frame(number):
    """IPv4, every eighth IPv6, every sixteenth an ARP request to all"""
    if number % 16 == 15:
        return (b'\xff' * 6 + HOST_MAC + b'\x08\x06\0\1\x08\0\6\4\0\1' +
                HOST_MAC + b'\x0a\0\0\1' + bytes(6) + b'\x0a\0\0\2' +
                b'DMAFLOOD%08d' % number)
    ether = GUEST_MAC + HOST_MAC
    if number % 32 == 7:
        ether += b'\x81\0\0\5'
    if number % 8 == 3:
        ends = b''.join(bytes.fromhex('fe80' + '0' * 27 + x) for x in '12')
        body = udp(number, ends)
        return (ether + b'\x86\xdd' +
                struct.pack('>IHBB', 6 << 28, len(body), 17, 64) + ends + body)
    ends = bytes([10, 0, 0, 1, 10, 0, 0, 2])
    body = udp(number, ends)
    head = struct.pack('>BBHHHBBH', 0x45, 0, 20 + len(body), number & 0xffff,
                       0x4000, 64, 17, 0) + ends
    head = head[:10] + struct.pack('>H', checksum(head)) + head[12:]
    return ether + b'\x08\0' + head + body


class Frames(Flood):
    """Frames to the guest's address, at the rate that the guest asks for."""

    held = True

    def run(self):
        import socket
        out = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        while not self.ended.wait(1 / self.rate):
            if self.paused or self.held:
                continue
            try:
                out.sendto(frame(self.sent), ('127.0.0.1', self.port))
            except OSError:
                pass
            self.sent += 1

    def ask(self, rate):
        self.held = rate == 0
        self.rate = rate or self.rate


# --- the guest ----------------------------------------------------------------

def build_module(folder, kernel):
    build = folder + '/misdirect'
    os.makedirs(build)
    shutil.copy(guest.SOURCES + '/misdirect.c', build)
    with open(build + '/Makefile', 'w') as f:
        f.write('obj-m := misdirect.o\n')
    # The kernel's own compiler may be a newer one, with more options, and
    # so may be what makes types of modules.
    with open(build + '/cc', 'w') as f:
        f.write('#!/bin/bash\nexec gcc '
                '"${@/-fmin-function-alignment=*/-fno-ident}"\n')
    os.chmod(build + '/cc', 0o755)
    output(['make', '-C', packages.headers(kernel), 'M=' + build,
            f'CC={build}/cc', 'CONFIG_DEBUG_INFO_BTF_MODULES=', 'modules'],
           timeout=600, stderr=subprocess.DEVNULL)
    return build + '/misdirect.ko'


def build_initrd(folder, kernel, kind):
    """The lab's own, with our part in front of the panic."""
    helper = folder + '/labtool'
    guest.build_helper(helper)
    with open(guest.SOURCES + '/init.sh') as f:
        init = f.read()
    if HOOK not in init:
        raise Failed('init.sh has changed: no place for misdirect.sh')
    initrd = guest.Initrd()
    initrd.file('init', init.replace(HOOK, '. /misdirect.sh\n' + HOOK).encode())
    initrd.copy('misdirect.sh', guest.SOURCES + '/misdirect.sh')
    if kind != 'clean':
        initrd.copy('misdirect.ko', build_module(folder, kernel))
    base = guest.base_initrd(kernel, helper)
    initrd.link('bin/mount', 'busybox')
    name = folder + '/initrd'
    # Of two files of one name the kernel takes the last.
    initrd.write(name, base.archive())
    return name


def follow(vm):
    """Until no CPU of the guest runs any more."""
    while True:
        found = vm.until('== frames', 'LABHALT')
        if found == 'LABHALT':
            return
        vm.flood.ask(float(vm.console.lines[-1].split('== frames')[1]))


def one_run(name, wanted, out):
    scenario = dataclasses.replace(
        scenarios.SCENARIOS['6.1-both'], kernel=wanted['kernel'],
        cmdline=f'{wanted["cmdline"]} lab.misdirect={wanted["kind"]} '
        f'lab.arguments={wanted["arguments"]}',
        **{'io': 0, 'flood': 50, 'disks': 'nvme', **wanted['settings']})
    qemu, kernels = run.prepare(scenario)
    with scratch(5 << 30) as folder:
        initrd = build_initrd(folder, kernels[0], wanted['kind'])
        with Vm(scenario, qemu, folder, out) as vm:
            vm.flood = Frames(vm.ports[0], scenario.flood)
            vm.start(kernels[0], initrd)
            run.boot(vm)
            follow(vm)
            stop = vm.snapshot('stop')
            write_vmcore(out + '/vmcore', stop.ram,
                         run.elf_notes(vm.console, stop.ram))
    text = '\n'.join(vm.console.lines)
    given = {int(x, 16) for x in re.findall(r'== misdirected ([0-9a-f]+)', text)}
    hit = sorted(pfn for pfn in given if
                 MARK.search(stop_page(out + '/vmcore', pfn)))
    facts = {'case': name, 'given': sorted(given), 'hit': hit}
    with open(out + '/truth.json', 'w') as f:
        json.dump(facts, f)
    return facts


def stop_page(vmcore, pfn):
    """A page of an ELF dump"""
    with open(vmcore, 'rb') as f:
        head = f.read(64)
        offset, count = (struct.unpack_from('<Q', head, 32)[0],
                         struct.unpack_from('<H', head, 56)[0])
        f.seek(offset)
        table = f.read(56 * count)
        for i in range(count):
            kind, _, at, _, start, size = struct.unpack_from('<IIQQQQ', table,
                                                             56 * i)
            if kind == 1 and start <= pfn * PAGE < start + size:
                f.seek(at + pfn * PAGE - start)
                return f.read(PAGE)
    return b''


def make(name):
    out = path('out', 'overwrite-' + name)
    with lock('out-overwrite-' + name):
        shutil.rmtree(out, ignore_errors=True)
        os.makedirs(out)
        try:
            facts = one_run(name, CASES[name], out)
        except Failed as error:
            # A guest on a busy machine can miss its time; twice is no accident.
            print(f'lab: {error}; once more', file=sys.stderr)
            facts = one_run(name, CASES[name], out)
    print(f'{name}: {len(facts["given"])} pages given away, '
          f'{len(facts["hit"])} of them written')


# --- what amdiommu makes of it --------------------------------------------------

def owner_of(tool, vmcore, pfn):
    shown = json.loads(output([tool, 'who', vmcore, hex(pfn * PAGE), '--json'],
                              timeout=300))
    return shown['owner']


def check(name, tool):
    """True if nothing was reported that did not happen"""
    folder = path('out', 'overwrite-' + name)
    vmcore = folder + '/vmcore'
    with open(folder + '/truth.json') as f:
        hit = set(json.load(f)['hit'])
    shown = subprocess.run([tool, 'report', vmcore, '--json', '-v'], text=True,
                           stdout=subprocess.PIPE, check=False, timeout=600)
    found = json.loads(shown.stdout)['overwritten_pages']
    pages = {page['pfn']: page for page in found['list']}
    missed = {}
    for pfn in sorted(hit - set(pages)):
        owner = owner_of(tool, vmcore, pfn)
        missed[owner] = missed.get(owner, 0) + 1
    free = missed.pop('free', 0)
    owned = len(hit) - free
    right = len(hit & set(pages))
    false = sorted(set(pages) - hit)
    frames = sum('frame' in page['signs'] for page in pages.values())
    named = sum(page['proof'] != 'none' for page in pages.values())
    print(f'{name}: {len(hit)} written, {free} free since, {right} of {owned} '
          f'found ({frames} by frames; {named} name a device), '
          f'{len(false)} false {[hex(x) for x in false][:4]}; missed {missed}')
    return not false


def main():
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument('command', choices=('run', 'check', 'list'))
    parser.add_argument('names', nargs='*')
    parser.add_argument('--amdiommu', default='build/amdiommu')
    chosen = parser.parse_args()
    if chosen.command == 'list':
        print('\n'.join(CASES))
        return 0
    try:
        if chosen.command == 'run':
            for name in chosen.names:
                make(name)
            return 0
        right = [check(name, chosen.amdiommu) for name in chosen.names]
        return 0 if all(right) else 1
    except (CannotRun, Failed) as error:
        print(f'lab: {error}', file=sys.stderr)
        return 77 if isinstance(error, CannotRun) else 1


if __name__ == '__main__':
    start = time.monotonic()
    code = main()
    print(f'{time.monotonic() - start:.0f} s')
    sys.exit(code)
