# SPDX-License-Identifier: GPL-2.0-or-later
"""The guest's initrd: busybox, kernel modules, init, our helper."""
import gzip
import lzma
import os
import re
import shutil
import subprocess

import ivrs
import packages
from disks import KINDS, block_devices, kinds_of
from workdir import CannotRun, HERE, output

SOURCES = os.path.join(HERE, 'guest')
WRAPPER = os.path.join(os.path.dirname(os.path.dirname(HERE)),
                       'build', 'makedumpfile-amdiommu')
PROGRAM_PATH = '/usr/sbin:/usr/bin:/sbin:/bin'
APPLETS = ('sh [ cat cut dmesg echo grep insmod ip mkdir mount poweroff sed '
           'sleep sync taskset uname wc').split()
MODULES = [*'virtio_net e1000 e1000e igb igbvf 8139cp 8139too vmxnet3'.split(),
           *dict.fromkeys(m for disk in KINDS.values() for m in disk.modules)]
NIC_MODULES = {'virtio-net-pci': ('virtio_pci', 'virtio_net'),
               'rtl8139': ('8139cp', '8139too')}
SOUND_MODULES = ('snd_hda_codec_generic', 'snd_hda_intel')
VFIO_MODULES = ('vfio_iommu_type1', 'vfio_pci')
# Drivers that wait for an answer of their device when they are loaded.
PROBES = ('nvme', 'virtio_blk')


class Initrd:
    """A cpio archive in "newc" format, as the kernel unpacks it."""

    def __init__(self):
        self.parts = []
        self.names = set()

    def _entry(self, name, mode, data):
        self.names.add(name)
        fields = (len(self.names), mode, 0, 0, 1, 0, len(data),
                  0, 0, 0, 0, len(name) + 1, 0)
        head = b'070701' + b''.join(b'%08X' % x for x in fields)
        head += name.encode() + b'\0'
        self.parts += [head + bytes(-len(head) % 4),
                       data + bytes(-len(data) % 4)]

    def _parents(self, name):
        folder = os.path.dirname(name)
        if folder and folder not in self.names:
            self._parents(folder)
            self._entry(folder, 0o40755, b'')

    def file(self, name, data, mode=0o755):
        if name not in self.names:
            self._parents(name)
            self._entry(name, 0o100000 | mode, data)

    def link(self, name, target):
        self._parents(name)
        self._entry(name, 0o120777, target.encode())

    def copy(self, name, source):
        with open(source, 'rb') as f:
            self.file(name, f.read())

    def program(self, name, target=None):
        """A program of this machine, or a file, with its libraries."""
        source = shutil.which(name, path=PROGRAM_PATH)
        if not source:
            raise CannotRun(f'no program {name}')
        self.copy(target or 'bin/' + os.path.basename(name), source)
        listed = subprocess.run(['ldd', source], text=True, check=False,
                                stdout=subprocess.PIPE, timeout=60,
                                stderr=subprocess.DEVNULL).stdout
        for library in re.findall(r'(/\S+) \(0x', listed):
            self.copy(library.lstrip('/'), library)

    def archive(self):
        self._entry('TRAILER!!!', 0, b'')
        return b''.join(self.parts)

    def write(self, name, before=b''):
        """`before`: archive that is not compressed, in front of this one"""
        with open(name, 'wb') as f:
            f.write(before + bytes(-len(before) % 512))
            with gzip.open(f, 'wb', compresslevel=1) as packed:
                packed.write(self.archive())


def firmware(scenario):
    """Archive of ACPI tables that the kernel is to take in QEMU's place"""
    if not scenario.v2:
        return b''
    found = Initrd()
    found.file(ivrs.NAME, ivrs.table(scenario.v2), 0o644)
    return found.archive()


def build_helper(name):
    """The program NAME.c, without libraries"""
    output(['gcc', '-std=gnu11', '-D_GNU_SOURCE', '-O2', '-static', '-o', name,
            os.path.join(SOURCES, os.path.basename(name) + '.c')])


def build_planted(folder, kernel):
    """A module with a bug on purpose. Returns its path."""
    build = folder + '/planted'
    os.makedirs(build)
    shutil.copy(SOURCES + '/planted.c', build)
    with open(build + '/Makefile', 'w') as f:
        f.write('obj-m := planted.o\n')
    output(['make', '-C', packages.headers(kernel), 'M=' + build, 'CC=gcc',
            'modules'], timeout=600, stderr=subprocess.DEVNULL)
    return build + '/planted.ko'


def decompress(name):
    """Content of a module file"""
    if name.endswith('.zst'):
        return subprocess.run(['zstd', '-dcq', name], check=True, timeout=60,
                              stdout=subprocess.PIPE).stdout
    opener = {'.xz': lzma.open, '.gz': gzip.open}.get(
        os.path.splitext(name)[1], open)
    with opener(name, 'rb') as f:
        return f.read()


def module_name(file):
    base = os.path.basename(file).split('.ko')[0]
    return base.replace('-', '_')


