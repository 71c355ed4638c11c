# SPDX-License-Identifier: GPL-2.0-or-later
"""One run of a scenario: vmcore, truth.json, console.log."""
import dataclasses
import hashlib
import json
import os
import re
import shutil
import struct
import subprocess
import sys
import time

import events
import guest
import hardware
import packages
import truth
import unguarded
from hardware import ADDRESS, DTE_BYTES, ENTRY_BYTES, bdf
from memory import MEBIBYTE, PAGE, members, note_at, runs, write_vmcore
from qemu import OUTPUT_BYTES, Vm
from workdir import CannotRun, Failed, HERE, lock, output, path, scratch

# What a vmcore and its truth depend on, besides the scenario's settings.
SOURCES = ('disks.py', 'events.py', 'guest.py', 'hardware.py', 'ivrs.py', 'memory.py', 'packages.py', 'qemu.py',
           'run.py', 'truth.py', 'unguarded.py', 'guest/capture.sh',
           'guest/devtool.c', 'guest/init.sh', 'guest/labtool.c',
           'guest/makedumpfile.sh', 'guest/planted.c')
KDUMP_FREEZES = (
    ('panic', 'Kernel panic - not'),
    ('capstart', 'Linux version'),
    ('capup', '== capture kernel up'),
    ('capdone', '== capture done'),
)
# With our filter also around makedumpfile alone.
FILTER_FREEZES = KDUMP_FREEZES[:-1] + (
    ('mdfstart', '== makedumpfile starts'),
    ('mdfend', '== makedumpfile ends'),
    KDUMP_FREEZES[-1],
)
INTERESTING = re.compile(r'AMD-Vi|iommu:|^== |Completion-Wait|IO_PAGE')


# --- is what lies there still good? ------------------------------------------

def sources_hash():
    total = hashlib.sha256()
    for name in SOURCES:
        with open(os.path.join(HERE, name), 'rb') as f:
            total.update(f.read())
    return total.hexdigest()


RUNNING_SOURCES = sources_hash()    # now, not what is edited during a run


def stamp(scenario, kernels):
    """Names everything that a run depends on."""
    parts = [RUNNING_SOURCES, json.dumps(dataclasses.asdict(scenario))]
    parts += [kernel.packages for kernel in kernels]
    if scenario.marks:
        with open(guest.WRAPPER, 'rb') as f:
            parts.append(hashlib.sha256(f.read()).hexdigest())
    return hashlib.sha256('\0'.join(parts).encode()).hexdigest()


def series_of(scenario):
    """Kernel series that a run needs, the crashing one first"""
    found = [scenario.kernel]
    if scenario.stop == 'kdump' and scenario.capture:
        found.append(scenario.capture)
    return found


def is_cached(name, scenario):
    kernels = [packages.known_kernel(s) for s in series_of(scenario)]
    try:
        with open(path('out', name, 'stamp')) as f:
            return all(kernels) and f.read() == stamp(scenario, kernels)
    except FileNotFoundError:
        return False


# --- parts of a run ----------------------------------------------------------

def boot(vm):
    """Up to the shell of the guest; returns the PCI devices that it sees.
    QEMU's own list also has virtual functions that are not enabled."""
    if vm.until('== guest up', 'end Kernel panic', name='up') != '== guest up':
        raise Failed('the guest panicked while booting')
    vm.connect()
    vm.until('== vmcoreinfo')
    seen = {line.removeprefix('== pci ') for line in vm.console.lines}
    found = {device: text for device, text in vm.monitor.pci().items()
             if bdf(device) in seen or vm.scenario.bridge and device >> 8}
    return {**truth.aliases(found, vm.scenario), **found}


def elf_notes(console, ram):
    """The notes that the crash path left in memory, as in /proc/vmcore."""
    text = '\n'.join(console.lines)
    addresses = re.findall(r'^== crash note ([0-9a-f]+)$', text, re.M)
    info = re.search(r'^== vmcoreinfo (0x[0-9a-f]+)', text, re.M)
    if not info:
        raise Failed('the guest did not say where VMCOREINFO is')
    notes = b''.join(note_at(ram, int(x, 16)) for x in addresses + [info[1]])
    if b'VMCOREINFO' not in notes:
        raise Failed('no VMCOREINFO in memory')
    return notes


