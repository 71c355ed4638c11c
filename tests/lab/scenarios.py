# SPDX-License-Identifier: GPL-2.0-or-later
"""What is run: one Scenario per name."""
import dataclasses

from workdir import Failed


@dataclasses.dataclass(frozen=True)
class Scenario:
    """How a guest is built, loaded, crashed and watched."""
    kernel: str = '6.1'             # series
    stop: str = 'halt'              # halt: one-page capture kernel; kdump
    capture: str = ''               # kdump: other series as capture kernel
    cmdline: str = ''
    memory: int = 1024              # MiB
    hotplug: int = 0                # kdump: MiB added after kexec -p
    online: str = 'online'          # or online_movable: programs' memory only
    cpus: int = 2
    nic: str = 'e1000e'             # QEMU's name
    bridge: int = 0                 # 1: the NIC is behind a bridge to PCI
    packed: int = 0                 # 1: packed virtqueues
    platform: int = 1               # 0: virtio devices bypass the IOMMU
    disks: str = 'nvme,virtio'      # of disks.py
    net: int = 1                    # 0: the NIC gets no driver, no frames
    io: int = 1                     # 0: the disks get no driver, no reads
    flood: float = 400              # frames per second
    flood_after: float = 0          # after the stop; 0: unchanged
    readers: int = 4                # reads in flight on each disk
    read_size: int = 131072         # bytes
    read_rate: int = 400000         # bytes per second that a disk delivers
    watch: float = 6                # seconds of DMA after the stop
    grouptype: str = ''             # written to iommu_groups/*/type
    pending: int = 0                # commands left in the ring, see README
    pending_wait: float = 12        # seconds to wait for them
    planted: str = ''               # freed, correct: a test driver's transfer
    sound: int = 0                  # 1: a sound card plays and records
    vfs: int = 0                    # virtual functions of the NIC, driver igbvf
    vfio: int = 0                   # 1: a program drives the NIC, an e1000
    events: int = 0                 # 1: entries in the event log
    level: int = 31                 # makedumpfile -d
    lossy: int = 0                  # 1: that drops pages of the kernel, too
    capture_cmdline: str = ''       # commas for spaces
    marks: str = ''                 # kdump with our filter: file or stream
    v2: int = 0                     # levels of guest page tables: 4 or 5
    iommu: str = 'amd'              # or intel, none
    qemu: int = 0                   # major version at least
    timeout: float = 240            # seconds for each step of the guest


def full_level(series):
    """The makedumpfile level that keeps all of the kernel's own pages.

    Releases up to 1.7.8 take tail pages of slabs of recent kernels for user
    memory (8).
    """
    recent = [int(x) for x in series.split('.')] >= [6, 12]
    return 23 if recent else 31


