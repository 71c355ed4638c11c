# SPDX-License-Identifier: GPL-2.0-or-later
"""Kernels and tools, by package name.

Kernels of other releases come through a private apt configuration in the work
directory: the machine's own archive addresses, but all suites. The machine's
package lists and installed packages stay as they are.
"""
import dataclasses
import glob
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time

from workdir import CannotRun, lock, output, path

NEEDED = ('qemu-system-x86', 'busybox-static', 'kexec-tools', 'makedumpfile',
          'kmod', 'zstd', 'gcc', 'libc6-dev')
SUITES = ('bullseye', 'bookworm', 'bookworm-backports', 'trixie',
          'trixie-backports', 'forky', 'sid')
SECURITY_SUITES = ('bullseye-security', 'bookworm-security',
                   'trixie-security', 'forky-security')
CODENAMES = {suite.split('-')[0] for suite in SUITES} | {
    'oldoldstable', 'oldstable', 'stable', 'testing', 'unstable'}
KEYRING = '/usr/share/keyrings/debian-archive-keyring.gpg'
DOWNLOAD_SECONDS = 1800


@dataclasses.dataclass(frozen=True)
class Kernel:
    """An unpacked kernel package."""
    series: str
    root: str
    packages: str       # "name version" of each package, one a line

    @property
    def image(self):
        """vmlinuz; newer packages have it beside the modules"""
        found = (glob.glob(self.root + '/boot/vmlinuz-*') +
                 glob.glob(self.root + '/lib/modules/*/vmlinuz'))
        if not found:
            raise CannotRun(f'no vmlinuz in the packages of {self.series}')
        return found[0]

    @property
    def release(self):
        name = os.path.basename(self.image)
        if name == 'vmlinuz':
            return os.path.basename(os.path.dirname(self.image))
        return name.removeprefix('vmlinuz-')

    @property
    def modules(self):
        """Folder with the modules, None when the archive has none."""
        folder = f'{self.root}/lib/modules/{self.release}'
        return folder if os.path.isdir(folder + '/kernel') else None


# --- the machine's packages --------------------------------------------------

def missing(names):
    """Those of the packages that are not installed."""
    try:
        done = subprocess.run(
            ['dpkg-query', '-W', '-f', '${Package} ${Status}\n', *names],
            text=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
            check=False)
    except FileNotFoundError:
        raise CannotRun('this system has no dpkg and apt') from None
    there = set(re.findall(r'^(\S+) install ok installed$', done.stdout, re.M))
    return [name for name in names if name not in there]


def may_fetch(what):
    """`make test` fetches nothing: what is not there cannot be tested."""
    if os.environ.get('AMDIOMMU_OFFLINE'):
        raise CannotRun(f'{what}: not here, and `make test` fetches nothing')


def install(names=NEEDED):
    """Install what is missing. Returns what was installed."""
    wanted = missing(names)
    if not wanted:
        return []
    may_fetch('packages ' + ' '.join(wanted))
    if os.geteuid() != 0:
        raise CannotRun('missing packages, not root: ' + ' '.join(wanted))
    env = dict(os.environ, DEBIAN_FRONTEND='noninteractive')
    commands = (['apt-get', 'update', '-qq'],
                ['apt-get', 'install', '-y', '-qq', '--no-install-recommends',
                 '-o', 'DPkg::Lock::Timeout=600', *wanted])
    for command in commands:
        if not retry(command, env):
            break
    wanted_still = missing(names)
    if wanted_still:
        raise CannotRun('cannot install ' + ' '.join(wanted_still))
    return wanted


def retry(command, env, tries=8, pause=15):
    """Run an apt command; others may hold its lock for a while."""
    for attempt in range(tries):
        done = subprocess.run(command, env=env, text=True, check=False,
                              stdout=subprocess.DEVNULL,
                              stderr=subprocess.PIPE, timeout=DOWNLOAD_SECONDS)
        if done.returncode == 0:
            return True
        if 'lock' not in done.stderr:
            break
        if attempt + 1 < tries:
            time.sleep(pause)
    print(done.stderr.strip(), file=sys.stderr)
    return False


# --- the private apt configuration -------------------------------------------