def planted(console, pci):
    """What the test driver said of its transfer"""
    text = '\n'.join(console.lines)
    said = dict(re.findall(r'^== planted (\w+) (\d+)', text, re.M))
    if not {'pfn', 'iova'} <= said.keys():
        raise Failed('the test driver made no transfer')
    devices = [bdf(d) for d, found in pci.items() if '1234:11e8' in found]
    return {'device': devices[0], 'pfn': int(said['pfn']),
            'iova': int(said['iova'])}


def common_facts(name, vm, kernels, pci):
    text = '\n'.join(vm.console.lines)
    role_of = truth.roles(pci, vm.scenario)
    return {
        'schema': 'amdiommu-lab-truth/1',
        'scenario': name,
        'params': dataclasses.asdict(vm.scenario),
        'cmdline': guest.command_line(vm.scenario),
        'kernel': re.search(r'^== guest up (\S+)', text, re.M)[1],
        'packages': ''.join(k.packages for k in kernels).splitlines(),
        'qemu': '.'.join(map(str, vm.qemu.version)),
        'pfn_size': PAGE,
        'pci': {bdf(d): text for d, text in sorted(pci.items())},
        'roles': role_of,
        'bypass': truth.bypassing(role_of, vm.scenario),
        **({'planted': planted(vm.console, pci)} if vm.scenario.planted
           else {}),
        'console': [line[:160] for line in vm.console.lines
                    if INTERESTING.search(line)][:100],
        'wall_s': vm.times,
    }


def save_truth(out, facts):
    with open(out + '/truth.json', 'w') as f:
        json.dump(facts, f, separators=(',', ':'))


# --- stop=halt ---------------------------------------------------------------

def ready(vm, pci):
    """Right before the panic; the domains of devices with events."""
    if vm.scenario.events:
        return events.before_panic(vm, truth.roles(pci, vm.scenario))
    return None


def wait_for_halt(vm, pci):
    """To the last line that a CPU of the guest prints."""
    names = {'== lab ready': 'ready', 'Kernel panic - not': 'panic',
             'LABHALT': 'halt'}
    while True:
        found = vm.until(*names)
        vm.mark(names[found])
        if found == '== lab ready':
            ready(vm, pci)
        if found == 'LABHALT':
            return


def read_registers(vm):
    """Of the AMD IOMMU; None: the machine has none"""
    if vm.scenario.iommu != 'amd':
        return None
    return hardware.read_registers(vm.monitor)


def run_halt(name, vm, out, kernels, keep_late):
    pci = boot(vm)
    wait_for_halt(vm, pci)
    stop = vm.snapshot('stop')
    registers = read_registers(vm)
    time.sleep(vm.scenario.watch)
    late = vm.snapshot('late')
    facts = common_facts(name, vm, kernels, pci)
    facts['mmio_at_stop'] = registers
    facts['mmio_late'] = read_registers(vm)
    facts['ram'] = stop.ram.pfn_ranges()
    if registers and hardware.has_device_table(registers):
        state = hardware.State(stop.ram, registers, sorted(pci))
        facts['hw'] = state.facts()
        facts.update(truth.changes(vm.trace, stop, late, state,
                                   facts['roles'], bypass=facts['bypass']))
        facts['iotlb_at_stop'] = truth.iotlb_facts(vm.trace, stop.trace_bytes,
                                                   state)
    else:
        facts.update(unguarded.changes(stop, late, facts['roles'],
                                       truth.content_mark))
    facts['flood_frames'] = [stop.frames, late.frames]
    notes = elf_notes(vm.console, stop.ram)
    write_vmcore(out + '/vmcore', stop.ram, notes)
    if keep_late:
        write_vmcore(out + '/vmcore.late', late.ram, notes)
    save_truth(out, facts)
    return facts


# --- stop=kdump --------------------------------------------------------------

