# SPDX-License-Identifier: GPL-2.0-or-later
"""Which page frames a kdump-compressed file holds, from its bitmap alone."""
import struct

from workdir import Failed

BLOCK = 4096
SIGNATURE = b'KDUMP   '
SIZES_AT = 432      # sub_hdr_size, bitmap_blocks of struct disk_dump_header


class Bitmap:
    def __init__(self, name):
        with open(name, 'rb') as f:
            head = f.read(BLOCK)
            if head[:8] != SIGNATURE:
                raise Failed(f'{name} is not kdump-compressed')
            sub_blocks, blocks = struct.unpack_from('<iI', head, SIZES_AT)
            f.seek((1 + sub_blocks + blocks // 2) * BLOCK)
            self.bits = f.read(blocks // 2 * BLOCK)

    def __contains__(self, pfn):
        return bool(pfn // 8 < len(self.bits) and
                    self.bits[pfn // 8] >> pfn % 8 & 1)