def deb822_sources(text):
    """(URI, suite, keyring) of the binary archives in a .sources file"""
    for stanza in re.split(r'\n\s*\n', text):
        fields = dict(re.findall(r'^([\w-]+):[ \t]*(.*)$', stanza, re.M))
        if ('deb' not in fields.get('Types', '').split() or
                fields.get('Enabled', 'yes').strip() == 'no'):
            continue
        for uri in fields.get('URIs', '').split():
            for suite in fields.get('Suites', '').split():
                yield uri, suite, fields.get('Signed-By', '').strip()


def oneline_sources(text):
    """The same of a .list file"""
    for options, uri, suite in re.findall(
            r'^\s*deb\s+(?:\[([^]]*)\]\s+)?(\S+)\s+(\S+)', text, re.M):
        key = re.search(r'signed-by=(\S+)', options)
        yield uri, suite, key[1] if key else ''


def machine_sources():
    for name in sorted(glob.glob('/etc/apt/sources.list') +
                       glob.glob('/etc/apt/sources.list.d/*')):
        parse = {'.sources': deb822_sources, '.list': oneline_sources}.get(
            os.path.splitext(name)[1])
        if parse:
            with open(name) as f:
                yield from parse(f.read())


def archives():
    """(main, security), each (URI, keyring) or None, of this machine"""
    found = {}
    for uri, suite, key in machine_sources():
        if re.split('[-/]', suite)[0] in CODENAMES:
            kind = 'security' if 'security' in suite else 'main'
            found.setdefault(kind, (uri, key))
    if 'main' not in found:
        raise CannotRun('no Debian archive in the apt sources of this machine')
    return found['main'], found.get('security')


def write_sources():
    """Returns whether the file changed."""
    main, security = archives()
    lines = []
    for archive, suites in ((main, SUITES), (security, SECURITY_SUITES)):
        if not archive:
            continue
        uri, key = archive
        if not key.startswith('/'):
            key = KEYRING if os.path.exists(KEYRING) else ''
        signed = f'[signed-by={key}] ' if key else ''
        lines += [f'deb {signed}{uri} {suite} main\n' for suite in suites]
    text = ''.join(lines)
    name = path('apt/sources.list')
    if os.path.exists(name):
        with open(name) as f:
            if f.read() == text:
                return False
    with open(name, 'w') as f:
        f.write(text)
    return True


def apt(program, *args, cwd=None):
    options = {
        'Dir::Etc::SourceList': path('apt/sources.list'),
        'Dir::Etc::SourceParts': '/dev/null',
        'Dir::State::Lists': path('apt/lists'),
        'Dir::Cache': path('apt/cache'),
        'Acquire::Languages': 'none',
        'APT::Sandbox::User': 'root',
    }
    command = [program]
    for key, value in options.items():
        command += ['-o', f'{key}={value}']
    return output(command + list(args), cwd=cwd, timeout=DOWNLOAD_SECONDS,
                  stderr=subprocess.DEVNULL)


def prepare_apt(refresh=False):
    """Package lists of all suites. A suite that is gone is no error."""
    may_fetch('packages of kernels')
    for folder in ('apt/lists/partial', 'apt/cache/archives/partial', 'debs'):
        os.makedirs(path(folder), exist_ok=True)
    lists = path('apt/lists/*_Packages*')
    changed = write_sources()
    if glob.glob(lists) and not (changed or refresh):
        return
    try:
        apt('apt-get', 'update')
    except subprocess.CalledProcessError:
        pass
    if not glob.glob(lists):
        raise CannotRun('no package lists: the archive cannot be reached')


def download(package):
    """Path of the .deb; the archive is asked once."""
    pattern = path('debs', glob.escape(package) + '_*.deb')
    found = glob.glob(pattern)
    if found:
        return found[0]
    with tempfile.TemporaryDirectory(dir=path('debs')) as folder:
        try:
            apt('apt-get', 'download', package, cwd=folder)
        except subprocess.CalledProcessError:
            prepare_apt(refresh=True)   # the lists may name an older version
            apt('apt-get', 'download', package, cwd=folder)
        for name in os.listdir(folder):
            os.rename(os.path.join(folder, name), path('debs', name))
    return glob.glob(pattern)[0]


