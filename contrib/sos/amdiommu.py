# SPDX-License-Identifier: GPL-2.0-or-later
"""sos report: what amdiommu says of the dumps in /var/crash. Goes to the folder
sos/report/plugins. No user data: of each dump, the text for bug reports and the line
of `check`.
"""
import glob

from sos.report.plugins import IndependentPlugin, Plugin, PluginOpt


class Amdiommu(Plugin, IndependentPlugin):
    """Which devices could have written which pages before a panic"""

    short_desc = 'AMD IOMMU state of crash dumps'
    plugin_name = 'amdiommu'
    profiles = ('hardware', 'kernel')
    commands = ('amdiommu',)
    option_list = [PluginOpt('dumps', default=3, val_type=int,
                             desc='how many dumps, newest first')]

    def setup(self):
        dumps = sorted(glob.glob('/var/crash/*/vmcore') +
                       glob.glob('/var/crash/*/dump.*'),
                       reverse=True)[:self.get_option('dumps')]
        for dump in dumps:
            self.add_cmd_output([
                f'amdiommu check --no-identity {dump}',
                f'amdiommu report --bug --no-identity {dump}',
            ], timeout=300)
