#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""check.py must see each kind of wrong answer. No QEMU, no dump."""
import contextlib
import copy
import io
import struct
import tempfile
import unittest

import check
import hardware
import testing

NVME, NET, IDLE = '0000:00:02.0', '0000:00:03.0', '0000:00:1f.0'
KERNEL = '6.1.0-1-amd64'
RING = 512
RING_AT, TABLE_AT = 0x100000, 0x1000
HEAD = 40           # after the wait in entry 39
PT_DTE = ['0x6000000000000003', '0x3', '0x1', '0x0']


def ring_raw():
    """Pairs of an invalidation and a completion wait"""
    entries = []
    for number in range(RING // 2):
        entries.append((0, 3 << 28 | 2, number << 12, 0))
        entries.append((0x1000 | 1, 1 << 28, number, 0))
    return b''.join(struct.pack('<4I', *entry) for entry in entries)


def paging(root, runs):
    entry = hardware.decode_dte(struct.pack(
        '<4Q', 0x6000000000000603 | root, 2, 1, 0))
    return dict(entry, map=runs)


def hw(head=HEAD, tail=HEAD):
    return {
        'devices': {
            NVME: paging(0x10000, [[100, 500, 4, 2], [104, 600, 1, 1],
                                   [105, 2000, 1, 2]]),   # 2000: no RAM
            NET: paging(0x20000, [[0, 300, 2, 3]]),
            IDLE: None,
        },
        'cmd_ring': {'pa': hex(RING_AT), 'entries': RING, 'head': head, 'tail': tail,
                     'pending': (tail - head) % RING,
                     'raw_zlib_b64': hardware.pack(ring_raw())},
    }


def written(runs, outside=()):
    return {'n': sum(r[1] for r in runs), 'runs': runs,
            'not_in_writable_map_at_stop': list(outside)}


def halt_truth(**changes):
    truth = {
        'kernel': KERNEL,
        'params': {'pending': 0, 'io': 1, 'net': 1},
        'roles': {NVME: 'nvme', NET: 'net'},
        'ram': [[0, 1000]],
        'hw': hw(),
        'written_by_device': {NVME: written([[500, 3]]),
                              NET: written([[300, 1]])},
        'changed_not_device': {'n': 0, 'runs': []},
    }
    truth.update(changes)
    return truth


def exposure(requester, pfns, kind='mapped', **more):
    return dict({'requester': requester, 'class': kind, 'certainty': 'proven',
                 'pages': sum(r[1] for r in pfns or []), 'pfns': pfns,
                 'complete': True}, **more)


def report_for(truth):
    devices = truth['hw'].get('capstart', truth['hw'])['devices']
    return {
        'dump': {'release': KERNEL},
        'devices': [{'bdf': bdf, 'dte': list(entry['dte']),
                     'dte_state': 'intact'}
                    for bdf, entry in devices.items() if entry],
        'exposures': [exposure(NVME, [[500, 4]]), exposure(NET, [[300, 2]])],
        'verdict': {'value': 'exposed', 'reasons': []},
        'coverage': {'value': 'complete', 'reasons': [], 'unnamed': []},
        'findings': [],
    }


def ring_for(truth):
    ring = truth['hw'].get('capstart', truth['hw'])['cmd_ring']
    waiting = check.span(ring['head'], ring['tail'], RING)
    entries = [{'index': i, 'words': [hex(word) for word in words],
                'state': 'unproven' if i in waiting else 'done'}
               for i, words in enumerate(hardware.ring_entries(ring_raw()))]
    unproven = [[waiting[0], len(waiting)]] if waiting else []
    return {'rings': [{'command_ring': {
        'tail': ring['tail'], 'proven': (ring['head'] - 1) % RING,
        'unproven': unproven}, 'ring': entries}]}


class Case(unittest.TestCase):
    """`good()` gives truth, report and ring that agree."""

    dump = None

    def setUp(self):
        self.truth = self.good()
        self.report = report_for(self.truth)
        self.ring = ring_for(self.truth)

    def good(self):
        return halt_truth()

    def run_check(self):
        out = io.StringIO()
        with contextlib.redirect_stdout(out):
            code = check.compare(self.truth, self.report, self.ring,
                                 dump=self.dump)
        return code, out.getvalue().splitlines()

    def assertGood(self):
        code, lines = self.run_check()
        self.assertEqual([x for x in lines if x.startswith('FAIL')], [])
        self.assertEqual(code, 0)
        self.assertRegex(lines[-1], r'^\d+ passed, 0 failed$')

    def assertBad(self, text):
        """Exactly one check fails, and its line holds `text`."""
        code, lines = self.run_check()
        bad = [x for x in lines if x.startswith('FAIL')]
        self.assertEqual(len(bad), 1, '\n'.join(lines))
        self.assertIn(text, bad[0])
        self.assertEqual(code, 1)
        self.assertRegex(lines[-1], r'^\d+ passed, 1 failed$')

    def assertBoth(self, *texts):
        _, lines = self.run_check()
        bad = [x for x in lines if x.startswith('FAIL')]
        self.assertEqual(len(bad), len(texts), '\n'.join(lines))
        for line, text in zip(bad, texts):
            self.assertIn(text, line)

    @property
    def entries(self):
        return self.ring['rings'][0]['ring']

    @property
    def grades(self):
        return self.ring['rings'][0]['command_ring']

    def device(self, bdf):
        return next(d for d in self.report['devices'] if d['bdf'] == bdf)


class Halt(Case):
    def test_agreement(self):
        self.assertGood()

    def test_other_release(self):
        self.report['dump']['release'] = '6.1.0-2-amd64'
        self.assertBad('release')

    def test_nothing_written(self):
        self.truth['written_by_device'] = {}
        self.assertBad('devices wrote 0 pages')

    def test_unexplained_page(self):
        self.truth['changed_not_device']['n'] = 1
        self.assertBad('1 changed pages without a device')

    def test_dte_bit(self):
        words = self.device(NVME)['dte']
        words[3] = '0x1'
        self.assertBad('DTE: 1 of 2 equal')

    def test_dte_missing(self):
        self.report['devices'].remove(self.device(NET))
        self.assertBad(f'wrong: {NET}')

    def test_dte_called_overwritten_without_a_capture_kernel(self):
        self.device(NET).update(dte=['0x0'] * 4, dte_state='overwritten')
        self.assertBad(f'wrong: {NET}')

    def test_ring_word(self):
        self.entries[7]['words'][2] = '0xdead'
        self.assertBad('511 of 512 entries equal')

    def test_ring_called_overwritten_without_a_capture_kernel(self):
        self.entries[7].update(words=['0x0'] * 4, state='overwritten')
        self.assertBad('511 of 512 entries equal')

    def test_ring_entries_swapped(self):
        self.entries[7]['index'] = 8
        self.assertBad('entries shown')

    def test_no_ring(self):
        self.ring['rings'] = []
        self.assertBad('ring: none shown')

    def test_tail(self):
        self.grades['tail'] += 1
        self.assertBad('ring: tail 41, register 40')

    def test_proven_behind(self):
        self.grades['proven'] -= 2
        self.assertBad('newest proven entry 37')

    def test_unproven_without_need(self):
        self.grades['unproven'] = [[39, 1]]
        self.assertBad('1 unproven, 0 are after')

    def test_lost_page(self):
        self.truth['written_by_device'][NVME] = written([[500, 3], [700, 1]])
        self.assertBad('recall 3 of 4 pages')

    def test_page_of_another_device(self):
        self.truth['written_by_device'][NVME] = written([[300, 1]])
        self.assertBad('recall 0 of 1 pages')

    def test_page_that_is_only_read(self):
        self.truth['written_by_device'][NVME] = written([[600, 1]])
        self.assertBad('lost: 600')

    def test_map_lacks_a_page(self):
        self.report['exposures'][0]['pfns'] = [[500, 3]]
        self.assertBad(f'wrong: {NVME} (lacks 1, has 0 too many)')

    def test_map_has_a_page_too_many(self):
        self.report['exposures'][0]['pfns'] = [[499, 5]]
        self.assertBad('(lacks 0, has 1 too many)')

    def test_other_classes_do_not_count_as_mapped(self):
        self.report['exposures'][0]['pfns'] = [[500, 3]]
        self.report['exposures'].append(exposure(NVME, [[503, 1]], 'posted'))
        self.assertBad('(lacks 1, has 0 too many)')

    def test_other_classes_count_for_recall(self):
        self.truth['written_by_device'][NVME] = written([[500, 3], [700, 1]])
        self.report['exposures'].append(exposure(NVME, [[700, 1]], 'inflight'))
        self.assertGood()

    def test_verdict_unknown(self):
        self.report['verdict']['value'] = 'unknown'
        self.assertBad('verdict unknown')

    def test_report_without_exposures(self):
        del self.report['exposures']
        code, lines = self.run_check()
        self.assertEqual(code, 1)
        self.assertTrue(any("form: KeyError 'exposures'" in x for x in lines))

    def test_unwrapped_ring(self):
        self.truth['hw'] = hw(head=0, tail=0)
        self.ring = ring_for(self.truth)
        self.assertEqual(self.grades['proven'], 511)
        self.assertGood()


class Pending(Case):
    """Commands between head and tail that were never executed."""

    def good(self):
        return halt_truth(
            params={'pending': 8, 'io': 1, 'net': 1}, hw=hw(tail=HEAD + 10),
            written_by_device={NVME: written([[500, 3], [700, 2]],
                                             [[700, 2]])})

    def setUp(self):
        super().setUp()
        self.stale = exposure(NVME, [], 'stale', complete=False,
                              iovas=[[100, 8]])
        self.report['exposures'].append(self.stale)
        self.report['verdict']['value'] = 'suspect'
        self.report['coverage'] = {'value': 'partial', 'reasons': [],
                                   'unnamed': [{'requester': NVME}]}

    def test_agreement(self):
        self.assertGood()

    def test_done_after_head(self):
        self.entries[HEAD]['state'] = 'done'
        self.assertBad('1 of 10 entries that were never executed are "done"')

    def test_proven_after_head(self):
        self.grades['proven'] = HEAD + 1
        code, lines = self.run_check()
        self.assertEqual(code, 1)
        self.assertIn('FAIL ring: newest proven entry 41',
                      '\n'.join(lines))

    def test_unproven_range_too_short(self):
        self.grades['unproven'] = [[HEAD + 1, 9]]
        self.assertBad('9 unproven, 10 are after')

    def test_unproven_range_too_long(self):
        self.grades['unproven'] = [[HEAD - 1, 11]]
        self.assertBad('11 unproven, 10 are after')

    def test_nothing_was_left(self):
        self.truth['hw'] = hw()
        self.ring = ring_for(self.truth)
        self.assertBad('0 commands were left')

    def test_unnamed_pages_called_complete(self):
        self.stale['complete'] = True
        self.assertBad('announced by IOVA ranges')

    def test_unnamed_pages_without_ranges(self):
        self.stale['iovas'] = []
        self.assertBad('announced by IOVA ranges')

    def test_unnamed_pages_announced_for_another_device(self):
        self.stale['requester'] = NET
        self.assertBad('announced by IOVA ranges')

    def test_unnamed_pages_found_all_the_same(self):
        self.stale.update(complete=True, pfns=[[700, 2]])
        self.assertGood()

    def test_lost_page_that_is_in_the_map(self):
        self.report['exposures'][0]['pfns'] = [[501, 3]]
        code, lines = self.run_check()
        self.assertEqual(code, 1)
        self.assertTrue(any(x.startswith('FAIL recall') and 'lost: 500' in x
                            for x in lines))

    def test_trusted(self):
        self.report['verdict']['value'] = 'trusted'
        self.assertBad('verdict trusted')

    def test_complete(self):
        self.report['coverage'] = {'value': 'complete', 'reasons': [],
                                   'unnamed': []}
        self.assertBad('2 pages of 0000:00:02.0 nvme are in no table')


class ExitCode(unittest.TestCase):
    """What `check` ends with, against the verdict."""

    def passed(self, tool, verdict, coverage='complete'):
        results = check.Results()
        with contextlib.redirect_stdout(io.StringIO()):
            check.check_code(results, tool, '/nonexistent', verdict,
                             coverage)
        return results.passed, results.failed

    def test_codes(self):
        self.assertEqual(self.passed('/bin/false', 'suspect'), (2, 0))
        self.assertEqual(self.passed('/bin/true', 'exposed'), (2, 0))
        self.assertEqual(self.passed('/bin/true', 'exposed', 'partial'), (1, 1))
        self.assertEqual(self.passed('/bin/true', 'suspect'), (0, 2))
        self.assertEqual(self.passed('/bin/false', 'corrupt'), (0, 2))


class Passthrough(Case):
    """iommu=pt: all memory."""

    def good(self):
        state = hw()
        state['devices'][NVME] = hardware.decode_dte(
            struct.pack('<4Q', *(int(x, 16) for x in PT_DTE)))
        return halt_truth(hw=state, written_by_device={
            NVME: written([[900, 5]])})

    def setUp(self):
        super().setUp()
        self.all = exposure(NVME, [[0, 1000]], 'passthrough')
        self.asked = exposure(NVME, [[900, 5]], 'inflight')
        self.report['exposures'][0] = self.all
        self.report['exposures'].append(self.asked)
        self.report['verdict']['value'] = 'exposed'

    def test_agreement(self):
        self.assertGood()

    def test_count_alone(self):
        self.all['pfns'] = None
        self.assertGood()

    def test_count_too_small(self):
        self.all.update(pfns=None, pages=999)
        code, lines = self.run_check()
        bad = [x for x in lines if x.startswith('FAIL')]
        self.assertEqual(code, 1)
        self.assertEqual(len(bad), 1)

    def test_part_of_memory(self):
        self.all['pfns'] = [[0, 999]]
        self.assertBad('pass-through: 0 of 1 devices')

    def test_other_class(self):
        self.all['class'] = 'posted'
        self.assertBad('pass-through: 0 of 1 devices')

    def test_suspect(self):
        self.report['verdict']['value'] = 'suspect'
        self.assertBad('verdict suspect')

    def test_not_asked(self):
        self.asked['pfns'] = [[900, 4]]
        self.assertBad('1 were not named')

    def test_not_read(self):
        self.asked['pfns'] = [[900, 4]]
        self.report['coverage'] = {'value': 'partial', 'reasons': [],
                                   'unnamed': [{'requester': NVME}]}
        self.assertGood()

    def test_trusted(self):
        self.report['verdict']['value'] = 'trusted'
        self.assertBad('verdict trusted')


class Planted(Case):
    """A test driver frees pages 500 to 503 while they stay mapped."""

    def good(self):
        return halt_truth(
            params={'pending': 0, 'io': 1, 'net': 1, 'planted': 'freed'},
            cmdline='page_poison=1',
            planted={'device': NVME, 'pfn': 502, 'iova': 102 * check.PAGE})

    def setUp(self):
        super().setUp()
        self.report['verdict']['value'] = 'corrupt'
        self.report['findings'] = [
            {'code': 'free-page-exposed', 'where': NVME, 'severity': 'warning',
             'text': 'It could write.', 'requester': NVME, 'class': 'mapped',
             'pages': 4, 'phys': '0x1f4000', 'iova': '0x64000'},
            {'code': 'free-page-written', 'where': NVME, 'severity': 'error',
             'text': 'It is written.', 'phys': '0x1f6000', 'iova': '0x66000'}]

    def test_agreement(self):
        self.assertGood()

    def test_other_device(self):
        self.report['findings'][0]['where'] = NET
        self.assertBad('no finding')

    def test_page_beyond(self):
        self.truth['planted'].update(pfn=504, iova=104 * check.PAGE)
        self.report['findings'][1].update(phys='0x1f8000', iova='0x68000')
        self.assertBad('freed page 0x1f8000')

    def test_wrong_iova(self):
        self.report['findings'][0]['iova'] = '0x65000'
        self.assertBad('freed page')

    def test_poison_not_seen(self):
        del self.report['findings'][1]
        self.assertBad('poison')

    def test_only_suspect(self):
        self.report['verdict']['value'] = 'suspect'
        self.assertBad('verdict suspect')

    def test_alarm_for_correct_code(self):
        self.truth['params']['planted'] = 'correct'
        self.report['verdict']['value'] = 'exposed'
        del self.report['findings'][1]
        self.assertBad('1 findings free-page-exposed')


def kdump_truth():
    state = hw()
    return {
        'kernel': KERNEL,
        'params': {'pending': 0, 'io': 1, 'net': 1, 'lossy': 0},
        'roles': {NVME: 'nvme', NET: 'net'},
        'ram': [[0, 1000]],
        'crashkernel_pfns': [[800, 100]],
        'hw': {'capstart': state, 'capdone': copy.deepcopy(state)},
        'old_structures': {phase: {'dtes': []} for phase in (
            'panic->capstart', 'capstart->capup', 'capup->capdone')},
        'mmio': {'capstart': {'DevTabBase': hex(TABLE_AT)}},
        'phases': {
            'panic->capstart': {'written_by_device': {
                NVME: written([[500, 2], [700, 1]], [[700, 1]])}},
            'capup->capdone': {'written_by_device': {
                NET: written([[300, 1]])}},
        },
    }


class Kdump(Case):
    """A capture kernel ran, and may have written into old structures."""

    def good(self):
        return kdump_truth()

    def late(self, bdf, *arguments):
        self.truth['phases']['capup->capdone']['written_by_device'][bdf] = \
            written(*arguments)

    def test_agreement(self):
        self.assertGood()

    def test_lost_page(self):
        self.truth['phases']['panic->capstart']['written_by_device'][NVME] = \
            written([[500, 2], [750, 1]])
        self.assertBad('recall 2 of 3 pages')

    def test_late_page_outside_the_map(self):
        self.late(NET, [[300, 1], [710, 1]], [[710, 1]])
        self.assertBad('lost: 710')

    def test_late_page_of_a_device_that_was_taken_over(self):
        self.late(NET, [[300, 1], [710, 1]], [[710, 1]])
        self.truth['hw']['capdone']['devices'][NET]['dte'][0] = '0x1'
        self.assertGood()

    def rewrite(self, bdf):
        self.truth['old_structures']['capstart->capup']['dtes'].append([bdf])

    def test_dte_overwritten(self):
        self.device(NVME).update(dte=['0x0'] * 4, dte_state='overwritten')
        self.rewrite(NVME)
        self.assertGood()

    def test_dte_called_overwritten_without_being_so(self):
        self.device(NVME).update(dte_state='overwritten')
        self.assertBad('1/0 DTEs')

    def test_dte_overwritten_of_an_id_without_a_device(self):
        self.rewrite('0000:00:14.0')
        self.assertBad('0/1 DTEs')
        self.report['findings'] = [{'code': 'dte-root-in-crashkernel',
                                    'where': '0000:00:14.0'}]
        self.assertGood()

    def test_ring_entry_called_overwritten_without_being_so(self):
        self.entries[3]['state'] = 'overwritten'
        self.assertBad('1/0 ring entries')

    def test_dte_overwritten_but_called_intact(self):
        self.device(NVME)['dte'] = ['0x0'] * 4
        self.assertBad(f'wrong: {NVME}')

    def test_ring_overwritten(self):
        for entry in self.entries:
            entry.update(words=['0x1', '0x2', '0x3', '0x4'],
                         state='overwritten')
        self.assertGood()

    def test_ring_overwritten_but_called_done(self):
        for entry in self.entries:
            entry.update(words=['0x1', '0x2', '0x3', '0x4'],
                         state='overwritten')
        self.entries[3]['state'] = 'done'
        self.assertBoth('511 of 512 other entries',
                        '511/512 ring entries')

    def test_unread_ring_in_a_full_dump(self):
        self.entries[3].update(words=None, state='unread')
        self.assertBad('0 of 1 other entries')

    def test_ring_intact_is_judged(self):
        self.grades['proven'] = 1
        self.assertBad('newest proven entry 1')


class Lossy(Case):
    """The dump lacks pages of the kernel: to say so is right, to make things
    up is not."""

    def good(self):
        truth = kdump_truth()
        truth['params']['lossy'] = 1
        return truth

    def setUp(self):
        super().setUp()
        self.report['verdict']['value'] = 'unknown'

    def test_agreement(self):
        self.assertGood()

    def test_what_is_missing_does_not_matter(self):
        self.report['verdict']['value'] = 'exposed'
        self.assertGood()

    def test_other_verdict(self):
        self.report['verdict']['value'] = 'trusted'
        self.assertBad('verdict trusted')

    def test_lost_pages(self):
        self.report['exposures'].pop(0)
        self.assertGood()

    def test_lost_pages_without_a_word(self):
        self.report['exposures'].pop(0)
        self.report['verdict']['value'] = 'exposed'
        code, lines = self.run_check()
        self.assertEqual(code, 1)
        self.assertTrue(any(x.startswith('FAIL recall') for x in lines))

    def test_page_made_up(self):
        self.report['exposures'][0]['pfns'] = [[499, 2]]
        self.assertBad('has 1 too many')

    def test_dte_unread(self):
        self.device(NVME).update(dte=None, dte_state='unread')
        self.assertGood()

    def test_dte_made_up(self):
        self.device(NVME)['dte'][0] = '0x0'
        self.assertBad(f'wrong: {NVME}')

    def test_device_missing(self):
        self.report['devices'].remove(self.device(NET))
        self.assertGood()

    def test_ring_unread(self):
        self.entries[3].update(words=None, state='unread')
        self.assertGood()

    def test_ring_made_up(self):
        self.entries[3].update(words=['0x0'] * 4)
        self.assertBoth('0 of 1 other entries', '0/1 ring entries')

class Missing(Lossy):
    """What is unread is what the dump's bitmap lacks: here the first page of
    the ring."""

    def setUp(self):
        super().setUp()
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        self.dump = self.folder.name + '/vmcore'
        self.write(RING_AT // 4096)
        self.report['findings'].append({'code': 'kernel-pages-dropped',
                                        'where': 'dump'})
        for entry in self.entries[:256]:
            entry.update(words=None, state='unread')

    def write(self, *lacking):
        bits = bytearray(b'\xff' * 4096)
        for pfn in lacking:
            bits[pfn // 8] &= ~(1 << pfn % 8)
        head = bytearray(4096)
        head[:8] = b'KDUMP   '
        struct.pack_into('<iI', head, 432, 1, 2)
        with open(self.dump, 'wb') as f:
            f.write(bytes(head) + bytes(2 * 4096) + bytes(bits))

    def test_dte_unread(self):
        self.device(NVME).update(dte=None, dte_state='unread')
        self.assertBad('1 DTEs unread, 0 not in the dump')
        self.write(RING_AT // 4096, TABLE_AT // 4096)
        for device in self.report['devices']:
            device.update(dte=None, dte_state='unread')
        self.assertGood()

    def test_ring_unread(self):
        self.assertGood()
        self.write()
        self.assertBad('256 ring entries unread, 0 not in the dump')

    def test_ring_made_up(self):
        for entry in self.entries[:256]:
            entry.update(words=['0x0'] * 4, state='overwritten')
        self.assertBad('0 ring entries unread, 256 not in the dump')

    def test_no_reason_given(self):
        self.report['findings'] = []
        self.assertBad('says why')


if __name__ == '__main__':
    testing.main()