def numbers(text):
    return [int(x) for x in re.findall(r'\d+', text)]


# --- kernels -----------------------------------------------------------------

def newest_image(series):
    """Name of the newest image package; rather one with debug symbols.
    "6.12-rt" is the kernel of 6.12 with PREEMPT_RT."""
    version, _, flavour = series.partition('-')
    flavour = f'{flavour}-amd64' if flavour else 'amd64'
    names = set(apt('apt-cache', 'pkgnames',
                    f'linux-image-{version}.').split())
    shape = re.compile(
        rf'linux-image-{re.escape(version)}\.\d[^-]*(-\d+)?-{flavour}$')
    images = [name for name in names if shape.match(name)]
    if not images:
        raise CannotRun(f'no kernel package of series {series}')
    debuggable = [name for name in images if name + '-dbg' in names]
    return max(debuggable or images, key=numbers)


def kernel_packages(image):
    """The image and what newer releases split off from it."""
    shown = apt('apt-cache', 'show', image)
    depends = ' '.join(re.findall(r'^Depends:(.*)$', shown, re.M))
    split = re.findall(r'linux-(?:binary|modules)-[^ ,()]+', depends)
    return list(dict.fromkeys([image] + split))


def unpack_kernel(series, root):
    image = newest_image(series)
    lines = []
    for name in kernel_packages(image):
        try:
            deb = download(name)
        except subprocess.CalledProcessError:
            if name == image or name.startswith('linux-binary-'):
                raise CannotRun(f'cannot download {name}') from None
            print(f'{name}: not in the archive; {series} has no modules',
                  file=sys.stderr)
            continue
        output(['dpkg-deb', '-x', deb, root], timeout=600)
        version = output(['dpkg-deb', '-f', deb, 'Version']).strip()
        lines.append(f'{name} {version}\n')
    os.makedirs(root + '/usr/lib/modules', exist_ok=True)
    if not os.path.exists(root + '/lib'):
        os.symlink('usr/lib', root + '/lib')
    return ''.join(lines)


def kernel(series):
    """The unpacked kernel of a series, fetched if it is not there."""
    root = path('kernels', series)
    record = root + '/packages'
    with lock('packages'):
        if not os.path.exists(record):
            prepare_apt()
            shutil.rmtree(root, ignore_errors=True)
            os.makedirs(root)
            text = unpack_kernel(series, root)
            found = Kernel(series, root, text)
            if found.modules:
                output(['depmod', '-b', root, found.release],
                       stderr=subprocess.DEVNULL)
            with open(record, 'w') as f:
                f.write(text)
        with open(record) as f:
            return Kernel(series, root, f.read())


def known_kernel(series):
    """The unpacked kernel, None when it was never fetched."""
    if os.path.exists(path('kernels', series, 'packages')):
        return kernel(series)
    return None


def vmlinux(series):
    """vmlinux with DWARF from the debug package"""
    found = kernel(series)
    target = os.path.join(found.root, 'vmlinux-' + found.release)
    with lock('vmlinux'):
        if os.path.exists(target):
            return target
        name = f'linux-image-{found.release}-dbg'
        try:
            deb = download(name)
        except subprocess.CalledProcessError:
            raise CannotRun(f'no package {name}') from None
        with open(target + '.part', 'wb') as out, subprocess.Popen(
                ['dpkg-deb', '--fsys-tarfile', deb],
                stdout=subprocess.PIPE) as tar:
            subprocess.run(['tar', '-xO', '--wildcards', '*/vmlinux*'],
                           stdin=tar.stdout, stdout=out, check=True,
                           timeout=DOWNLOAD_SECONDS)
        os.rename(target + '.part', target)
        os.unlink(deb)      # about a gigabyte, and no more use
    return target


def needs_newer_library(name):
    if not os.path.isfile(name) or not os.access(name, os.X_OK):
        return False
    with open(name, 'rb') as f:
        if f.read(4) != b'\x7fELF':
            return False
    return b"GLIBC_2" in subprocess.run([name, '--help'], check=False,
                                        stdin=subprocess.DEVNULL,
                                        capture_output=True).stderr


