#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The HTML report in headless Chromium: it loads, zooms, sorts, filters, asks
nobody for anything, and says what the JSON report says. Selenium is the
system's, so the interpreter is too.

usage: test_html.py AMDIOMMU DUMP...
"""
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

try:
    from selenium import webdriver
    from selenium.webdriver.chrome.options import Options
    from selenium.webdriver.chrome.service import Service
    from selenium.webdriver.common.by import By
except ImportError:
    print('python3-selenium is missing')
    sys.exit(77)

TOOL, DUMPS = sys.argv[1], sys.argv[2:]
DRIVER = shutil.which('chromedriver')


def report(dump, path):
    subprocess.run([TOOL, 'report', dump, '--html', path], check=True,
                   timeout=120)


def browser():
    options = Options()
    for word in ('--headless', '--no-sandbox', '--disable-gpu',
                 '--disable-dev-shm-usage', '--window-size=1280,1000',
                 '--force-prefers-reduced-motion'):
        options.add_argument(word)
    options.set_capability('goog:loggingPrefs',
                           {'browser': 'ALL', 'performance': 'ALL'})
    return webdriver.Chrome(options=options, service=Service(DRIVER))


def luminance(color):
    """Of #rgb or #rrggbb, as WCAG 2.2 defines it."""
    digits = color[1:] if len(color) == 7 else ''.join(
        2 * c for c in color[1:])
    parts = [int(digits[i:i + 2], 16) / 255 for i in (0, 2, 4)]
    r, g, b = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4
               for p in parts]
    return 0.2126 * r + 0.7152 * g + 0.0722 * b


def contrast(a, b):
    dark, light = sorted((luminance(a), luminance(b)))
    return (light + 0.05) / (dark + 0.05)


