#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Run the fuzz targets one after another, each for some seconds.

usage: run.py BUILD EXTRACT [EXTRACT...] --seconds N [--seed N] [--target NAME]...

Seeds come from the first extract. The targets that analyse a whole one run on
each of them: readers of drivers see the memory of such drivers only there.

BUILD has fuzz/<target> and fuzz/seeds. What the fuzzer finds interesting is
kept in BUILD/corpus/<target> and used again. An input that fails is left in
BUILD/crashes; it is repeated with `BUILD/fuzz/<target> FILE`.

With --seed, a target sees the same inputs in each run, as many as there is
time for, whatever earlier runs found. Then the time of one input decides
nothing: another program may have had the processor.
"""
import argparse
import glob
import os
import re
import shutil
import subprocess
import sys

# Memory and time that one input may take at most, under the sanitizers.
LIMITS = ['-rss_limit_mb=1500', '-malloc_limit_mb=400', '-timeout=20']
# Whole analyses: what bounds their work (budget.h) is held against time.
STRICT = ['-rss_limit_mb=1000', '-malloc_limit_mb=256', '-timeout=5']
WHOLE = 'evidence', 'report'
HUNG = '-timeout=300'


def chosen(target, seed):
    """The options that decide what a target sees, and what it may take."""
    limits = STRICT if target in WHOLE else LIMITS
    return limits if seed is None else [*limits, HUNG, f'-seed={seed}']


def environment(extract):
    # A large quarantine would have every input's 2 MiB page cache mapped anew.
    return dict(os.environ, AMDIOMMU_FUZZ_DUMP=extract,
                ASAN_OPTIONS='quarantine_size_mb=8')


def fuzz(build, target, seconds, seed, extract, label=''):
    """(executions, failed) of one target. `label`: of the extract"""
    crashes = f'{build}/crashes/{target}{label}-'
    with_seed = '' if seed is None else f'-seed-{seed}'
    corpus = f'{build}/corpus/{target}{label}{with_seed}'
    if with_seed:
        shutil.rmtree(corpus, ignore_errors=True)
    for path in corpus, os.path.dirname(crashes):
        os.makedirs(path, exist_ok=True)
    done = subprocess.run(
        [f'{build}/fuzz/{target}', f'-max_total_time={seconds}',
         '-print_final_stats=1', '-verbosity=0',
         f'-artifact_prefix={crashes}', *chosen(target, seed), corpus,
         f'{build}/seeds/{target}'],
        env=environment(extract), text=True, errors='replace', stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT)
    found = re.search(r'stat::number_of_executed_units:\s*(\d+)', done.stdout)
    number = int(found.group(1)) if found else 0
    failed = done.returncode != 0 or not number
    print(f'{target + label:12} {number:12} executions'
          f'{"  FAILED" if failed else ""}', flush=True)
    if failed:
        print(done.stdout[-6000:])
    return number, failed


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument('build')
    parser.add_argument('extract', nargs='+')
    parser.add_argument('--seconds', type=int, default=60)
    parser.add_argument('--seed', type=int)
    parser.add_argument('--target', action='append')
    args = parser.parse_args()
    seeds = f'{args.build}/seeds'
    os.makedirs(seeds, exist_ok=True)
    first, *others = args.extract
    subprocess.run([f'{args.build}/fuzz/seeds', first, seeds], check=True)
    targets = args.target or sorted(
        os.path.basename(p) for p in glob.glob(f'{seeds}/*')
        if os.path.isdir(p))
    results = [fuzz(args.build, t, args.seconds, args.seed, first)
               for t in targets]
    results += [fuzz(args.build, t, args.seconds, args.seed, extract,
                     '-' + os.path.basename(extract).removesuffix('.extract'))
                for extract in others for t in WHOLE if t in targets]
    print(f'{sum(n for n, _ in results)} executions')
    failed = sum(f for _, f in results)
    print(f'{len(results) - failed} passed, {failed} failed')
    return 1 if failed else 0


if __name__ == '__main__':
    sys.exit(main())