def use_own_library(root):
    """A newer release's programs need its C library, too."""
    programs = [name for name in glob.glob(root + '/usr/lib/linux-kbuild-*/**',
                                           recursive=True)
                if needs_newer_library(name)]
    if not programs:
        return
    output(['dpkg-deb', '-x', download('libc6'), root + '/libc'], timeout=600)
    library = root + '/libc/usr/lib/x86_64-linux-gnu'
    for name in programs:
        os.rename(name, name + '.elf')
        with open(name, 'w') as f:
            f.write(f'#!/bin/sh\nexec {library}/ld-linux-x86-64.so.2 '
                    f'--library-path {library} "$0.elf" "$@"\n')
        os.chmod(name, 0o755)


def headers(found):
    """Folder to build modules for a kernel in, from its header packages."""
    root = path('kernels', found.series + '-headers')
    folder = f'{root}/usr/src/linux-headers-{found.release}'
    with lock('headers'):
        if os.path.exists(root + '/complete'):
            return folder
        prepare_apt()
        shutil.rmtree(root, ignore_errors=True)
        first = 'linux-headers-' + found.release
        try:
            shown = apt('apt-cache', 'show', first)
            depends = ' '.join(re.findall(r'^Depends:(.*)$', shown, re.M))
            others = re.findall(r'linux-(?:headers|kbuild)-[^ ,()]+', depends)
            for name in [first, *others]:
                output(['dpkg-deb', '-x', download(name), root], timeout=600)
        except subprocess.CalledProcessError:
            raise CannotRun(f'no package {first}') from None
        use_own_library(root)
        # It names the folder that it would have been installed in.
        makefile = folder + '/Makefile'
        with open(makefile) as f:
            text = f.read().replace('/usr/src/', f'{root}/usr/src/')
        with open(makefile, 'w') as f:
            f.write(text)
        open(root + '/complete', 'w').close()
    return folder


# --- QEMU --------------------------------------------------------------------

@dataclasses.dataclass(frozen=True)
class Qemu:
    """A QEMU to start: command, environment, version (major, minor)"""
    command: tuple
    environment: dict
    version: tuple


def qemu(at_least=0):
    """The machine's QEMU, or a newer one from its release's backports."""
    program = shutil.which('qemu-system-x86_64')
    if not program:
        raise CannotRun('no qemu-system-x86_64')
    found = Qemu((program,), {}, qemu_version(program))
    if found.version[0] >= at_least:
        return found
    newer = newer_qemu()
    if newer.version[0] < at_least:
        raise CannotRun(f'needs QEMU {at_least}, found {newer.version[0]}')
    return newer


def qemu_version(program):
    shown = output([program, '--version'])
    return tuple(int(x) for x in re.search(r'(\d+)\.(\d+)', shown).groups())


def codename():
    with open('/etc/os-release') as f:
        found = re.search(r'^VERSION_CODENAME=(\S+)', f.read(), re.M)
    return found[1] if found else ''


def newer_qemu():
    """QEMU from backports, unpacked in the work directory, not installed"""
    root = path('qemu-newer')
    program = root + '/usr/bin/qemu-system-x86_64'
    with lock('packages'):
        if not os.path.exists(root + '/complete'):
            prepare_apt()
            os.makedirs(root, exist_ok=True)
            names = [f'{name}/{codename()}-backports' for name in (
                'qemu-system-x86', 'qemu-system-common', 'qemu-system-data',
                'seabios')]
            try:
                apt('apt-get', 'download', *names, cwd=root)
            except subprocess.CalledProcessError:
                raise CannotRun('no newer QEMU in backports') from None
            for deb in glob.glob(root + '/*.deb'):
                output(['dpkg-deb', '-x', deb, root], timeout=600)
                os.unlink(deb)
            open(root + '/complete', 'w').close()
    share = root + '/usr/share/'
    modules = root + '/usr/lib/x86_64-linux-gnu/qemu'
    return Qemu((program, '-L', share + 'qemu', '-L', share + 'seabios'),
                {'QEMU_MODULE_DIR': modules}, qemu_version(program))
