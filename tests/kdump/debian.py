#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""kdump-tools of Debian 12 with our filter, in a booted guest.

usage: debian.py AMDIOMMU

A root file system with systemd, kdump-tools and `make install-kdump`, set up
as docs/kdump.md says. The guest boots it behind an AMD IOMMU, kdump-tools loads
the capture kernel, a panic follows; the capture kernel boots the same root, and
its kdump-tools-dump.service saves the dump to /var/crash and reboots. Then the
dump is judged.

Kept in the lab's work directory ($AMDIOMMU_LAB), in kdump-tools/: the root file
system (1 GB; remove the folder to have it made anew), and of the last run
console.log and the dump. Needs root; takes three minutes, ten at first.
"""
import glob
import json
import os
import shutil
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
CHECKOUT = os.path.dirname(os.path.dirname(HERE))
sys.path.insert(0, os.path.join(HERE, '..', 'lab'))

import packages                                         # noqa: E402
import run                                              # noqa: E402
from check import Results                               # noqa: E402
from qemu import (Console, Flood, free_ports,           # noqa: E402
                  iommu_device, virtio_options)
from workdir import CannotRun, Failed, lock, output, path, scratch  # noqa: E402

CANNOT_RUN = 77
SUITE, SERIES = 'bookworm', '6.1'
INSTALLED = ('systemd-sysv udev kmod initramfs-tools busybox kdump-tools '
             'makedumpfile kexec-tools file iproute2 procps linux-base '
             'libbpf1 libelf1 liblzo2-2 libzstd1').split()
ENTER = os.path.join(HERE, '..', 'suites', 'enter.sh')
IMAGE_BYTES, MEMORY_MIB = 4 << 30, 1536
BOOT_SECONDS, DUMP_SECONDS = 900, 900
# What docs/kdump.md tells to add; once as variable, once as option.
SETTINGS = '''
PATH=/usr/lib/amdiommu/kdump:/bin:/usr/bin:/sbin:/usr/sbin
export AMDIOMMU_WATCH=1
MAKEDUMP_ARGS="-c -d 31 --amdiommu-time=60"
'''
PANIC = '''#!/bin/sh
ip link set "$(ls /sys/class/net | grep -v lo)" up
sleep 5
kdump-config show
echo c >/proc/sysrq-trigger
'''
UNIT = '''[Unit]
After=kdump-tools.service
[Service]
Type=oneshot
StandardOutput=journal+console
ExecStart=/usr/local/sbin/lab-panic
'''


# --- the root file system ----------------------------------------------------

def enter(root, *words, **env):
    """Run a command in the root directory."""
    subprocess.run([ENTER, root, path(), *words], check=True, cwd=path(),
                   stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                   timeout=1800, env=dict(os.environ, LC_ALL='C',
                                          DEBIAN_FRONTEND='noninteractive',
                                          **env))


def write(name, text, mode=0o644):
    os.makedirs(os.path.dirname(name), exist_ok=True)
    with open(name, 'w') as f:
        f.write(text)
    os.chmod(name, mode)


def install_debian(root, kernel):
    """Debian with kdump-tools and the kernel's package."""
    (archive, key), _ = packages.archives()
    if not key.startswith('/'):
        key = packages.KEYRING
    subprocess.run(['unshare', '--mount', '--propagation', 'private',
                    'debootstrap', '--variant=minbase', '--keyring=' + key,
                    SUITE, root, archive], check=True, timeout=1800,
                   stdout=subprocess.DEVNULL)
    write(root + '/usr/sbin/policy-rc.d', '#!/bin/sh\nexit 101\n', 0o755)
    # Here is no machine to look at for the modules that it needs.
    no_initrd = {'INITRD': 'No'}
    enter(root, 'apt-get', '-o', 'Acquire::Check-Valid-Until=false', 'update')
    enter(root, 'apt-get', 'install', '-y', '--no-install-recommends',
          *INSTALLED, **no_initrd)
    deb = glob.glob(path('debs', f'linux-image-{kernel.release}_*.deb'))[0]
    shutil.copy(deb, root + '/tmp/kernel.deb')
    enter(root, 'apt-get', 'install', '-y', '--no-install-recommends',
          '/tmp/kernel.deb', **no_initrd)
    os.unlink(root + '/tmp/kernel.deb')
    enter(root, 'apt-get', 'clean')
    enter(root, 'update-initramfs', '-c', '-k', kernel.release)


def make_root(kernel):
    root = path('kdump-tools', 'root')
    record = path('kdump-tools', 'complete')
    if not os.path.exists(record):
        shutil.rmtree(root, ignore_errors=True)
        os.makedirs(root)
        install_debian(root, kernel)
        write(root + '/etc/fstab', '/dev/vda / ext4 defaults 0 1\n')
        write(root + '/usr/local/sbin/lab-panic', PANIC, 0o755)
        write(root + '/etc/systemd/system/lab-panic.service', UNIT)
        wants = root + '/etc/systemd/system/multi-user.target.wants/'
        os.symlink('../lab-panic.service', wants + 'lab-panic.service')
        shutil.copy(root + '/etc/default/kdump-tools',
                    path('kdump-tools', 'defaults'))
        write(record, kernel.release)
    return root


def install_filter(root):
    """As docs/kdump.md says."""
    output(['make', '-C', CHECKOUT, 'install-kdump', 'PREFIX=/usr',
            'DESTDIR=' + root], timeout=600)
    with open(path('kdump-tools', 'defaults')) as f:
        write(root + '/etc/default/kdump-tools', f.read() + SETTINGS)


