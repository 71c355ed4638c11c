# SPDX-License-Identifier: GPL-2.0-or-later
"""Entries in the event log, put there as the IOMMU would.

QEMU up to 10.0 logs nothing when a device reaches for an address that is not
mapped, and what it does log has its fields in other bits than the
specification says. So the host writes whole entries into the running guest's
memory, from the log's start on. The driver is not told: it polls the log only
when an interrupt or another event makes it.
"""
import struct

import hardware
from hardware import bdf, devid
from memory import Ram

ILLEGAL_DTE, PAGE_FAULT = 1, 2
WRITE_ACCESS = 1 << 53
DEAD_IOVA, CAPTURE_IOVA = 0x1000000, 0x2000000     # never mapped: IOVAs are
ROUNDS = 4                                         # taken from 4 GiB down


def entry(code, device, domain, address, flags=0):
    return struct.pack('<2Q', code << 60 | flags | domain << 32 | device,
                       address)


def fault(device, domain, address, number):
    """Writes and reads in turn"""
    return entry(PAGE_FAULT, device, domain, address,
                 0 if number % 2 else WRITE_ACCESS)


def domains(vm, devices):
    """(registers, {device ID: domain ID} of those that are translated), now"""
    registers = hardware.read_registers(vm.monitor)
    state = hardware.State(Ram(vm.ram), registers, devices)
    return state.registers, {device: state.entries[bdf(device)]['domid']
                             for device in devices
                             if bdf(device) in state.maps}


def write(vm, registers, entries):
    base, _ = hardware.base_and_entries(registers['EvtLogBase'])
    with open(vm.ram, 'r+b') as f:
        f.seek(base)
        f.write(b''.join(entries))


def before_panic(vm, roles):
    """Faults of the devices under load, and one event of another kind.
    Returns the domains of that time."""
    registers, found = domains(vm, sorted(map(devid, roles)))
    entries = [fault(device, found[device],
                     DEAD_IOVA + (i << 16) + (device << 3), i)
               for i in range(ROUNDS) for device in found]
    entries.append(entry(ILLEGAL_DTE, max(found), 0,
                         registers['DevTabBase'] & hardware.ADDRESS))
    write(vm, registers, entries)
    return found


def by_capture_kernel(vm, old):
    """One fault of each device, first those that still have the dead
    kernel's tables. `old`: its domains."""
    registers, found = domains(vm, sorted(old))
    order = sorted(found, key=lambda device: found[device] != old[device])
    write(vm, registers, [fault(device, found[device],
                                CAPTURE_IOVA + (device << 12), i)
                          for i, device in enumerate(order)])
