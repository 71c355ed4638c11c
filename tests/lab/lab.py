#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Crash real kernels in QEMU under DMA, and compare what amdiommu says of the
dump with what the devices really did. README.md explains.

Work directory: $AMDIOMMU_LAB, default ~/.cache/amdiommu-lab."""
import argparse
import dataclasses
import signal
import subprocess
import sys

import check
import evidence
import forms
import marks
import matrix
import packages
import qemudump
import readers
import run
import unasked
from scenarios import SCENARIOS, Scenario, scenario
from workdir import CannotRun, Failed

CANNOT_RUN = 77


def setup(args):
    installed = packages.install()
    print('installed:', ' '.join(installed) or 'nothing was missing')
    for series in args.series:
        found = packages.kernel(series)
        print(f'{series}: {found.release}'
              f'{"" if found.modules else ", no modules"}')


def run_once(args):
    facts = run.run(args.scenario, scenario(args.scenario, args.set),
                    args.keep_late)
    print(run.summary(facts))


def cached(args):
    made = run.make(args.scenario, scenario(args.scenario))
    print('made' if made else 'cached')


def vmlinux(args):
    print(packages.vmlinux(args.series))


def show_list(_):
    default = Scenario()
    for name, item in SCENARIOS.items():
        differs = [f'{f.name}={getattr(item, f.name)}'
                   for f in dataclasses.fields(Scenario)
                   if getattr(item, f.name) != getattr(default, f.name)]
        print(f'{name:20} {" ".join(differs)}')


def run_check(args):
    return check.main(args.scenario, args.amdiommu, args.dump)


def run_evidence(args):
    return evidence.main(args.scenario, args.amdiommu, args.as_is)


def run_matrix(args):
    return matrix.main(args.amdiommu, args.as_is, args.series, args.qemu)


def run_marks(args):
    return marks.main(args.scenario)


def run_unasked(args):
    return unasked.main(args.scenario, args.amdiommu)


def run_qemudump(args):
    return qemudump.main(args.amdiommu, args.qemu)


def run_readers(args):
    return readers.main(args.series, args.resolve, args.renew)


def make_forms(args):
    for name in forms.make(args.scenario):
        print(name)


def parser():
    top = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = top.add_subparsers(required=True, metavar='COMMAND')

    def command(name, function, text, *arguments):
        found = commands.add_parser(name, help=text, description=text)
        found.set_defaults(function=function)
        for argument in arguments:
            found.add_argument(argument)
        return found

    command('setup', setup, 'install what is missing, fetch kernels') \
        .add_argument('series', nargs='*')
    one = command('run', run_once, 'run a scenario, keep vmcore and truth',
                  'scenario')
    one.add_argument('--set', action='append', default=[], metavar='KEY=VALUE',
                     help='change a setting of the scenario')
    one.add_argument('--keep-late', action='store_true',
                     help='also keep the memory after the late DMA')
    command('cached', cached,
            'run a scenario unless its result is there and up to date',
            'scenario')
    one = command('check', run_check, 'compare amdiommu with the truth',
                  'scenario')
    one.add_argument('--amdiommu', default='build/amdiommu', metavar='PATH')
    one.add_argument('--dump', metavar='FILE',
                     help='this form of the dump instead of vmcore')
    one = command('evidence', run_evidence,
                  'pages written against what drivers had handed out')
    one.add_argument('scenario', nargs='*',
                     help='without: each class of device, each kernel')
    one.add_argument('--amdiommu', default='build/amdiommu', metavar='PATH')
    one.add_argument('--as-is', action='store_true',
                     help='take results of earlier versions of the lab, too')
    one = command('matrix', run_matrix, 'every kernel in one table')
    one.add_argument('series', nargs='*', help='these only')
    one.add_argument('--qemu', type=int, metavar='VERSION',
                     help='on this major version of QEMU or a newer one')
    one.add_argument('--amdiommu', default='build/amdiommu', metavar='PATH')
    one.add_argument('--as-is', action='store_true',
                     help='take results of earlier versions of the lab, too')
    command('marks', run_marks,
            "the filter's marks against what devices changed", 'scenario')
    command('unasked', run_unasked,
            'who of pages that no device wrote, where no table bounds them',
            'scenario') \
        .add_argument('--amdiommu', default='build/amdiommu', metavar='PATH')
    one = command('qemudump', run_qemudump,
                  "QEMU's own dumps of one guest, in each of its formats")
    one.add_argument('--qemu', type=int, default=0, metavar='VERSION',
                     help='of this major version or a newer one')
    one.add_argument('--amdiommu', default='build/amdiommu', metavar='PATH')
    command('forms', make_forms, 'the dump in all formats of makedumpfile',
            'scenario')
    one = command('readers', run_readers,
                  "what readers of drivers want, in real kernels' types")
    one.add_argument('series', nargs='*',
                     help='without: ' + ' '.join(readers.STANDARD))
    one.add_argument('--resolve', default='build/tests/resolve', metavar='PATH')
    one.add_argument('--renew', action='store_true',
                     help='write tests/unit/layouts/ anew')
    command('vmlinux', vmlinux, 'fetch vmlinux with DWARF, print its path',
            'series')
    command('list', show_list, 'scenarios and what they change')
    return top


def leave(number, _):
    sys.exit(128 + number)      # so that blocks are left and clean up


def main():
    for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
        signal.signal(number, leave)
    args = parser().parse_args()
    try:
        return args.function(args)
    except CannotRun as error:
        print(f'lab: cannot run: {error}')
        return CANNOT_RUN
    except Failed as error:
        print(f'lab: {error}', file=sys.stderr)
    except (OSError, subprocess.SubprocessError) as error:
        print(f'lab: {error}', file=sys.stderr)
    return 1


if __name__ == '__main__':
    sys.exit(main())
