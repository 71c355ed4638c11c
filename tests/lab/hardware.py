# SPDX-License-Identifier: GPL-2.0-or-later
"""The IOMMU's state from its registers and memory alone.

No kernel structure is looked at, and nothing is shared with lib/amdvi: a
mistake there must not go unnoticed here. Formats: AMD I/O Virtualization
Technology (IOMMU) Specification, 48882.
"""
import base64
import collections
import re
import struct
import zlib

from memory import PAGE
from workdir import Failed

MMIO = 0xfed80000       # QEMU's
FIRST_REGISTERS = ('DevTabBase', 'CmdBufBase', 'EvtLogBase', 'Control',
                   'ExclBase', 'ExclLimit', 'ExtFeature', 'PprLogBase')
POINTER_REGISTERS = ('CmdHead', 'CmdTail', 'EvtHead', 'EvtTail', 'Status')
ADDRESS = 0x000ffffffffff000
DTE_BYTES = 32
ENTRY_BYTES = 16
READ, WRITE = 1, 2      # IR, IW: bits 61 and 62 of DTE and PTE
BDF = re.compile(r'(?:([0-9a-f]{4}):)?([0-9a-f]{2}):([0-9a-f]{2})\.([0-7])$')

# base: the page that a replicated entry's whole mapping starts at
Leaf = collections.namedtuple('Leaf', 'iova phys size permission base')


def bdf(devid):
    """Device ID as ssss:bb:dd.f; QEMU's machine has segment 0 only."""
    return f'0000:{devid >> 8:02x}:{devid >> 3 & 31:02x}.{devid & 7:x}'


def devid(text):
    _, bus, device, function = BDF.match(text).groups()
    return int(bus, 16) << 8 | int(device, 16) << 3 | int(function)


def read_registers(monitor):
    values = (monitor.physical(MMIO, len(FIRST_REGISTERS)) +
              monitor.physical(MMIO + 0x2000, len(POINTER_REGISTERS)))
    return dict(zip(FIRST_REGISTERS + POINTER_REGISTERS, map(hex, values)))


# --- device table and page tables --------------------------------------------

def gcr3_root(words):
    """Three pieces: bits 14:12, 30:15 and 51:31"""
    return ((words[0] >> 58 & 7) << 12 | (words[1] >> 16 & 0xffff) << 15 |
            (words[1] >> 43) << 31)


def decode_dte(raw):
    words = struct.unpack('<4Q', raw)
    return {
        'dte': [hex(word) for word in words],
        'V': words[0] & 1,
        'TV': words[0] >> 1 & 1,
        'mode': words[0] >> 9 & 7,
        'root': hex(words[0] & ADDRESS),
        'GV': words[0] >> 55 & 1,
        'GIoV': words[0] >> 54 & 1,
        'GLX': words[0] >> 56 & 3,
        'gcr3': hex(gcr3_root(words)),
        'guest_levels': 4 + (words[2] >> 54 & 3),
        'IR': words[0] >> 61 & 1,
        'IW': words[0] >> 62 & 1,
        'domid': words[1] & 0xffff,
        'ATS': words[1] >> 32 & 1,
        'IV': words[2] & 1,
    }


def is_paging(entry):
    return bool(entry and entry['V'] and entry['TV'] and
                1 <= entry['mode'] <= 6)


def is_guest(entry):
    """Guest (v2) tables for requests without PASID"""
    return bool(entry and entry['V'] and entry['TV'] and entry['GV'] and
                entry['GIoV'] and entry['mode'] == 0)


def is_passthrough(entry):
    """Writes reach memory untranslated."""
    if not entry:
        return False
    if not entry['V']:
        return True
    return bool(entry['TV'] and entry['mode'] == 0 and not entry['GV'] and
                entry['IW'])


def replicated_leaf(iova, pte, slot, permission):
    """NextLevel 7: the size stands in the address; the entry is repeated."""
    address = pte & ADDRESS
    bit = 12
    while address >> bit & 1:
        bit += 1
    size = 1 << (bit + 1)
    base = address & ~(size - 1)
    return Leaf(iova, base + (iova & (size - 1)), slot, permission, base)