class Page(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.tmp = tempfile.TemporaryDirectory()
        cls.driver = browser()

    @classmethod
    def tearDownClass(cls):
        cls.driver.quit()
        cls.tmp.cleanup()

    def open(self, dump):
        path = os.path.join(self.tmp.name, 'report.html')
        report(dump, path)
        self.driver.get_log('performance')
        self.driver.get_log('browser')
        self.driver.get('file://' + path)
        self.assertEqual(self.run_js(
            'return document.documentElement.dataset.ready'), 'yes')
        return path

    def run_js(self, script, *args):
        return self.driver.execute_script(script, *args)

    def all(self, css):
        return self.driver.find_elements(By.CSS_SELECTOR, css)

    def one(self, css):
        return self.driver.find_element(By.CSS_SELECTOR, css)

    def texts(self, css):
        return self.run_js('return [...document.querySelectorAll(arguments[0])]'
                           '.map(e => e.textContent)', css)

    def assert_quiet(self):
        self.assertEqual(self.driver.get_log('browser'), [])
        for entry in self.driver.get_log('performance'):
            message = json.loads(entry['message'])['message']
            if message['method'] == 'Network.requestWillBeSent':
                url = message['params']['request']['url']
                self.assertRegex(url, '^(file|data):')

    def test_loads_without_errors_or_requests(self):
        for dump in DUMPS:
            with self.subTest(dump=dump):
                self.open(dump)
                self.assert_quiet()

    def test_same_facts_as_json(self):
        for dump in DUMPS:
            with self.subTest(dump=dump):
                self.open(dump)
                self.same_facts(json.loads(subprocess.check_output(
                    [TOOL, 'report', dump, '--json'])))

    def same_facts(self, data):
        facts = json.loads(self.texts('#facts')[0])
        for key in ('dump', 'verdict', 'findings'):
            self.assertEqual(facts[key], data[key])
        self.assertEqual(self.texts('#verdict'), [data['verdict']['value']])
        for part, where in (('verdict', '.reasons li'),
                            ('coverage', '.gaps li')):
            self.assertEqual(self.texts(where), [
                reason['text'] for reason in data[part]['reasons']])
        self.assertEqual(
            self.texts('.finding p'), [f['text'] for f in data['findings']])
        self.assertEqual(sorted(self.texts('#devices tbody th')),
                         sorted(d['bdf'] for d in data['devices']))
        self.assertEqual(self.texts('#devices tbody th'),
                         self.order_in_text(data['dump']['path']))
        cells = self.texts('#events td')
        self.assertEqual(
            [cells[i:i + 5] for i in range(0, len(cells), 5)],
            [[f"iommu{log['index']}", str(e['index']), e['state'], e['name'],
              e['text']] for log in self.logs(data['dump']['path'])
             for e in (log['event_log'] or {'list': []})['list'][:64]])
        for device in data['devices']:
            row = [e.text for e in self.all(
                '[id="d-%s"] td' % device['bdf'])]
            self.assertEqual(row[3], device['translation'])
            if not row[1].startswith('all'):
                self.assertEqual(row[1].rstrip('+?'),
                                 str(device['writable']['pages']))
        owned = {(o['owner'], o['class']): o['pages']
                 for o in data['class_owners']}
        cells = self.texts('#owners td')
        self.assertEqual({(cells[i], cells[i + 1]): int(cells[i + 2])
                          for i in range(0, len(cells), 4)}, owned)

    @staticmethod
    def order_in_text(dump):
        text = subprocess.check_output([TOOL, 'report', dump, '-v'], text=True)
        return re.findall(r'(?m)^([0-9a-f]{4}:[0-9a-f]{2}:\S+) ', text)

    @staticmethod
    def logs(dump):
        return json.loads(subprocess.check_output(
            [TOOL, 'log', dump, '--json']))['logs']

    def colors(self, scheme):
        self.driver.execute_cdp_cmd('Emulation.setEmulatedMedia', {
            'features': [{'name': 'prefers-color-scheme', 'value': scheme}]})
        names = set(re.findall(r'--([a-z]+): #', self.texts('style')[0]))
        return {n: self.run_js(
            'return getComputedStyle(document.documentElement)'
            '.getPropertyValue("--%s").trim()' % n) for n in names}

    def test_contrast(self):
        """Text 4.5 to one, strips and arcs 3 to one (WCAG 2.2, AA)."""
        self.open(DUMPS[0])
        papers = {}
        for scheme in ('light', 'dark'):
            colors = self.colors(scheme)
            papers[scheme] = colors['paper']
            for name in set(colors) - {'paper', 'card', 'track', 'line'}:
                least = 3 if name in ('done', 'device', 'owner') else 4.5
                for ground in ('paper', 'card'):
                    self.assertGreaterEqual(
                        contrast(colors[name], colors[ground]), least,
                        (scheme, name, ground))
                self.assertGreaterEqual(
                    contrast(colors[name], colors['track']), 3,
                    (scheme, name, 'track'))
        self.assertNotEqual(papers['light'], papers['dark'])

    def test_address_field(self):
        """It answers from the rows of the page, as `pages` lists them."""
        self.open(DUMPS[0])
        data = json.loads(subprocess.check_output(
            [TOOL, 'pages', DUMPS[0], '--json']))
        exposed = next(e for e in data['exposures']
                       if e.get('pfns') and e['class'] == 'mapped')
        first = exposed['pfns'][0][0]
        named = {pfn for e in data['exposures'] for a, n in e['pfns']
                 for pfn in range(a, a + n)}
        other = next(p for p in range(1, 1 << 20) if p not in named)
        whole = self.one('#pages-note').get_attribute('data-whole') == 'yes'
        for text, begins in (
                (hex(first << 12), 'Yes: '), (f'{(first << 12) + 5:X}', 'Yes: '),
                (hex(other << 12), 'Not in this list' +
                 ('. If it is RAM' if whole else ', which does not')),
                ('xyz', 'Write a physical'), ('', '')):
            with self.subTest(text=text):
                field = self.one('#address')
                field.clear()
                field.send_keys(text or ' ')
                said = self.texts('#address-answer')[0]
                self.assertTrue(said.startswith(begins), said)
                if begins == 'Yes: ':
                    self.assertIn(exposed['requester'], said)
        self.assert_quiet()

    def test_filters(self):
        self.open(DUMPS[0])
        rows = self.all('#devices tbody tr')
        self.one('#devices input').send_keys('nvme')
        shown = [r.text for r in rows if r.is_displayed()]
        self.assertEqual(len(shown), 1)
        self.assertIn('nvme', shown[0])

    def test_sorts_both_ways(self):
        self.open(DUMPS[0])
        head = self.all('#devices thead th')[2]
        for way, reverse in (('ascending', False), ('descending', True)):
            head.find_element(By.TAG_NAME, 'button').click()
            self.assertEqual(head.get_attribute('aria-sort'), way)
            pages = [int(x) for x in
                     self.texts('#devices tbody td:nth-child(3)')]
            self.assertEqual(pages, sorted(pages, reverse=reverse))

    def test_zooms_and_reads_out(self):
        self.open(DUMPS[0])
        box = self.one('#memory .map')
        before = self.texts('#memory .strip path')[:], float(
            box.get_attribute('data-span'))
        ticks = self.texts('#memory .ticks span')
        drawn = self.run_js('return document.querySelector('
                            '"#memory .strip.ram path").getAttribute("d")')
        self.one('#memory .tools button').click()
        self.assertAlmostEqual(
            float(box.get_attribute('data-to')) -
            float(box.get_attribute('data-from')), before[1] / 2, delta=1)
        self.assertNotEqual(self.texts('#memory .ticks span'), ticks)
        self.assertNotEqual(drawn, self.run_js(
            'return document.querySelector("#memory .strip.ram path")'
            '.getAttribute("d")'))
        self.run_js('document.querySelector("#memory .strip.ram")'
                    '.scrollIntoView({block: "center", behavior: "instant"})')
        webdriver.ActionChains(self.driver).move_to_element(
            self.one('#memory .strip.ram')).perform()
        self.assertIn('0x', self.one('#memory .readout').text)

    def test_every_link_has_its_place(self):
        for dump in DUMPS:
            self.open(dump)
            missing = self.run_js(
                'return [...document.querySelectorAll("a")].filter(a => '
                '!document.getElementById(a.getAttribute("href").slice(1)))'
                '.map(a => a.outerHTML)')
            self.assertEqual(missing, [])

    def test_a_name_stays_text(self):
        """Of a path we choose, as of any text of a dump."""
        folder = os.path.join(self.tmp.name, 'a<')
        os.makedirs(folder, exist_ok=True)
        dump = os.path.join(folder, 'script><script>window.boom=1;'
                            '<img src=x onerror=window.boom=2>&amp;"\'')
        shutil.copy(DUMPS[0], dump)
        self.open(dump)
        self.assertIsNone(self.run_js('return window.boom || null'))
        self.assertEqual(self.all('img'), [])
        self.assertIn(dump, self.texts('#machine dd'))
        self.assertEqual(json.loads(self.texts('#facts')[0])['dump']['path'],
                         dump)
        self.assert_quiet()

    def test_fits_a_phone(self):
        self.open(DUMPS[0])
        self.driver.execute_cdp_cmd('Emulation.setDeviceMetricsOverride', {
            'width': 400, 'height': 800, 'deviceScaleFactor': 1,
            'mobile': False})
        try:
            wide = self.run_js('return document.documentElement.scrollWidth')
        finally:
            self.driver.execute_cdp_cmd(
                'Emulation.clearDeviceMetricsOverride', {})
        self.assertLessEqual(wide, 400)


if __name__ == '__main__':
    if not DRIVER:
        print('chromedriver is missing')
        sys.exit(77)
    done = unittest.main(argv=sys.argv[:1], exit=False).result
    bad = len(done.failures) + len(done.errors)
    print('%d passed, %d failed' % (done.testsRun - bad, bad))
    sys.exit(bool(bad))
