# SPDX-License-Identifier: GPL-2.0-or-later
"""Which device wrote which page.

Three sources: the pages that differ between two freezes, QEMU's log of
translations, and the content (disk sectors and frames carry a mark).
"""
import re

from disks import OF_LETTER, kinds_of, role_of
from hardware import bdf, devid, is_passthrough
from memory import PAGE, runs
from workdir import Failed

TRANSLATION = re.compile(
    r'amdvi_translation_result.*?([0-9a-f]{2}:[0-9a-f]{2}\.[0-7])'
    r' gpa 0x([0-9a-f]+) hpa 0x([0-9a-f]+)')
DOMAIN = re.compile(r'dom\w* 0x([0-9a-f]+)')
EVENT = re.compile(r'(?:\d+@[\d.]+:)?(\w+)')
FRAME_MARK = re.compile(rb'DMAFLOOD\d{8}')
SECTOR_MARK = re.compile(
    b'LABDISK([%s])\\d{12}' % ''.join(OF_LETTER).encode())
MAX_LISTED = 300
# Of controllers that are neither the NIC nor have disks: vendor:device
OTHERS = {'8086:2668': 'hda', '8086:10ca': 'igbvf'}


def alias(device, scenario):
    """The device ID in its requests: a bridge from PCI Express to PCI puts
    its secondary bus, device 0, there."""
    return device & 0xff00 if scenario.bridge and device >> 8 else device


def aliases(pci, scenario):
    """{device ID: text} of requesters that are no devices"""
    return {alias(device, scenario): 'requests of ' + bdf(device)
            for device in pci if alias(device, scenario) != device}


def roles(pci, scenario):
    """{requester: net, or a kind of disk, or one of OTHERS} of the devices
    under load"""
    found = {}
    for device, text in sorted(pci.items()):
        other = next((OTHERS[key] for key in OTHERS if key in text), None)
        name = other or ('net' if 'Ethernet' in text else role_of(text))
        if name == 'net' or name in kinds_of(scenario):
            other = name not in found.values()
        if other:
            found[bdf(alias(device, scenario))] = name
    return found


def bypassing(role_of, scenario):
    """The device that does not go through the IOMMU: QEMU's log has nothing
    of it, so pages without another writer are its own. None: there is none."""
    virtio = {'virtio'} | ({'net'} if scenario.nic.startswith('virtio') else set())
    found = [name for name, role in role_of.items() if role in virtio]
    if scenario.platform or not found:
        return None
    if len(found) > 1:
        raise Failed('more than one device bypasses the IOMMU: which of them '
                     'wrote a page cannot be known')
    return found[0]


# --- QEMU's trace ------------------------------------------------------------

