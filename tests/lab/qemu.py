# SPDX-License-Identifier: GPL-2.0-or-later
"""A virtual machine with an AMD IOMMU: start, console, monitor, freezing."""
import glob
import json
import os
import re
import select
import shutil
import signal
import socket
import subprocess
import threading
import time

from disks import KINDS, kinds_of
from guest import command_line
from memory import MEBIBYTE, Ram
from workdir import Failed, lock, output, path

DISK_BYTES = 64 * MEBIBYTE
SECTOR = 512
OUTPUT_BYTES = 4 << 30
# It plays to nobody and records silence.
SOUND = ['-audiodev', 'none,id=snd', '-device', 'intel-hda,id=hda',
         '-device', 'hda-duplex,audiodev=snd,bus=hda.0']
TRACE_EVENTS = ('amdvi_translation_result', 'amdvi_pages_inval',
                'amdvi_devtab_inval', 'amdvi_all_inval', 'amdvi_iotlb_inval',
                'amdvi_iotlb_reset', 'amdvi_page_fault', 'amdvi_err',
                'pci_nvme_rw_complete_cb', 'virtio_blk_req_complete')


# --- what feeds the devices --------------------------------------------------

def sector(letter, number):
    text = b'LABDISK%s%012d' % (letter.encode(), number)
    return (text * (SECTOR // len(text) + 1))[:SECTOR]


def disk_image(letter):
    """Each sector says which disk and which sector it is."""
    name = path('disks', letter + '.img')
    with lock('disks'):
        if not os.path.exists(name):
            os.makedirs(path('disks'), exist_ok=True)
            with open(name + '.part', 'wb') as f:
                for number in range(DISK_BYTES // SECTOR):
                    f.write(sector(letter, number))
            os.rename(name + '.part', name)
    return name


class Flood(threading.Thread):
    """Broadcast frames with a counter, as datagrams to QEMU's NIC."""

    HEADER = b'\xff' * 6 + b'\x02\0\0\0\0\x01' + b'\x88\xb5'

    def __init__(self, port, rate):
        super().__init__(daemon=True)
        self.port = port
        self.rate = rate
        self.sent = 0
        self.paused = False
        self.ended = threading.Event()

    def run(self):
        out = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        while not self.ended.wait(1 / self.rate):
            if self.paused:
                continue
            frame = self.HEADER + b'DMAFLOOD%08d' % self.sent
            try:
                out.sendto(frame + os.urandom(1400), ('127.0.0.1', self.port))
            except OSError:
                pass
            self.sent += 1


def free_ports(count):
    """UDP ports on the loopback interface that nobody uses now"""
    sockets = [socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
               for _ in range(count)]
    for s in sockets:
        s.bind(('127.0.0.1', 0))
    ports = [s.getsockname()[1] for s in sockets]
    for s in sockets:
        s.close()
    return ports


# --- monitor and console -----------------------------------------------------

class Monitor:
    """QMP, used for what only QEMU knows: registers and the PCI bus."""

    def __init__(self, name, seconds=20):
        end = time.monotonic() + seconds
        self.socket = socket.socket(socket.AF_UNIX)
        while True:
            try:
                self.socket.connect(name)
                break
            except OSError:
                if time.monotonic() > end:
                    raise Failed('no QEMU monitor') from None
                time.sleep(0.05)
        self.socket.settimeout(60)
        self.file = self.socket.makefile('rw')
        self.file.readline()
        self.command('qmp_capabilities')

    def command(self, name, **arguments):
        request = {'execute': name, 'arguments': arguments}
        self.file.write(json.dumps(request) + '\n')
        self.file.flush()
        while True:
            line = self.file.readline()
            if not line:
                raise Failed('QEMU closed its monitor')
            answer = json.loads(line)
            if 'error' in answer:
                raise Failed(f'QEMU: {answer["error"]["desc"]}')
            if 'return' in answer:
                return answer['return']

    def human(self, line):
        return self.command('human-monitor-command',
                            **{'command-line': line}).replace('\r', '')

    def physical(self, address, count):
        """64-bit values at a physical address, also registers"""
        shown = self.human(f'xp /{count}gx 0x{address:x}')
        return [int(x, 16) for x in re.findall(r' 0x([0-9a-f]{16})', shown)]

    def pci(self):
        """{device ID: class and vendor:device}"""
        found = {}
        shape = (r'Bus +(\d+), device +(\d+), function (\d+):\s*\n'
                 r'\s+(.*?)\s*\n')
        for match in re.finditer(shape, self.human('info pci')):
            bus, device, function = (int(match[i]) for i in (1, 2, 3))
            found[bus << 8 | device << 3 | function] = match[4]
        return found


class Console:
    """The guest's serial port, line by line, with a log."""

    def __init__(self, stream, name):
        self.stream = stream
        self.log = open(name, 'w')
        self.start = time.monotonic()
        self.waiting = b''
        self.lines = []

    def seconds(self):
        return round(time.monotonic() - self.start, 3)

    def line(self, end):
        while b'\n' not in self.waiting:
            left = end - time.monotonic()
            if left <= 0:
                return None
            if not select.select([self.stream], [], [], left)[0]:
                continue
            data = os.read(self.stream.fileno(), 65536)
            if not data:
                raise Failed('QEMU ended; see console.log and qemu.log')
            self.waiting += data
        raw, self.waiting = self.waiting.split(b'\n', 1)
        text = raw.decode('latin1').rstrip('\r')
        self.log.write(f'{self.seconds():8.3f} {text}\n')
        self.log.flush()
        self.lines.append(text)
        return text

    def until(self, *patterns, seconds):
        """The first of `patterns` that a line holds"""
        end = time.monotonic() + seconds
        while True:
            line = self.line(end)
            if line is None:
                raise Failed(f'guest: no line with {" or ".join(patterns)} '
                             f'in {seconds:.0f} s; see console.log')
            for pattern in patterns:
                if pattern in line:
                    return pattern

    def close(self):
        self.log.close()


# --- the machine -------------------------------------------------------------

def iommu_device(version, cmdline):
    """From QEMU 9 on, pass-through mode switches the translation of its AMD
    IOMMU off, and interrupt remapping does not work without KVM."""
    remap = version < (9, 0) and 'intremap=off' not in cmdline
    return f'amd-iommu,pt=off,intremap={"on" if remap else "off"}'


def iommu_arguments(scenario, version):
    if scenario.iommu == 'none':
        return []
    if scenario.iommu == 'intel':
        return ['-device', 'intel-iommu,intremap=off']
    return ['-device', iommu_device(version, scenario.cmdline)]


def virtio_options(device, packed=0, platform=1):
    """Only with iommu_platform=on a virtio device goes through the IOMMU."""
    if not device.startswith('virtio'):
        return device
    return device + (',disable-legacy=on,iommu_platform='
                     f'{"on" if platform else "off"}'
                     f'{",packed=on" if packed else ""}')


def disk_arguments(scenario):
    found = []
    for kind in kinds_of(scenario):
        disk = KINDS[kind]
        letter = disk.letter
        found += ['-drive', f'file={disk_image(letter)},id=d{letter},if=none,'
                  'format=raw,snapshot=on,'
                  f'throttling.bps-read={scenario.read_rate}']
        for device in disk.devices:
            found += ['-device', virtio_options(device, scenario.packed,
                                                scenario.platform)]
    return found


def memory_argument(scenario):
    """In MiB; with room where memory is to be plugged in."""
    if not scenario.hotplug:
        return str(scenario.memory)
    most = scenario.memory + scenario.hotplug
    return f'{scenario.memory}M,slots=1,maxmem={most}M'


class Snapshot:
    """Memory at one moment, and how far trace and flood had come."""

    def __init__(self, ram, trace_bytes, frames):
        self.ram = ram
        self.trace_bytes = trace_bytes
        self.frames = frames


class Vm:
    """Runs inside `with`; the process ends with the block, or with us."""

    def __init__(self, scenario, qemu, folder, out):
        self.scenario = scenario
        self.qemu = qemu
        self.folder = folder
        self.ram = folder + '/ram'
        self.plugged = None     # address and size of memory added
        self.trace = folder + '/trace'
        self.output_image = folder + '/output.img'
        self.ports = free_ports(2)
        self.flood = Flood(self.ports[0], scenario.flood)
        self.times = {}
        self.console_log = out + '/console.log'
        self.qemu_log = out + '/qemu.log'

    def arguments(self, kernel, initrd):
        s = self.scenario
        events = self.folder + '/events'
        known = set(output([*self.qemu.command, '-trace', 'help'],
                           env=self.environment()).split())
        with open(events, 'w') as f:
            f.writelines(e + '\n' for e in TRACE_EVENTS if e in known)
        nic = virtio_options(f'{s.nic},netdev=net,romfile=', s.packed,
                             s.platform)
        if s.bridge:        # the NIC comes later, see connect()
            nic = 'pcie-pci-bridge,id=bridge'
        found = [
            *self.qemu.command, '-nodefaults', '-display', 'none',
            '-no-reboot', '-serial', 'stdio',
            '-machine', 'q35,kernel-irqchip=split,memory-backend=ram',
            '-accel', 'tcg,thread=multi', '-cpu', 'max',
            '-smp', str(s.cpus), '-m', memory_argument(s),
            '-object', f'memory-backend-file,id=ram,size={s.memory}M,'
            f'mem-path={self.ram},share=on',
            *iommu_arguments(s, self.qemu.version),
            '-qmp', f'unix:{self.folder}/qmp,server=on,wait=off',
            '-trace', f'events={events}', '-D', self.trace,
            *disk_arguments(s),
            '-netdev', f'socket,id=net,udp=127.0.0.1:{self.ports[1]},'
            f'localaddr=127.0.0.1:{self.ports[0]}', '-device', nic,
        ]
        if s.planted:
            found += ['-device', 'edu']
        if s.sound:
            found += SOUND
        if s.stop == 'kdump':
            with open(self.output_image, 'wb') as f:
                f.truncate(OUTPUT_BYTES)
            found += ['-drive', f'file={self.output_image},id=out,if=none,'
                      'format=raw',
                      '-device', virtio_options('virtio-blk-pci,drive=out')]
        return found + ['-kernel', kernel.image, '-initrd', initrd,
                        '-append', command_line(s)]

    def environment(self):
        return dict(os.environ, **self.qemu.environment)

    def start(self, kernel, initrd):
        command = ['setpriv', '--pdeathsig', 'KILL',
                   *self.arguments(kernel, initrd)]
        open(self.trace, 'w').close()
        with open(self.qemu_log, 'w') as log:
            self.process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                stderr=log, cwd=self.folder, env=self.environment(),
                bufsize=0)
        self.console = Console(self.process.stdout, self.console_log)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.flood.ended.set()
        process = getattr(self, 'process', None)
        if process:
            process.kill()      # also ends a stopped process
            process.wait()
            self.console.close()

    def mark(self, name):
        self.times[name] = self.console.seconds()

    def until(self, *patterns, name=None):
        found = self.console.until(*patterns, seconds=self.scenario.timeout)
        if name:
            self.mark(name)
        return found

    def connect(self):
        self.monitor = Monitor(self.folder + '/qmp')
        if self.scenario.bridge:
            # QEMU 7.2 takes the bus number as it is when the device is
            # made: 0, before the firmware has numbered the bus.
            self.monitor.command(
                'device_add', driver=self.scenario.nic, netdev='net',
                bus='bridge', addr='1', romfile='')
        if self.scenario.net and self.scenario.flood:
            self.flood.start()

    def plug_memory(self):
        """A DIMM is added while the guest runs."""
        size = self.scenario.hotplug * MEBIBYTE
        self.monitor.command(
            'object-add', **{'qom-type': 'memory-backend-file', 'id': 'dimm',
                             'size': size, 'mem-path': self.ram + '.dimm',
                             'share': True})
        self.monitor.command('device_add', driver='pc-dimm', id='slot',
                             memdev='dimm')
        found = self.monitor.command('query-memory-devices')
        self.plugged = found[0]['data']['addr'], size

    def freeze(self):
        """Stop CPUs, devices and transfers at one moment, from outside.

        QEMU's own stop command lets disk requests in flight finish first: it
        would write the very data whose late arrival is to be seen.
        """
        pid = self.process.pid
        os.kill(pid, signal.SIGSTOP)
        end = time.monotonic() + 5
        while not all_stopped(pid):
            if time.monotonic() > end:
                raise Failed('QEMU cannot be stopped')
            time.sleep(0.0005)
        self.flood.paused = True

    def resume(self):
        if self.scenario.flood_after:
            self.flood.rate = self.scenario.flood_after
        self.flood.paused = False
        os.kill(self.process.pid, signal.SIGCONT)

    def snapshot(self, name):
        """Freeze, copy the memory, run on."""
        self.mark(name + '_seen')
        self.freeze()
        self.mark(name + '_frozen')
        copy = f'{self.folder}/snapshot-{name}'
        output(['cp', '--sparse=always', self.ram, copy])
        if self.plugged:
            append(self.ram + '.dimm', copy)
        found = Snapshot(Ram(copy, self.plugged), os.path.getsize(self.trace),
                         self.flood.sent)
        self.resume()
        self.mark(name + '_resumed')
        return found


def append(name, to):
    with open(name, 'rb') as source, open(to, 'ab') as target:
        shutil.copyfileobj(source, target, MEBIBYTE)


def all_stopped(pid):
    for name in glob.glob(f'/proc/{pid}/task/*/stat'):
        try:
            with open(name) as f:
                state = f.read().rsplit(')', 1)[1].split()[0]
        except OSError:
            continue        # the thread has ended
        if state not in 'TtZ':
            return False
    return True
