# SPDX-License-Identifier: GPL-2.0-or-later
"""The peer of amdiommu's page-table walk, in drgn: which pages can each device
of a 6.1 kernel write? Run by drgn.py: drgn -c DUMP -s VMLINUX drgn_walk.py"""
import struct
import sys

from drgn.helpers.linux.list import list_for_each_entry
from drgn.helpers.linux.llist import llist_for_each_entry

PRESENT, READ, WRITE = 1, 1 << 61, 1 << 62
ADDRESS = 0x000ffffffffff000


def pages(entry, sized, shift):
    """Page frames of a leaf; the lowest zero of a sized one tells how many."""
    first = (entry & ADDRESS) >> 12
    if not sized:
        return range(first, first + (1 << shift - 12))
    count = 2 << (~first & first + 1).bit_length() - 1
    return range(first & -count, (first & -count) + count)


def walk(table, level, write, frames):
    """Writable page frames below a v1 table; how many entries were leaves."""
    leaves = 0
    shift = 12 + 9 * (level - 1)
    for entry in struct.unpack('<512Q', prog.read(table, 4096, True)):
        if not entry & PRESENT:
            continue
        below = entry >> 9 & 7
        allowed = write and bool(entry & WRITE)
        if 0 < below < 7:
            leaves += walk(entry & ADDRESS, below, allowed, frames)
            continue
        leaves += 1
        if allowed:
            frames.update(pages(entry, below == 7, shift))
    return leaves


def virt_to_phys(address):
    return address - prog['page_offset_base'].value_()


def main():
    seen, leaves = {}, 0
    for segment in list_for_each_entry('struct amd_iommu_pci_seg',
                                       prog['amd_iommu_pci_seg_list']
                                       .address_of_(), 'list'):
        for data in llist_for_each_entry(
                'struct iommu_dev_data',
                segment.dev_data_list.first, 'dev_data_list'):
            domain = data.domain
            if not domain or domain.value_() in seen:
                continue
            frames = seen[domain.value_()] = set()
            root = domain.iop.root.value_()
            if root:
                leaves += walk(virt_to_phys(root), domain.iop.mode.value_(),
                               True, frames)
    print(len(seen), 'domains,', leaves, 'entries,',
          sum(map(len, seen.values())), 'writable pages', file=sys.stderr)


main()