class Trace:
    """The part of the trace between two positions."""

    def __init__(self, name, start, end):
        self.translations = {}      # (BDF, IOVA, address): last line
        self.events = {}
        self.others = []
        with open(name, 'rb') as f:
            f.seek(start)
            text = f.read(end - start).decode('latin1')
        for number, line in enumerate(text.split('\n')):
            self._line(number, line)

    def _line(self, number, line):
        event = EVENT.match(line)
        if not event:
            return
        name = event[1]
        self.events[name] = self.events.get(name, 0) + 1
        found = TRANSLATION.search(line)
        if found:
            key = (bdf(devid(found[1])), int(found[2], 16), int(found[3], 16))
            self.translations[key] = number
        elif name.startswith('amdvi_') and len(self.others) < MAX_LISTED:
            self.others.append(line[:140])

    def pages(self, maps):
        """{BDF: {pfn: last line}} of what was translated, and the IOVA pages
        that were refused: {BDF: set}"""
        done, refused = {}, {}
        for (name, iova, address), number in self.translations.items():
            if not address and iova >= PAGE:
                refused.setdefault(name, set()).add(iova // PAGE)
                continue
            pfn = address // PAGE
            # QEMU names the first page of a mapping of several pages.
            now = maps[name].pages.get(iova // PAGE) if name in maps else None
            if now and now[1] == pfn:
                pfn = now[0]
            lines = done.setdefault(name, {})
            lines[pfn] = max(lines.get(pfn, -1), number)
        return done, refused


def replay_iotlb(name, end, domains):
    """{(BDF, IOVA page): pfn} that QEMU's IOTLB held at a trace position.

    `domains`: {BDF: domain ID}. QEMU drops the whole domain for each
    INVALIDATE_IOMMU_PAGES.
    """
    held = {}
    with open(name, 'rb') as f:
        text = f.read(end).decode('latin1')
    for line in text.split('\n'):
        found = TRANSLATION.search(line)
        if found:
            if int(found[3], 16):
                key = (bdf(devid(found[1])), int(found[2], 16) // PAGE)
                held[key] = int(found[3], 16) // PAGE
        elif 'amdvi_pages_inval' in line and DOMAIN.search(line):
            domain = int(DOMAIN.search(line)[1], 16)
            held = {key: pfn for key, pfn in held.items()
                    if domains.get(key[0]) != domain}
        elif 'amdvi_all_inval' in line or 'amdvi_iotlb_reset' in line or \
                'amdvi_devtab_inval' in line:
            held = {}
    return held


def iotlb_facts(trace, end, state):
    """IOTLB entries at the stop, and those that the tables contradict"""
    domains = {name: state.entries[name]['domid'] for name in state.maps}
    held = replay_iotlb(trace, end, domains)
    stale = []
    for (name, iova), pfn in sorted(held.items()):
        if name in state.maps:
            now = state.maps[name].pages.get(iova)
            if not now or now[1] != pfn:
                stale.append([name, iova, pfn, now and now[0]])
    return {'entries': len(held), 'stale_n': len(stale),
            'stale': stale[:MAX_LISTED]}


def stale_translations(trace, state, changed):
    """Translations made after the stop that the tables at the stop would not
    give: [BDF, IOVA page, pfn used, pfn in the tables, page changed]"""
    found = {}
    for name, iova, address in trace.translations:
        if name not in state.maps or not address:
            continue
        now = state.maps[name].pages.get(iova // PAGE)
        if not now or now[1] != address // PAGE:
            key = (name, iova // PAGE, address // PAGE)
            found[key] = [*key, now and now[0], address // PAGE in changed]
    return [found[key] for key in sorted(found)]


# --- from changed pages to devices -------------------------------------------

def content_mark(before, after):
    """('net', 'flood'), (disk, 'sector') or None: what is new in a page"""
    for match in FRAME_MARK.finditer(after):
        if before[match.start():match.end()] != match[0]:
            return 'net', 'flood'
    for match in SECTOR_MARK.finditer(after):
        if before[match.start():match.end()] != match[0]:
            return OF_LETTER[match[1].decode()], 'sector'
    return None


class Writers:
    """Collects the changed pages of each device."""

    def __init__(self, role_of, bypass=None, rest=None):
        """`bypass`: a device without translations; `rest`: who wrote what
        neither content nor QEMU's log explains"""
        self.device_of = {role: name for name, role in role_of.items()}
        # Each of them gets the frames: what is in a page does not tell which.
        self.receivers = {name for name, role in role_of.items()
                          if role == 'igbvf'}
        self.bypass = bypass
        self.rest = rest
        self.devices = {}
        self.nobody = []

    def add(self, pfn, mark, after, before):
        """`after`, `before`: translations since the stop and up to it"""
        since = [name for name, pages in after.items() if pfn in pages]
        until = [(pages[pfn], name) for name, pages in before.items()
                 if pfn in pages]
        if since:
            evidence, name = 'post', since[0]
        elif until:
            evidence, name = 'pre', max(until)[1]
        else:
            evidence, name = 'pattern-only', self.rest
        if mark and mark[0] in self.device_of and name not in self.receivers:
            name = self.device_of[mark[0]]
        if name is None:
            self.nobody.append(pfn)
            return
        entry = self.devices.setdefault(
            name, {'pfns': [], 'pattern': {}, 'evidence': {}})
        entry['pfns'].append(pfn)
        for kind, value in (('pattern', mark[1] if mark else 'none'),
                            ('evidence', evidence)):
            entry[kind][value] = entry[kind].get(value, 0) + 1

    def facts(self, state):
        """Per device; pages outside its tables only where it has tables"""
        found = {}
        for name, entry in sorted(self.devices.items()):
            pfns = set(entry['pfns'])
            found[name] = {'n': len(pfns), 'runs': runs(pfns),
                           'pattern': entry['pattern'],
                           'evidence': entry['evidence']}
            if name in state.maps and name != self.bypass:
                mappings = state.maps[name]
                found[name].update(
                    not_in_writable_map_at_stop=runs(pfns - mappings.writable),
                    in_no_mapping_at_stop=runs(pfns - mappings.any))
            elif name == self.bypass or \
                    is_passthrough(state.entries.get(name)):
                found[name].update(not_in_writable_map_at_stop=[],
                                   in_no_mapping_at_stop=[])
        return found


def changes(trace_name, first, second, state, role_of, exclude=frozenset(),
            bypass=None, quiet=True):
    """What happened to memory between two snapshots.

    `state`: the IOMMU at the moment whose tables count; `exclude`: page
    frames that do not count; `bypass`: see bypassing(); `quiet`: no CPU wrote.
    """
    before = Trace(trace_name, 0, first.trace_bytes)
    after = Trace(trace_name, first.trace_bytes, second.trace_bytes)
    earlier, _ = before.pages(state.maps)
    later, refused = after.pages(state.maps)
    changed = [pfn for pfn in first.ram.changed(second.ram)
               if pfn not in exclude]
    writers = Writers(role_of, bypass, bypass if quiet else None)
    for pfn in changed:
        mark = content_mark(first.ram.page(pfn), second.ram.page(pfn))
        writers.add(pfn, mark, later, earlier)
    stale = stale_translations(after, state, set(changed))
    return {
        'changed': {'n': len(changed), 'runs': runs(changed)},
        'written_by_device': writers.facts(state),
        'changed_not_device': {'n': len(writers.nobody),
                               'runs': runs(writers.nobody)},
        'accessed_after_stop': {
            name: {'n': len(pages), 'runs': runs(pages)}
            for name, pages in sorted(later.items())},
        'faulted_iovas_after_stop': {
            name: runs(pages) for name, pages in sorted(refused.items())},
        'stale_n': len(stale),
        'stale_translations': stale[:MAX_LISTED],
        'trace_events_after_stop': after.events,
        'invalidations_after_stop': after.others[:60],
    }
