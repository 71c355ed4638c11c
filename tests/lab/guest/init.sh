#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Process 1 of the guest. Settings come as lab.NAME=VALUE on the command line.
# Lines that begin with "==" are read by run.py.
export PATH=/bin
mkdir -p /proc /sys /dev /tmp
mount -t proc proc /proc
mount -t sysfs sys /sys
mount -t devtmpfs dev /dev

setting() {
	for word in $(cat /proc/cmdline); do
		case $word in "lab.$1="*) echo "${word#*=}" ;; esac
	done
}

words() { setting "$1" | sed 's/,/ /g'; }

load() {
	for file in $(cat "/modules/$1" 2>/dev/null); do
		insmod "$file" 2>/dev/null
	done
}

# Where the IOMMU does not translate, a probe never ends: in the background.
for module in $(words modules); do
	[ -e "/modules/$module" ] || echo "== no module $module"
	case " $(words background) " in
	*" $module "*) load "$module" & ;;
	*) load "$module" ;;
	esac
done
sleep 1

# The driver of the functions asks the NIC's, which must have made all of them.
if [ -n "$(setting vfs)" ]; then
	ip link set eth0 up
	sleep 2
	setting vfs >/sys/class/net/eth0/device/sriov_numvfs
	sleep 1
	load igbvf
	sleep 1
fi

if [ -e /proc/vmcore ]; then
	. /capture.sh
	sleep 2		# the host has a last look
	poweroff -f
fi

echo "== guest up $(uname -r)"
grep 'System RAM' /proc/iomem | sed 's/^/== memory /'
for device in /sys/bus/pci/devices/*; do
	echo "== pci ${device##*/}"
done
echo "== vmcoreinfo $(cat /sys/kernel/vmcoreinfo)"
for cpu in /sys/devices/system/cpu/cpu[0-9]*; do
	echo "== crash note $(cat "$cpu/crash_notes")"
done

type=$(setting grouptype)
for group in /sys/kernel/iommu_groups/*; do
	[ -z "$type" ] || echo "$type" >"$group/type" 2>/dev/null
	echo "== group ${group##*/} $(cat "$group/type")" "$group"/devices/*
done

case $(setting stop) in
halt)
	labtool halter
	;;
kdump)
	kexec -p /capture.vmlinuz --initrd=/capture.initrd --append="\
console=ttyS0 irqpoll maxcpus=1 reset_devices \
lab.modules=$(setting capture_modules) lab.level=$(setting level) \
lab.out=$(setting out) lab.marks=$(setting marks) \
$(words capture_cmdline)" &&
		echo "== capture kernel loaded"
	;;
esac

# Memory that is plugged in now is not in the dump's headers.
if [ -n "$(setting hotplug)" ]; then
	blocks=/sys/devices/system/memory
	echo "$(setting online)" >$blocks/auto_online_blocks
	want=$(($(setting hotplug) / 128))	# MiB in a block
	set -- $blocks/memory[0-9]*
	want=$(($# + want))
	echo "== waits for memory"
	for second in 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19; do
		set -- $blocks/memory[0-9]*
		[ $# -ge $want ] && break
		sleep 1
	done
	sleep 1
	grep 'System RAM' /proc/iomem | sed 's/^/== memory /'
	echo "== memory blocks $# of $want"
fi

# With its command processor off, whoever unmaps waits for the IOMMU, up to
# seconds in an interrupt handler. CPU 0 is kept free of that, so that it can
# count and panic in time; NIC and readers do not wait for each other either.
commands=$(setting pending)
reader_cpu=
if [ "$commands" != 0 ]; then
	echo 2 >/proc/irq/default_smp_affinity
	reader_cpu="taskset 4"
fi

if [ "$(setting net)" = 1 ]; then
	for second in 0 1 2 3 4 5 6 7 8 9 10 11; do
		[ -e /sys/class/net/eth0 ] && break	# plugged in while running
		sleep 1
	done
	for interface in /sys/class/net/eth*; do
		ip link set "${interface##*/}" up
	done
	for second in 0 1 2 3 4 5 6 7 8 9 10 11; do
		[ "$(cat /sys/class/net/eth0/carrier 2>/dev/null)" = 1 ] && break
		sleep 1
	done
	echo "== carrier after $second s"
	sleep 1
fi

if [ "$(setting io)" = 1 ] && [ "$(setting readers)" != 0 ]; then
	for disk in $(words disks); do
		for second in 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15; do
			[ -b "/dev/$disk" ] && break	# USB takes its time
			sleep 1
		done
		[ -b "/dev/$disk" ] && [ "$(setting out)" != "$disk" ] &&
			$reader_cpu labtool read "/dev/$disk" \
				"$(setting readers)" "$(setting read_size)"
	done
	sleep 2
fi

if [ -n "$(setting vfio)" ]; then
	echo 1 >/sys/module/vfio_iommu_type1/parameters/allow_unsafe_interrupts
	for device in /sys/bus/pci/devices/*; do
		case $(cat "$device/class") in 0x0200*)
			echo vfio-pci >"$device/driver_override"
			echo "${device##*/}" >/sys/bus/pci/drivers_probe
			devtool vfio "${device##*/}"
			;;
		esac
	done
	sleep 1
fi

if [ -n "$(setting sound)" ]; then
	for second in 0 1 2 3 4 5 6 7 8 9 10 11; do
		[ -e /dev/snd/pcmC0D0c ] && break
		sleep 1
	done
	devtool sound /dev/snd/pcmC0D0p
	devtool sound /dev/snd/pcmC0D0c
fi

case $(setting planted) in
freed) insmod /planted.ko freed=1 ;;
correct) insmod /planted.ko ;;
esac
for value in pfn iova; do
	at=/sys/module/planted/parameters/$value
	[ ! -e "$at" ] || echo "== planted $value $(cat "$at")"
done

echo 1 >/proc/sys/kernel/sysrq
echo "== lab ready"
sleep 1		# or the kernel's messages would come in between
[ "$commands" = 0 ] ||
	taskset 1 labtool pending "$commands" "$(setting pending_wait)"
echo c >/proc/sysrq-trigger
