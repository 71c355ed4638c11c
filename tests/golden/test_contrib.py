#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The files of contrib/: the drgn helper against the command, the sos plug-in with a
stand-in for sos, ABRT's event as a shell runs it.

usage: test_contrib.py AMDIOMMU SAMPLE
"""
import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import types
import unittest

import counted

TOOL, SAMPLE = map(os.path.abspath, sys.argv[1:3])
CONTRIB = os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', '..',
                       'contrib')


def load(*path):
    spec = importlib.util.spec_from_file_location(
        'contrib_' + path[0], os.path.join(CONTRIB, *path))
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


class Pointer:
    """As much of drgn.Object as the helper uses."""

    def __init__(self, value, name):
        self.value_ = lambda: value
        self.type_ = types.SimpleNamespace(type_name=lambda: name)
        self.prog_ = types.SimpleNamespace(core_dump_path=SAMPLE)


class Drgn(unittest.TestCase):
    def setUp(self):
        self.helper = load('drgn', 'amdiommu.py')
        self.helper.COMMAND = TOOL

    def test_answers_are_those_of_the_command(self):
        want = json.loads(subprocess.run(
            [TOOL, 'who', '--json', SAMPLE, '2698123'], check=True, text=True,
            stdout=subprocess.PIPE).stdout)
        self.assertEqual(self.helper.who(0x2698123, SAMPLE), want)
        virtual = Pointer(int(want['virtual'], 16), 'char *')
        self.assertEqual(self.helper.who(virtual)['phys'], want['phys'])
        self.assertIn(('0000:00:04.0', 'mapped', 'proven'),
                      self.helper.writers(virtual))
        self.assertTrue(self.helper.exposed(virtual))

    def test_error_is_the_commands(self):
        self.helper.VMCORE = SAMPLE
        with self.assertRaisesRegex(ValueError, 'not an address'):
            self.helper.who('xyzzy')


class Sos(unittest.TestCase):
    def test_commands_run(self):
        plugins = types.ModuleType('sos.report.plugins')
        said = []

        class Plugin:
            def get_option(self, name):
                return {o.name: o.default for o in self.option_list}[name]

            def add_cmd_output(self, commands, timeout):
                said.append((commands, timeout))

        plugins.Plugin = Plugin
        plugins.IndependentPlugin = type('IndependentPlugin', (), {})
        plugins.PluginOpt = lambda name, default, val_type, desc: \
            types.SimpleNamespace(name=name, default=default)
        for name in 'sos', 'sos.report':
            sys.modules[name] = types.ModuleType(name)
        sys.modules['sos.report.plugins'] = plugins
        module = load('sos', 'amdiommu.py')
        module.glob = types.SimpleNamespace(
            glob=lambda pattern: [SAMPLE] if pattern.endswith('vmcore') else [])
        module.Amdiommu().setup()
        self.assertEqual(len(said), 1)
        for command in said[0][0]:
            words = command.split()
            self.assertEqual(words[0], 'amdiommu')
            done = subprocess.run([TOOL, *words[1:]], text=True,
                                  stdout=subprocess.PIPE)
            self.assertLess(done.returncode, 4, command)
            self.assertTrue(done.stdout)


class Abrt(unittest.TestCase):
    def test_event_runs(self):
        with open(os.path.join(CONTRIB, 'abrt', 'amdiommu_event.conf'),
                  encoding='utf-8') as f:
            script = re.search(r'^EVENT=.*\n((?:\t.*\n)+)', f.read(), re.M)[1]
        with tempfile.TemporaryDirectory() as folder:
            shutil.copy(SAMPLE, os.path.join(folder, 'vmcore'))
            os.symlink(TOOL, os.path.join(folder, 'amdiommu'))
            subprocess.run(['sh', '-ec', script], cwd=folder, check=True,
                           env={**os.environ, 'PATH': folder + ':' +
                                os.environ['PATH']})
            with open(os.path.join(folder, 'amdiommu.json'),
                      encoding='utf-8') as f:
                self.assertIn('verdict', json.load(f))
            self.assertTrue(os.path.getsize(os.path.join(folder,
                                                         'amdiommu.txt')))


class CrashTree(unittest.TestCase):
    """extensions/amdiommu.mk, as `make extensions` of crash calls it."""

    def test_builds_for_this_crash(self):
        ours = os.path.realpath(os.path.join(CONTRIB, '..', 'extensions',
                                             'amdiommu.mk'))
        with tempfile.TemporaryDirectory() as tree:
            made = os.path.join(tree, 'ours', 'build', 'crash-tree', 'crash')
            os.makedirs(made)
            with open(os.path.join(made, 'amdiommu.so'), 'wb') as f:
                f.write(b'made')
            os.mkdir(os.path.join(tree, 'extensions'))
            open(os.path.join(tree, 'defs.h'), 'w').close()
            with open(os.path.join(tree, 'build_data.c'), 'w',
                      encoding='utf-8') as f:
                f.write('char *build_target = "X86_64";\n'
                        'char *build_version = "9.0.2++";\n')
            os.symlink(ours, os.path.join(tree, 'extensions', 'amdiommu.mk'))
            said = subprocess.run(
                ['make', '-f', 'amdiommu.mk', 'MAKE=echo',
                 f'AMDIOMMU={tree}/ours'], check=True, text=True,
                cwd=os.path.join(tree, 'extensions'), stdout=subprocess.PIPE,
                env={k: v for k, v in os.environ.items()
                     if not k.startswith('MAKE')}).stdout
            self.assertIn(f'CRASH_INCLUDE={os.path.realpath(tree)} '
                          'CRASH_VERSION=9.0.2++', said)
            with open(os.path.join(tree, 'extensions', 'amdiommu.so'),
                      'rb') as f:
                self.assertEqual(f.read(), b'made')


if __name__ == '__main__':
    sys.exit(counted.main())
