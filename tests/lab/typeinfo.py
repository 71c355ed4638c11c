# SPDX-License-Identifier: GPL-2.0-or-later
"""Type information (BTF) of a kernel and its modules, out of their packages."""
import glob
import lzma
import os
import struct
import subprocess
import zlib

from workdir import CannotRun, lock


def section(elf, wanted):
    """Content of an ELF section, None if there is none."""
    if elf[:4] != b'\x7fELF':
        return None
    at, = struct.unpack_from('<Q', elf, 40)
    size, count, names = struct.unpack_from('<HHH', elf, 58)
    headers = [struct.unpack_from('<II4Q', elf, at + i * size)
               for i in range(count)]
    table = headers[names][4]
    for name, _, _, _, offset, length in headers:
        end = elf.index(b'\0', table + name)
        if elf[table + name:end] == wanted.encode():
            return elf[offset:offset + length]
    return None


def unpacked(data):
    """Content of what a kernel's makefile compresses."""
    if data[:6] == b'\xfd7zXZ\0':
        return lzma.LZMADecompressor().decompress(data)
    if data[:2] == b'\x1f\x8b':
        return zlib.decompressobj(31).decompress(data)
    if data[:4] == b'\x28\xb5\x2f\xfd':
        # A kernel has its size behind the frame.
        return subprocess.run(['zstd', '-dcq'], input=data, check=False,
                              stdout=subprocess.PIPE,
                              stderr=subprocess.DEVNULL).stdout
    return data


def kernel_image(vmlinuz):
    """The ELF file in a bzImage: Documentation/arch/x86/boot.rst"""
    with open(vmlinuz, 'rb') as f:
        image = f.read()
    start = (image[0x1f1] + 1) * 512
    offset, length = struct.unpack_from('<II', image, 0x248)
    return unpacked(image[start + offset:start + offset + length])


def module_file(folder, module):
    shape = module.replace('_', '[_-]') + '.ko*'
    found = glob.glob(os.path.join(folder, '**', shape), recursive=True)
    return found[0] if found else None


def write(path, data):
    with open(path + '.part', 'wb') as f:
        f.write(data)
    os.rename(path + '.part', path)


def folder_of(kernel, modules):
    """Folder with the BTF of the kernel and of those modules that it has."""
    folder = os.path.join(kernel.root, 'btf')
    with lock('btf'):
        os.makedirs(folder, exist_ok=True)
        target = os.path.join(folder, 'vmlinux')
        if not os.path.exists(target):
            data = section(kernel_image(kernel.image), '.BTF')
            if not data:
                raise CannotRun(f'{kernel.release} has no type information')
            write(target, data)
        for module in modules:
            target = os.path.join(folder, module)
            if os.path.exists(target) or not kernel.modules:
                continue
            name = module_file(kernel.modules, module)
            if not name:
                continue
            with open(name, 'rb') as f:
                data = section(unpacked(f.read()), '.BTF')
            if data:
                write(target, data)
    return folder