def walk(ram, root, level, permission=READ | WRITE, iova=0):
    """Leaves of a host page table, in order of their IOVA"""
    table = ram.page(root // PAGE)
    if table is None:
        return
    slot = 1 << (12 + 9 * (level - 1))
    for index, pte in enumerate(struct.unpack('<512Q', table)):
        if not pte & 1:
            continue
        at = iova + index * slot
        allowed = permission & pte >> 61 & 3
        following = pte >> 9 & 7
        if following == 7:
            yield replicated_leaf(at, pte, slot, allowed)
        elif following == 0:
            base = pte & ADDRESS & ~(slot - 1)
            yield Leaf(at, base, slot, allowed, base)
        elif following < level:
            yield from walk(ram, pte & ADDRESS, following, allowed, at)


def first_guest_table(ram, entry):
    """Address of the table of PASID 0, None when there is none"""
    at = int(entry['gcr3'], 16)
    for _ in range(entry['GLX'] + 1):
        raw = ram.read(at, 8)
        value = struct.unpack('<Q', raw)[0] if raw else 0
        if not value & 1:
            return None
        at = value & ADDRESS
    return at


def walk_guest(ram, root, level, permission=READ | WRITE, iova=0):
    """The same of a guest table, which has the format of x86"""
    table = ram.page(root // PAGE)
    if table is None:
        return
    slot = 1 << (12 + 9 * (level - 1))
    for index, pte in enumerate(struct.unpack('<512Q', table)):
        if not pte & 1:
            continue
        at = iova + index * slot
        allowed = permission & (READ | (pte >> 1 & 1) * WRITE)
        if level == 1 or pte >> 7 & 1:
            base = pte & ADDRESS & ~(slot - 1)
            yield Leaf(at, base, slot, allowed, base)
        else:
            yield from walk_guest(ram, pte & ADDRESS, level - 1, allowed, at)


def leaves_of(ram, entry):
    """Through the table of either kind"""
    allowed = entry['IR'] * READ | entry['IW'] * WRITE
    if is_paging(entry):
        return walk(ram, int(entry['root'], 16), entry['mode'], allowed)
    root = first_guest_table(ram, entry)
    if root is None:
        return []
    return walk_guest(ram, root, entry['guest_levels'], allowed)


class Mappings:
    """What the page table of one device translates."""

    def __init__(self, ram, entry):
        self.leaves = list(leaves_of(ram, entry))
        self.pages = {}         # IOVA page: (pfn, pfn of the mapping's base)
        self.writable = set()
        self.any = set()
        for leaf in self.leaves:
            first = leaf.phys // PAGE
            frames = range(first, first + leaf.size // PAGE)
            self.any.update(frames)
            if leaf.permission & WRITE:
                self.writable.update(frames)
            for i, pfn in enumerate(frames):
                self.pages[leaf.iova // PAGE + i] = (pfn, leaf.base // PAGE)

    def runs(self):
        """[first IOVA page, first pfn, pages, permission]"""
        found = []
        for leaf in self.leaves:
            start = [leaf.iova // PAGE, leaf.phys // PAGE]
            last = found[-1] if found else None
            if last and last[3] == leaf.permission and start == [
                    last[0] + last[2], last[1] + last[2]]:
                last[2] += leaf.size // PAGE
            else:
                found.append(start + [leaf.size // PAGE, leaf.permission])
        return found

    def multi_page_slots(self):
        return sum(leaf.size > PAGE or leaf.phys != leaf.base
                   for leaf in self.leaves)


# --- rings -------------------------------------------------------------------

OPCODES = {1: 'COMPLETION_WAIT', 2: 'INV_DEVTAB', 3: 'INV_PAGES',
           4: 'INV_IOTLB', 5: 'INV_INTR', 6: 'PREFETCH', 7: 'COMPLETE_PPR',
           8: 'INV_ALL'}


def command_text(raw):
    """A command in a few words, to be read by people"""
    w = struct.unpack('<4I', raw)
    opcode = w[1] >> 28
    name = OPCODES.get(opcode, f'opcode {opcode}')
    high = (w[3] << 32 | w[2]) & ~0xfff
    if opcode == 1:
        address = (w[1] & 0xfffff) << 32 | w[0] & ~7
        return (f'{name} store={w[0] & 1} addr={address:x} '
                f'data={w[3] << 32 | w[2]:x}')
    if opcode in (2, 5):
        return f'{name} devid={w[0] & 0xffff:04x}'
    if opcode == 3:
        return (f'{name} dom={w[1] & 0xffff:x} addr={high:x} '
                f'S={w[2] & 1} PDE={w[2] >> 1 & 1}')
    if opcode == 4:
        return f'{name} devid={w[0] & 0xffff:04x} addr={high:x} S={w[2] & 1}'
    return name


def pack(raw):
    return base64.b64encode(zlib.compress(raw, 9)).decode()


def unpack(text):
    return zlib.decompress(base64.b64decode(text))


def ring_entries(raw):
    """Entries as lists of four 32-bit words"""
    return [list(words) for words in struct.iter_unpack('<4I', raw)]


def base_and_entries(register):
    return register & ADDRESS, 1 << (register >> 56 & 15)


def command_ring(ram, registers):
    base, entries = base_and_entries(registers['CmdBufBase'])
    raw = ram.read(base, entries * ENTRY_BYTES)
    if raw is None:
        return None
    head = registers['CmdHead'] // ENTRY_BYTES
    tail = registers['CmdTail'] // ENTRY_BYTES
    text = [command_text(raw[i:i + ENTRY_BYTES])
            for i in range(0, len(raw), ENTRY_BYTES)]
    waiting = [(head + i) % entries for i in range((tail - head) % entries)]
    before = [(head - i) % entries for i in range(8, 0, -1)]
    return {
        'pa': hex(base),
        'entries': entries,
        'head': head,
        'tail': tail,
        'pending': len(waiting),
        'pending_cmds': [[i, text[i]] for i in waiting],
        'before_head': [[i, text[i]] for i in before],
        'raw_zlib_b64': pack(raw),
    }


def event_log(ram, registers):
    base, entries = base_and_entries(registers['EvtLogBase'])
    raw = ram.read(base, entries * ENTRY_BYTES)
    if raw is None:
        return None
    used = [[i, raw[i * ENTRY_BYTES:(i + 1) * ENTRY_BYTES].hex()]
            for i in range(entries)
            if any(raw[i * ENTRY_BYTES:(i + 1) * ENTRY_BYTES])]
    return {
        'pa': hex(base),
        'entries': entries,
        'head': registers['EvtHead'] // ENTRY_BYTES,
        'tail': registers['EvtTail'] // ENTRY_BYTES,
        'nonzero': used,
    }


def has_device_table(registers):
    return int(registers['DevTabBase'], 16) & ADDRESS != 0


# --- all of it ---------------------------------------------------------------

class State:
    """The IOMMU at one freeze. `devices`: device IDs to look at.

    `maps` has what QEMU translates through, `guests` the guest tables, which
    it takes for no tables at all.
    """

    def __init__(self, ram, registers, devices):
        self.ram = ram
        self.registers = {k: int(v, 16) for k, v in registers.items()}
        self.table = self.registers['DevTabBase'] & ADDRESS
        self.table_size = ((self.registers['DevTabBase'] & 0x1ff) + 1) * PAGE
        if not self.table:
            raise Failed('the IOMMU has no device table')
        self.entries = {bdf(d): self.dte(d) for d in devices}
        self.maps = {name: Mappings(ram, entry)
                     for name, entry in self.entries.items()
                     if is_paging(entry)}
        self.guests = {name: Mappings(ram, entry)
                       for name, entry in self.entries.items()
                       if is_guest(entry)}

    def dte(self, device):
        at = device * DTE_BYTES
        raw = None
        if at < self.table_size:
            raw = self.ram.read(self.table + at, DTE_BYTES)
        return decode_dte(raw) if raw else None

    def facts(self):
        """For truth.json"""
        devices = {}
        for name, entry in self.entries.items():
            devices[name] = entry and dict(entry)
            mappings = self.maps.get(name) or self.guests.get(name)
            if mappings:
                devices[name].update(
                    map=mappings.runs(),
                    writable_pfns=len(mappings.writable),
                    multi_page_slots=mappings.multi_page_slots())
        return {
            'dev_table': {'pa': hex(self.table), 'size': self.table_size},
            'devices': devices,
            'cmd_ring': command_ring(self.ram, self.registers),
            'evt_log': event_log(self.ram, self.registers),
        }