def module_table(folder):
    """{module: its files in the order in which they must be loaded}"""
    found = {}
    with open(folder + '/modules.dep') as f:
        for line in f:
            file, needs = line.split(':', 1)
            found[module_name(file)] = needs.split()[::-1] + [file]
    return found


def add_modules(initrd, kernel, more=()):
    if not kernel.modules:
        return
    files = module_table(kernel.modules)
    for module in dict.fromkeys([*MODULES, *more]):
        names = []
        for file in files.get(module, ()):
            name = f'lib/{module_name(file)}.ko'
            if name not in initrd.names:
                initrd.file(name, decompress(f'{kernel.modules}/{file}'))
            names.append(f'/{name}\n')
        if names:
            initrd.file('modules/' + module, ''.join(names).encode())


def base_initrd(kernel, helper, more=()):
    """What both the crashing and the capture kernel need."""
    initrd = Initrd()
    initrd.file('dev/.here', b'')
    initrd.program('busybox')
    for applet in APPLETS:
        initrd.link('bin/' + applet, 'busybox')
    initrd.copy('bin/labtool', helper)
    initrd.copy('init', SOURCES + '/init.sh')
    initrd.copy('capture.sh', SOURCES + '/capture.sh')
    add_modules(initrd, kernel, more)
    return initrd


def add_filter(initrd):
    """The wrapper, and around makedumpfile a script that marks its start and
    its end on the console."""
    initrd.program(WRAPPER)
    initrd.program('makedumpfile', 'real/makedumpfile')
    initrd.copy('bin/makedumpfile', SOURCES + '/makedumpfile.sh')


def build_initrd(folder, scenario, kernel, capture=None):
    """Path of the initrd; `capture` is the kernel that writes the dump."""
    helper = folder + '/labtool'
    build_helper(helper)
    initrd = base_initrd(kernel, helper, modules_for(scenario))
    if scenario.sound or scenario.vfio:
        build_helper(folder + '/devtool')
        initrd.copy('bin/devtool', folder + '/devtool')
    if scenario.planted:
        initrd.copy('planted.ko', build_planted(folder, kernel))
    if capture:
        inner = base_initrd(capture, helper)
        if scenario.marks:
            add_filter(inner)
        else:
            inner.program('makedumpfile')
        inner.write(folder + '/capture.initrd')
        initrd.program('kexec')
        initrd.copy('capture.initrd', folder + '/capture.initrd')
        initrd.copy('capture.vmlinuz', capture.image)
    name = folder + '/initrd'
    initrd.write(name, firmware(scenario))
    return name


def modules_for(scenario):
    """Modules that the crashing kernel loads, without duplicates."""
    wanted = list(SOUND_MODULES) if scenario.sound else []
    if scenario.vfio:
        wanted += VFIO_MODULES
    elif scenario.net:
        nic = scenario.nic.split(',')[0]
        wanted += NIC_MODULES.get(nic, (nic,))
    if scenario.io:
        for kind in kinds_of(scenario):
            wanted += KINDS[kind].modules
    return list(dict.fromkeys(wanted))


def output_disk(scenario):
    """The virtio disk that takes the dump comes after the one that is read."""
    if scenario.stop != 'kdump':
        return 'none'
    return 'vdb' if 'virtio' in scenario.disks else 'vda'


def command_line(scenario):
    """The crashing kernel's command line; init.sh reads the lab.* words."""
    crashkernel = '384M' if scenario.stop == 'kdump' else '32M'
    settings = {
        'stop': scenario.stop,
        'modules': ','.join(modules_for(scenario)),
        'net': int(scenario.net and not scenario.vfio),
        'io': scenario.io,
        'disks': ','.join(block_devices(scenario)),
        'readers': scenario.readers,
        'read_size': scenario.read_size,
        'pending': scenario.pending,
        'pending_wait': scenario.pending_wait,
        'out': output_disk(scenario),
    }
    if scenario.planted:
        settings['planted'] = scenario.planted
    for name in ('sound', 'vfs', 'vfio'):
        if getattr(scenario, name):
            settings[name] = getattr(scenario, name)
    if scenario.hotplug:
        settings['hotplug'] = scenario.hotplug
        settings['online'] = scenario.online
    # A busy host misses the ticks by which a kernel tests its timer.
    words = ['console=ttyS0', 'panic=0', 'nowatchdog', 'no_timer_check',
             f'crashkernel={crashkernel}']
    if scenario.v2:
        settings['background'] = ','.join(PROBES)
        words.append('amd_iommu=pgtbl_v2')
    if scenario.grouptype:
        settings['grouptype'] = scenario.grouptype
    if scenario.stop == 'kdump':
        settings['level'] = scenario.level
        settings['capture_modules'] = ','.join(KINDS['virtio'].modules)
        if scenario.marks:
            settings['marks'] = scenario.marks
        if scenario.capture_cmdline:
            settings['capture_cmdline'] = scenario.capture_cmdline
    words += [f'lab.{key}={value}' for key, value in settings.items()]
    return ' '.join(words + scenario.cmdline.split())
