# SPDX-License-Identifier: GPL-2.0-or-later
"""Guest memory in a file: reading, comparing, writing it as a vmcore."""
import mmap
import os
import struct

PAGE = 4096
MEBIBYTE = 1 << 20
FOUR_GIB = 1 << 32
# QEMU's q35 puts memory above this size partly behind 4 GiB.
LOW_LIMIT = 0xb0000000
LOW_SPLIT = 0x80000000


def runs(numbers):
    """Sorted [first, count] ranges of a set of numbers"""
    found = []
    for number in sorted(numbers):
        if found and sum(found[-1]) == number:
            found[-1][1] += 1
        else:
            found.append([number, 1])
    return found


def members(ranges):
    """The set that `ranges` of [first, count] stand for"""
    return {first + i for first, count in ranges for i in range(count)}


class Ram:
    """Guest physical memory, held in a flat file. `plugged`: the physical
    address and size of memory that was added, which ends the file."""

    def __init__(self, name, plugged=None):
        self.name = name
        self.size = os.path.getsize(name)
        self.plugged = plugged
        self.boot = self.size - (plugged[1] if plugged else 0)
        self.low = self.boot if self.boot < LOW_LIMIT else LOW_SPLIT
        with open(name, 'rb') as f:
            self.bytes = mmap.mmap(f.fileno(), self.size, prot=mmap.PROT_READ,
                                   flags=mmap.MAP_SHARED)

    def segments(self):
        """(physical address, offset in the file, bytes) of each part"""
        parts = [(0, 0, self.low)]
        if self.boot > self.low:
            parts.append((FOUR_GIB, self.low, self.boot - self.low))
        if self.plugged:
            parts.append((self.plugged[0], self.boot, self.plugged[1]))
        return parts

    def pfn_ranges(self):
        return [[phys // PAGE, size // PAGE]
                for phys, _, size in self.segments()]

    def read(self, phys, size):
        """None when there is no such memory"""
        for start, offset, length in self.segments():
            if start <= phys and phys + size <= start + length:
                at = offset + phys - start
                return self.bytes[at:at + size]
        return None

    def page(self, pfn):
        return self.read(pfn * PAGE, PAGE)

    def changed(self, later):
        """Page frames whose content differs in `later`"""
        found = []
        for phys, offset, size in self.segments():
            for block in range(offset, offset + size, MEBIBYTE):
                a = self.bytes[block:block + MEBIBYTE]
                b = later.bytes[block:block + MEBIBYTE]
                if a != b:
                    first = (phys + block - offset) // PAGE
                    found += [first + i for i in range(MEBIBYTE // PAGE)
                              if a[i * PAGE:(i + 1) * PAGE] !=
                              b[i * PAGE:(i + 1) * PAGE]]
        return found


def note_at(ram, phys):
    """One ELF note that the kernel keeps in memory, b'' if it is empty"""
    head = ram.read(phys, 12)
    if head is None:
        return b''
    name_size, data_size, _ = struct.unpack('<3I', head)
    if not name_size or name_size > PAGE or data_size > PAGE:
        return b''
    size = 12 + (name_size + 3) // 4 * 4 + (data_size + 3) // 4 * 4
    return ram.read(phys, size) or b''


def program_header(kind, offset, phys, size):
    flags = 7 if kind == 1 else 0
    return struct.pack('<2I6Q', kind, flags, offset, 0, phys, size, size, 0)


def write_vmcore(name, ram, notes):
    """An ELF vmcore as /proc/vmcore has it: headers first, then the notes,
    then memory. makedumpfile reads only this order."""
    segments = ram.segments()
    count = 1 + len(segments)
    notes_at = 64 + 56 * count
    data_at = (notes_at + len(notes) + PAGE - 1) // PAGE * PAGE
    identity = b'\x7fELF\x02\x01\x01' + bytes(9)
    head = identity + struct.pack('<2HI3QI6H', 4, 62, 1, 0, 64, 0, 0,
                                  64, 56, count, 0, 0, 0)
    head += program_header(4, notes_at, 0, len(notes))
    for phys, offset, size in segments:
        head += program_header(1, data_at + offset, phys, size)
    with open(name, 'wb') as f:
        f.write(head + notes)
        f.truncate(data_at + ram.size)
        for offset in range(0, ram.size, MEBIBYTE):
            block = ram.bytes[offset:offset + MEBIBYTE]
            if block.count(0) != len(block):
                f.seek(data_at + offset)
                f.write(block)
