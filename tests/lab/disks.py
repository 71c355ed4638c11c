# SPDX-License-Identifier: GPL-2.0-or-later
"""Kinds of disks: how QEMU attaches them, and which modules the guest needs."""
import dataclasses


@dataclasses.dataclass(frozen=True)
class Disk:
    """One kind of disk, behind a controller of its own."""
    letter: str             # in each of its sectors
    controller: str         # vendor:device, as QEMU's monitor has it
    modules: tuple
    devices: tuple          # QEMU's options
    name: str = 'sd'        # of the block device in the guest


def scsi(letter, controller, module, device):
    """A disk on a SCSI host adapter"""
    return Disk(letter, controller, (module, 'sd_mod'),
                (f'{device},id=h{letter}',
                 f'scsi-hd,drive=d{letter},bus=h{letter}.0'))


KINDS = {
    'nvme': Disk('N', '1b36:0010', ('nvme',), ('nvme,drive=dN,serial=lab',),
                 'nvme'),
    'virtio': Disk('V', '1af4:1042', ('virtio_pci', 'virtio_blk'),
                   ('virtio-blk-pci,drive=dV',), 'vd'),
    'sata': Disk('S', '8086:2922', ('ahci', 'sd_mod'),
                 ('ide-hd,drive=dS,bus=ide.0',)),
    # Two makes of controller, so that each has a role of its own. Only
    # qemu-xhci has streams, and uas wants them.
    'usb': Disk('U', '1033:0194', ('xhci_pci', 'usb_storage', 'sd_mod'),
                ('nec-usb-xhci,id=hU', 'usb-storage,drive=dU,bus=hU.0')),
    'uas': Disk('A', '1b36:000d', ('xhci_pci', 'uas', 'sd_mod'),
                ('qemu-xhci,id=hA', 'usb-uas,id=uA,bus=hA.0',
                 'scsi-hd,drive=dA,bus=uA.0')),
    'megasas': scsi('M', '1000:0060', 'megaraid_sas', 'megasas'),
    'mptsas': scsi('T', '1000:0054', 'mptsas', 'mptsas1068'),
    'pvscsi': scsi('P', '15ad:07c0', 'vmw_pvscsi', 'pvscsi'),
    'sym': scsi('L', '1000:0012', 'sym53c8xx', 'lsi53c895a'),
    'esp': scsi('E', '1022:2020', 'am53c974', 'am53c974'),
}
OF_LETTER = {disk.letter: kind for kind, disk in KINDS.items()}


def kinds_of(scenario):
    return scenario.disks.split(',')


def role_of(text):
    """The kind of disk that this line of QEMU's list of devices is for"""
    for kind, disk in KINDS.items():
        if disk.controller in text:
            return kind
    return None


def block_devices(scenario):
    """Names in the guest, of the disks that are read"""
    plain = {'nvme': 'nvme0n1', 'vd': 'vda'}
    names = [KINDS[kind].name for kind in kinds_of(scenario)]
    found = [plain[name] for name in names if name in plain]
    return found + ['sd' + 'abcdefgh'[n] for n in range(names.count('sd'))]