def table():
    pending = dict(cpus=3, disks='nvme', read_rate=100000, flood=6,
                   flood_after=400, watch=9)
    made = {}

    def add(name, **settings):
        made[name] = Scenario(**{'kernel': name.split('-')[0], **settings})

    for series in '5.10 6.1 6.12 6.16 6.17 6.18 7.2 7.3'.split():
        add(f'{series}-both')
        add(f'{series}-pt', cmdline='iommu=pt')
        # The flush timer of 5.10 would keep the counting CPU waiting.
        strict = ' amd_iommu=fullflush' if series == '5.10' else ''
        add(f'{series}-pending8', pending=8,
            cmdline='iomem=relaxed' + strict, **pending)
        add(f'{series}-pending60', pending=60,
            cmdline='iomem=relaxed' + strict, **pending)
        # Enough to have IOVAs used again: pages that are in no table any more.
        add(f'{series}-pending150', pending=150, pending_wait=60,
            cmdline='iomem=relaxed', **pending)
        add(f'{series}-kdump', stop='kdump', level=full_level(series))
        if series != '5.10':        # lazy by default there
            add(f'{series}-fq', grouptype='DMA-FQ')
    # The archive has no modules of these any more: structures, but no DMA.
    for series in '6.19 7.0 7.1'.split():
        add(f'{series}-none', io=0, net=0, watch=2)
    for nic in ('e1000', 'rtl8139', 'vmxnet3'):
        for series in ('6.1', '7.3'):
            add(f'{series}-{nic}', nic=nic)
            add(f'{series}-{nic}-pt', nic=nic, cmdline='iommu=pt')
    # Host adapters of SCSI and SAS, and USB; all disks that QEMU has.
    for series in ('6.1', '7.3'):
        for mode, cmdline in (('', ''), ('-pt', 'iommu=pt')):
            add(f'{series}-usb{mode}', disks='usb,uas', cmdline=cmdline)
            add(f'{series}-sas{mode}', disks='megasas,mptsas',
                cmdline=cmdline)
            add(f'{series}-scsi{mode}', disks='sym,esp', cmdline=cmdline)
            add(f'{series}-hda{mode}', sound=1, disks='nvme', cmdline=cmdline)
            add(f'{series}-igbvf{mode}', nic='igb', vfs=2, qemu=8,
                disks='nvme', cmdline=cmdline)
            add(f'{series}-vfio{mode}', nic='e1000', vfio=1, disks='nvme',
                cmdline=cmdline)
        # QEMU's device takes addresses of its rings for physical ones.
        add(f'{series}-pvscsi-pt', disks='pvscsi', cmdline='iommu=pt')
    for series in '5.10 6.1 6.12 7.3'.split():
        for mode, cmdline in (('', ''), ('-pt', 'iommu=pt')):
            add(f'{series}-sata-igb{mode}', nic='igb', qemu=8, disks='sata',
                cmdline=cmdline)
            add(f'{series}-virtio-net{mode}', nic='virtio-net-pci',
                cmdline=cmdline)
        if series == '5.10':
            continue    # swiotlb=force would take the IOMMU's place
        # Every transfer goes through a bounce buffer.
        add(f'{series}-swiotlb', disks='nvme,sata',
            cmdline='iommu=pt swiotlb=force')
        add(f'{series}-packed', nic='virtio-net-pci', disks='virtio', packed=1)
    for series in ('6.1', '7.3'):
        add(f'{series}-igb', nic='igb', qemu=8)
        # Requests carry the ID of the bridge's secondary bus, an alias.
        add(f'{series}-bridge', nic='e1000', bridge=1)
        # The NIC's ring is not exhausted when the dump is written.
        add(f'{series}-kdump-slow', stop='kdump', flood=12,
            level=full_level(series))
    # QEMU's default: the device has page tables and does not use them.
    for series in '5.10 6.1 6.12 7.3'.split():
        add(f'{series}-bypass', platform=0)
        add(f'{series}-bypass-net', platform=0, nic='virtio-net-pci',
            disks='nvme')
        add(f'{series}-bypass-kdump', stop='kdump', platform=0,
            level=full_level(series))
    for series in ('6.12', '7.3'):
        add(f'{series}-bypass-d31', stop='kdump', platform=0, lossy=1)
    # PREEMPT_RT: interrupts are threads, spinlocks are mutexes.
    realtime = dict(kernel='6.12-rt')
    add('6.12-rt-both', **realtime)
    add('6.12-rt-bypass', platform=0, **realtime)
    add('6.12-rt-bypass-kdump', stop='kdump', platform=0,
        level=full_level('6.12'), **realtime)
    add('6.12-rt-bypass-d31', stop='kdump', platform=0, lossy=1, **realtime)
    # QEMU does not translate through guest tables: no frames, no reads, and
    # drivers that wait for their devices.
    guest = dict(v2=4, flood=0, readers=0, watch=2)
    for series in ('6.1', '6.12', '7.3'):
        add(f'{series}-v2', **guest)
    for series in ('6.12', '7.3'):
        add(f'{series}-v2-5level', **guest | {'v2': 5})
    # Without the queue in which the driver would wait for answers.
    control = 'vq rx rx_extra vlan mac_addr guest_offloads'.split()
    add('6.1-v2-virtio-net', **guest, nic='virtio-net-pci,guest_announce=off' +
        ''.join(f',ctrl_{name}=off' for name in control))
    add('5.10-strict', cmdline='amd_iommu=fullflush')
    add('6.1-fq-hot', grouptype='DMA-FQ', flood=4000, read_rate=40000000,
        read_size=16384)
    poison = dict(cmdline='page_poison=1', disks='nvme', watch=2)
    for planted in ('freed', 'correct'):
        add(f'6.1-planted-{planted}', planted=planted, disks='nvme', watch=2)
        add(f'6.1-poison-{planted}', planted=planted, **poison)
    # Entries in the event log, at the panic and by the capture kernel.
    add('6.1-events', events=1, io=0, net=0, watch=2)
    for series in ('6.1', '6.18', '7.3'):
        add(f'{series}-kdump-events', stop='kdump', events=1,
            level=full_level(series))
    add('6.1-sata', disks='sata')
    add('6.1-none', io=0, net=0, watch=2)
    # No AMD IOMMU at work: nothing restrains the devices, or tables that are
    # not read do.
    add('6.1-off', cmdline='amd_iommu=off')
    for series in ('6.1', '7.3'):
        add(f'{series}-no-iommu', iommu='none')
        add(f'{series}-intel', iommu='intel', cmdline='intel_iommu=on')
    add('6.1-no-iommu-sata-igb', iommu='none', disks='sata', nic='igb', qemu=8)
    add('6.1-no-iommu-virtio-net', iommu='none', nic='virtio-net-pci',
        disks='virtio')
    add('6.1-intel-pt', iommu='intel', cmdline='intel_iommu=on iommu=pt')
    add('6.1-intel-off', iommu='intel', cmdline='intel_iommu=off')
    add('6.1-4g', memory=4096)
    add('6.1-64g', memory=65536)        # 8 GB of disk while it runs
    add('6.1-kdump-pt', stop='kdump', cmdline='iommu=pt')
    # With interrupt remapping left on, 7.3 hangs at its first disk access.
    add('6.1-kdump-by-7.3', stop='kdump', capture='7.3',
        cmdline='intremap=off')
    add('7.3-kdump-by-6.1', stop='kdump', capture='6.1',
        level=full_level('7.3'))
    # Memory that comes once the capture kernel is loaded is in no ELF header.
    # For the kernel too, or for programs: then page tables are in the dump.
    # The capture kernel would take that memory for its own and write there.
    hotplug = dict(stop='kdump', hotplug=256,
                   capture_cmdline='acpi_no_memhotplug')
    for series in ('6.1', '7.3'):
        add(f'{series}-kdump-hotplug', level=full_level(series),
            online='online_movable', **hotplug)
    add('6.1-kdump-hotplug-kernel', **hotplug)
    for series in ('7.2', '7.3'):
        add(f'{series}-kdump-d31', stop='kdump', lossy=1)
    # The NIC has no driver in the capture kernel and goes on writing.
    for series in ('6.1', '7.3'):
        for marks in ('file', 'stream'):
            add(f'{series}-marks-{marks}', stop='kdump', marks=marks, flood=3,
                lossy=int(series != '6.1'))
    # The same where nothing restrains the devices.
    add('6.1-off-marks-file', stop='kdump', marks='file', flood=3,
        cmdline='amd_iommu=off', capture_cmdline='amd_iommu=off')
    return made


SCENARIOS = table()


def scenario(name, changes=()):
    """The scenario, with "key=value" changes applied. "6.1-both@10" is 6.1-both
    on QEMU 10 or newer, with results of its own."""
    plain, newer, version = name.partition('@')
    if plain not in SCENARIOS or newer and not version.isdigit():
        raise Failed(f'no scenario {name}; see lab.py list')
    base = SCENARIOS[plain]
    if newer:
        base = dataclasses.replace(base, qemu=int(version))
    kinds = {f.name: f.type for f in dataclasses.fields(Scenario)}
    values = {}
    for change in changes:
        key, equals, value = change.partition('=')
        if key not in kinds or not equals:
            raise Failed(f'no setting {change}; known: ' + ' '.join(kinds))
        try:
            values[key] = kinds[key](value)
        except ValueError:
            raise Failed(f'{change}: not of type {kinds[key].__name__}') \
                from None
    return dataclasses.replace(base, **values)
