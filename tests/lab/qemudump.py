# SPDX-License-Identifier: GPL-2.0-or-later
"""Dumps that QEMU makes itself (dump-guest-memory), without its vmcoreinfo
device: no note says where the kernel lies, and the headers name no machine."""
import json
import os
import subprocess

import guest
import packages
from check import Results
from qemu import Vm
from run import boot
from scenarios import scenario
from workdir import Failed, path, scratch

FORMATS = ('elf', 'kdump-zlib', 'kdump-lzo', 'kdump-snappy', 'kdump-raw-zlib',
           'kdump-raw-lzo', 'kdump-raw-snappy', 'win-dmp')
SECONDS = 900


def formats_of(monitor):
    """Those that this QEMU can write"""
    found = monitor.command('query-dump-guest-memory-capability')['formats']
    return [name for name in FORMATS if name in found and name != 'win-dmp']


def make(name, version, series='6.1'):
    """Paths of the dumps, in out/NAME: of one guest that stands still in the
    middle of its transfers"""
    settings = scenario(f'{series}-both', ['timeout=900', 'cmdline=intremap=off'])
    out = path('out', name)
    os.makedirs(out, exist_ok=True)
    kernel = packages.kernel(series)
    with scratch(4 << 30) as folder, \
            Vm(settings, packages.qemu(version), folder, out) as vm:
        vm.start(kernel, guest.build_initrd(folder, settings, kernel))
        boot(vm)
        vm.until('== lab ready')
        vm.monitor.command('stop')
        vm.monitor.socket.settimeout(SECONDS)
        made = []
        for form in formats_of(vm.monitor):
            target = os.path.join(out, form)
            vm.monitor.command('dump-guest-memory', paging=False,
                               protocol='file:' + target, format=form)
            made.append(target)
    return made


def report(tool, dump):
    """All of it but what names the file"""
    done = subprocess.run([tool, 'report', '--json', '--pages', dump],
                          stdout=subprocess.PIPE, check=False)
    if done.returncode:
        raise Failed(f'{dump}: exit code {done.returncode}')
    found = json.loads(done.stdout)
    del found['dump']
    return found


def main(tool, version):
    """The same report from each; exit code 1 if one differs"""
    made = make(f'qemudump@{version}' if version else 'qemudump', version)
    first = report(tool, made[0])
    results = Results()
    results.check(any(e['pages'] for e in first['exposures']),
                  f'{os.path.basename(made[0])}: devices could write pages')
    for dump in made[1:]:
        results.check(report(tool, dump) == first,
                      f'{os.path.basename(dump)}: the same report')
    return results.close()