def make_image(root, name):
    with open(name, 'wb') as f:
        f.truncate(IMAGE_BYTES)
    output(['mke2fs', '-q', '-t', 'ext4', '-d', root, name], timeout=600,
           stderr=subprocess.DEVNULL)


# --- the guest ---------------------------------------------------------------

def command(qemu, root, kernel, image, ports):
    cmdline = ('root=/dev/vda rw console=ttyS0 crashkernel=384M nowatchdog '
               'systemd.journald.forward_to_console=0')
    return [
        'setpriv', '--pdeathsig', 'KILL', *qemu.command, '-nodefaults',
        '-display', 'none', '-no-reboot', '-serial', 'stdio',
        '-machine', 'q35,kernel-irqchip=split', '-accel', 'tcg,thread=multi',
        '-cpu', 'max', '-smp', '2', '-m', str(MEMORY_MIB),
        '-device', iommu_device(qemu.version, ''),
        '-drive', f'file={image},id=root,if=none,format=raw,cache=unsafe',
        '-device', virtio_options('virtio-blk-pci,drive=root'),
        '-netdev', f'socket,id=net,udp=127.0.0.1:{ports[1]},'
        f'localaddr=127.0.0.1:{ports[0]}',
        '-device', 'e1000e,netdev=net,romfile=',
        '-kernel', f'{root}/boot/vmlinuz-{kernel.release}',
        '-initrd', f'{root}/boot/initrd.img-{kernel.release}',
        '-append', cmdline]


def boot(qemu, root, kernel, image):
    """Boot, panic, dump; the console's lines."""
    ports = free_ports(2)
    flood = Flood(ports[0], 50)
    process = subprocess.Popen(
        command(qemu, root, kernel, image, ports), stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, bufsize=0,
        env=dict(os.environ, **qemu.environment))
    console = Console(process.stdout, path('kdump-tools', 'console.log'))
    try:
        flood.start()
        console.until('sysrq: Trigger a crash', seconds=BOOT_SECONDS)
        console.until('saved vmcore in', 'failed to save vmcore',
                      seconds=DUMP_SECONDS)
        console.until('reboot: machine restart', seconds=DUMP_SECONDS)
        process.wait(timeout=300)
    finally:
        flood.ended.set()
        process.kill()
        process.wait()
        console.close()
    return console.lines


def copy_out(image, folder, to):
    output(['debugfs', '-R', f'rdump {folder} {to}', image], timeout=600,
           stderr=subprocess.DEVNULL)


def take_crashes(image, root):
    """The dump in the image."""
    kept = path('kdump-tools', 'crash')
    shutil.rmtree(kept, ignore_errors=True)
    os.makedirs(kept)
    # The guest was reset: its journal is to be replayed.
    subprocess.run(['e2fsck', '-fy', image], check=False, timeout=600,
                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    copy_out(image, '/var/crash', kept)
    # The capture kernel's initramfs, made at the first start: minutes.
    copy_out(image, '/var/lib/kdump', root + '/var/lib')
    dumps = glob.glob(kept + '/crash/2*/dump.*')
    if len(dumps) != 1:
        raise Failed(f'no dump: {glob.glob(kept + "/crash/*")}')
    return dumps[0]


# --- what is to be seen ------------------------------------------------------

def judge(tool, dump, lines, results):
    folder = os.path.dirname(dump)
    results.check(os.path.getsize(dump) > 1 << 20,
                  f'a dump of {os.path.getsize(dump) >> 20} MiB')
    results.check(bool(glob.glob(folder + '/dmesg.*')),
                  'dmesg beside it: other commands pass the filter')
    results.check(not any('amdiommu: ' in line for line in lines),
                  'the filter complained of nothing')
    ordered = path('kdump-tools', 'ordered')
    with open(dump, 'rb') as f:
        subprocess.run(['makedumpfile', '-f', '-R', ordered], stdin=f, check=True,
                       stdout=subprocess.DEVNULL)
    for name, file in (('as it is', dump), ('put in order', ordered)):
        report = json.loads(output([tool, 'report', file, '--json']))
        marks = report['marks'] or {}
        results.check(marks.get('from') == 'note' and
                      marks.get('in_capture_kernel') is True and
                      not marks.get('refused'), f'{name}: marks in a note')
        results.check(bool(marks.get('observed')),
                      f'{name}: watched '
                      f'{[o["watched"] for o in marks.get("observed", [])]} '
                      f'pages')
        results.check(marks.get('agreement', {}).get('agrees') is True,
                      f'{name}: marks and dump agree, verdict '
                      f'{report["verdict"]["value"]}')


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    results = Results()
    try:
        if os.geteuid():
            raise CannotRun('a root file system needs root')
        packages.install((*packages.NEEDED, 'debootstrap', 'e2fsprogs'))
        kernel = packages.kernel(SERIES)
        qemu = packages.qemu(0)
        os.makedirs(path('kdump-tools'), exist_ok=True)
        with lock('kdump-tools'), scratch(IMAGE_BYTES) as folder:
            root = make_root(kernel)
            install_filter(root)
            image = folder + '/root.img'
            make_image(root, image)
            lines = boot(qemu, root, kernel, image)
            dump = take_crashes(image, root)
        judge(os.path.abspath(sys.argv[1]), dump, lines, results)
    except CannotRun as error:
        print(f'kdump-tools: cannot run: {error}')
        return CANNOT_RUN
    except (Failed, subprocess.SubprocessError) as error:
        sys.exit(f'kdump-tools: {error}')
    return results.close()


if __name__ == '__main__':
    sys.exit(main())
