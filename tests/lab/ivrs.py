# SPDX-License-Identifier: GPL-2.0-or-later
"""An IVRS table that announces guest (v2) page tables.

QEMU's IOMMU does not translate through them, so its own table does not
announce them. A kernel takes a table of the same name and a higher revision
from an uncompressed archive in front of its initrd.
"""
import struct

from hardware import MMIO

NAME = 'kernel/firmware/acpi/ivrs.aml'
IOMMU = 0x0008          # 00:01.0, the first device on QEMU's command line
CAPABILITY = 0x40
LAST_DEVICE = 0x00ff    # all of bus 0
IOAPIC = 0x00a0
REVISION = 2            # QEMU's is 1
EFR_SUPPORTED = 1       # IVinfo
# What QEMU's own register says, but for the levels of guest tables.
FEATURES = 0x09d3
GIOSUP = 1 << 48
GATS = {4: 0, 5: 1 << 12}


def ivhd(levels):
    devices = struct.pack('<BHB', 3, 0, 0)              # a range from here
    devices += struct.pack('<BHB', 4, LAST_DEVICE, 0)   # to here
    devices += struct.pack('<BHBBHB', 0x48, 0, 0, 0, IOAPIC, 1)
    features = FEATURES | GIOSUP | GATS[levels]
    return struct.pack('<BBHHHQHHIQQ', 0x11, 0, 40 + len(devices), IOMMU,
                       CAPABILITY, MMIO, 0, 0, 0, features, 0) + devices


def table(levels):
    """The whole ACPI table; `levels` of guest tables, 4 or 5"""
    body = struct.pack('<IQ', EFR_SUPPORTED | 40 << 8, 0) + ivhd(levels)
    head = struct.pack('<4sIBB6s8sI4sI', b'IVRS', 36 + len(body), 2, 0,
                       b'BOCHS ', b'BXPC    ', REVISION, b'BXPC', 1)
    raw = bytearray(head + body)
    raw[9] = -sum(raw) & 0xff
    return bytes(raw)