def crashkernel_ranges(console):
    """[first pfn, count] of what is reserved for the capture kernel"""
    text = '\n'.join(console.lines)
    old = re.search(r'Reserving (\d+)MB of memory at (\d+)MB for crashk', text)
    if old:
        pages = MEBIBYTE // PAGE
        return [[int(old[2]) * pages, int(old[1]) * pages]]
    new = re.search(r'crashkernel reserved: 0x([0-9a-f]+) - 0x([0-9a-f]+)',
                    text)
    if new:
        first, end = (int(new[i], 16) // PAGE for i in (1, 2))
        return [[first, end - first]]
    raise Failed('the guest did not say where its crashkernel region is')


def system_ram(console):
    """Page frames of the crashed kernel's memory, in whole pages"""
    text = '\n'.join(console.lines)
    found = set()
    for first, last in re.findall(
            r'^== memory ([0-9a-f]+)-([0-9a-f]+) : System RAM', text, re.M):
        found.update(range((int(first, 16) + PAGE - 1) // PAGE,
                           (int(last, 16) + 1) // PAGE))
    return found


def differing(first, second, size):
    """Indexes of the entries of `size` bytes that differ"""
    places = range(0, len(first), size)
    return [at // size for at in places
            if first[at:at + size] != second[at:at + size]]


def old_structures(first, second, state):
    """What became of the crashed kernel's ring, log and table in memory.
    `state`: the crashed kernel's, with its registers."""
    found = {}
    for key, register in (('ring_entries', 'CmdBufBase'),
                          ('evt_entries', 'EvtLogBase')):
        base, entries = hardware.base_and_entries(state.registers[register])
        raw = [s.ram.read(base, entries * ENTRY_BYTES)
               for s in (first, second)]
        found[key] = runs(differing(*raw, ENTRY_BYTES))
    raw = [s.ram.read(state.table, state.table_size) for s in (first, second)]
    found['dtes'] = [
        [bdf(i)] + [[hex(word) for word in
                     struct.unpack_from('<4Q', table, i * DTE_BYTES)]
                    for table in raw]
        for i in differing(*raw, DTE_BYTES)]
    return found


def freezes(scenario):
    return FILTER_FREEZES if scenario.marks else KDUMP_FREEZES


def kdump_facts(vm, snapshots, registers, pci, role_of):
    """Also of a machine whose AMD IOMMU does nothing, or that has none"""
    names = [name for name, _ in freezes(vm.scenario)]
    reserved = crashkernel_ranges(vm.console)
    facts = {
        'mmio': registers,
        'ram': runs(system_ram(vm.console) - members(reserved)),
        'crashkernel_pfns': reserved,
        'flood_frames': {name: snapshots[name].frames for name in names},
    }
    at_panic = registers[names[0]]
    if at_panic and hardware.has_device_table(at_panic):
        facts.update(guarded_facts(vm, snapshots, registers, pci, role_of,
                                   members(reserved)))
    else:
        facts.update(unguarded.kdump_changes(
            names, snapshots, role_of, truth.content_mark, members(reserved)))
    return facts


def guarded_facts(vm, snapshots, registers, pci, role_of, reserved):
    """Phase by phase. The tables that count are those at "capstart": no CPU
    of the crashed kernel runs any more, and the capture kernel has not yet
    come to the IOMMU."""
    names = [name for name, _ in freezes(vm.scenario)]
    states = {name: hardware.State(snapshots[name].ram, registers[name],
                                   sorted(pci)) for name in names}
    facts = {
        'hw': {name: state.facts() for name, state in states.items()},
        'phases': {},
        'old_structures': {},
    }
    for first, second in zip(names, names[1:]):
        phase = f'{first}->{second}'
        found = truth.changes(
            vm.trace, snapshots[first], snapshots[second], states['capstart'],
            role_of, reserved,
            truth.bypassing(role_of, vm.scenario), quiet=False)
        if first != 'panic':    # the capture kernel's own mappings, all new
            found['stale_n'], found['stale_translations'] = 0, []
        facts['phases'][phase] = found
        facts['old_structures'][phase] = old_structures(
            snapshots[first], snapshots[second], states['capstart'])
    return facts


def collect_dump(vm, out):
    """Put the flattened dump on the output disk in order."""
    try:
        vm.process.wait(60)     # the guest switches itself off
    except subprocess.TimeoutExpired:
        raise Failed('the capture kernel did not power off') from None
    vm.mark('poweroff')
    vmcore = out + '/vmcore'
    with open(vm.output_image, 'rb') as f:
        if vm.scenario.marks == 'file':
            size = re.search(r'^== dump has (\d+) bytes',
                             '\n'.join(vm.console.lines), re.M)[1]
            with open(vmcore, 'wb') as to:
                to.write(f.read(int(size)))
        else:
            output(['makedumpfile', '-R', vmcore], stdin=f, timeout=300)
    os.chmod(vmcore, 0o644)


def run_kdump(name, vm, out, kernels, keep_late):
    if keep_late:
        raise Failed('--keep-late is for scenarios that halt')
    pci = boot(vm)
    vm.until('== capture kernel loaded', name='capture_loaded')
    if vm.scenario.hotplug:
        vm.until('== waits for memory')
        vm.plug_memory()
        vm.until('== memory blocks', name='plugged')
    vm.until('== lab ready', name='ready')
    domains = ready(vm, pci)
    snapshots, registers = {}, {}
    for freeze, line in freezes(vm.scenario):
        vm.until(line)
        if domains and freeze == 'capup':
            events.by_capture_kernel(vm, domains)
        snapshots[freeze] = vm.snapshot(freeze)
        registers[freeze] = read_registers(vm)
    if '== capture done rc=0' not in vm.console.lines:
        raise Failed('makedumpfile failed in the capture kernel')
    collect_dump(vm, out)
    facts = common_facts(name, vm, kernels, pci)
    facts['capture_kernel'] = kernels[-1].release
    facts.update(kdump_facts(vm, snapshots, registers, pci, facts['roles']))
    save_truth(out, facts)
    return facts


# --- entry -------------------------------------------------------------------

def prepare(scenario):
    """(QEMU, kernels: the crashing one first)"""
    packages.install()
    kernels = [packages.kernel(series) for series in series_of(scenario)]
    if not kernels[0].modules and (scenario.net or scenario.io):
        raise CannotRun(f'kernel series {scenario.kernel} without modules')
    return packages.qemu(scenario.qemu), kernels


def run(name, scenario, keep_late=False, anew=True):
    """Make $AMDIOMMU_LAB/out/NAME; returns the truth, or None where it is
    there and need not be made anew. Nobody sees half of a run: it takes its
    place when it is complete, and what a failed run leaves goes to
    NAME.failed."""
    qemu, kernels = prepare(scenario)
    out = path('out', name)
    making = out + '.new'
    with lock('out-' + name):
        # Another process may have made it while this one waited.
        if not anew and is_cached(name, scenario):
            return None
        for old in (making, out + '.failed'):
            shutil.rmtree(old, ignore_errors=True)
        os.makedirs(making)
        try:
            facts = run_guest(name, scenario, qemu, kernels, making, keep_late)
        except BaseException:
            os.rename(making, out + '.failed')
            raise
        with open(making + '/stamp', 'w') as f:
            f.write(stamp(scenario, kernels))
        shutil.rmtree(out, ignore_errors=True)
        os.rename(making, out)
    return facts


def make(name, scenario):
    """The same unless it is there; says whether it was made"""
    if is_cached(name, scenario):
        return False
    try:
        return run(name, scenario, anew=False) is not None
    except Failed as error:
        # A guest on a busy machine can miss its time; twice is no accident.
        print(f'lab: {error}; once more', file=sys.stderr)
        return run(name, scenario, anew=False) is not None


def run_guest(name, scenario, qemu, kernels, out, keep_late):
    steps = run_kdump if scenario.stop == 'kdump' else run_halt
    with scratch((7 if scenario.marks else 5) * MEBIBYTE *
                 (scenario.memory + scenario.hotplug)) as folder:
        capture = kernels[-1] if scenario.stop == 'kdump' else None
        initrd = guest.build_initrd(folder, scenario, kernels[0], capture)
        with Vm(scenario, qemu, folder, out) as vm:
            vm.start(kernels[0], initrd)
            return steps(name, vm, out, kernels, keep_late)


def summary(facts):
    """One or more lines with the figures of a run"""
    if not facts.get('hw'):
        wrote = ' '.join(f'{name}={entry["n"]}' for name, entry in
                         facts['written'].items())
        return f'{facts["scenario"]}: no AMD IOMMU at work, {wrote}'
    lines = []
    phases = facts.get('phases') or {'after the stop': facts}
    for phase, found in phases.items():
        devices = ' '.join(
            f'{facts["roles"].get(name, name)}={entry["n"]}'
            for name, entry in found['written_by_device'].items())
        text = (f'{facts["scenario"]}: {phase}: {found["changed"]["n"]} pages '
                f'changed, {devices or "no device"} '
                f'unexplained={found["changed_not_device"]["n"]} '
                f'stale={found["stale_n"]}')
        old = facts.get('old_structures', {}).get(phase)
        if old:
            text += (f', old ring entries rewritten='
                     f'{len(members(old["ring_entries"]))}'
                     f' old DTEs={len(old["dtes"])}')
        lines.append(text)
    if 'phases' not in facts:
        ring = facts['hw']['cmd_ring']
        lines[0] += (f', ring head={ring["head"]} tail={ring["tail"]}, '
                     f'IOTLB stale={facts["iotlb_at_stop"]["stale_n"]}')
    return '\n'.join(lines)
