// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Static helper inside the guest.
 *
 * labtool read DEV READERS BYTES  keep READERS O_DIRECT reads of BYTES in
 *                                 flight on DEV, in the background
 * labtool halter                  load a capture kernel of one page that says
 *                                 LABHALT on the serial port and halts
 * labtool pending N SECONDS       stop the IOMMU's command processor, wait for
 *                                 N queued commands (or SECONDS), then panic
 */
#include <fcntl.h>
#include <linux/fs.h>
#include <linux/kexec.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define PAGE		4096UL
#define BUFFERS		8

/* AMD I/O Virtualization 48882, MMIO registers; the base is QEMU's. */
#define IOMMU_MMIO	0xfed80000UL
#define CONTROL		0x18
#define CMD_HEAD	0x2000
#define CMD_TAIL	0x2008
#define CMD_BUF_EN	(1UL << 12)
#define RING_BYTES	8192
#define CMD_BYTES	16

/*
 * Entered in 64-bit mode with an identity mapping, interrupts off, on one CPU.
 * Position independent; no stack and no store to memory, so that whatever
 * changes in memory from here on was written by a device.
 */
extern const char halter_begin[], halter_end[];
__asm__(".pushsection .rodata\n"
	"halter_begin:\n"
	"	cli\n"
	"	cld\n"
	"	lea 4f(%rip), %rsi\n"
	"1:	lodsb\n"
	"	test %al, %al\n"
	"	jz 3f\n"
	"	mov %al, %bl\n"
	"	mov $0x3fd, %dx\n"
	"2:	in %dx, %al\n"
	"	test $0x20, %al\n"
	"	jz 2b\n"
	"	mov %bl, %al\n"
	"	mov $0x3f8, %dx\n"
	"	out %al, %dx\n"
	"	jmp 1b\n"
	"3:	hlt\n"
	"	jmp 3b\n"
	"4:	.asciz \"\\r\\nLABHALT\\r\\n\"\n"
	"halter_end:\n"
	".popsection\n");

static int crash_region(unsigned long *begin, unsigned long *end)
{
	FILE *f = fopen("/proc/iomem", "r");
	char line[256];
	int found = 0;

	while (f && fgets(line, sizeof(line), f)) {
		if (strstr(line, "Crash kernel") &&
		    sscanf(line, " %lx-%lx", begin, end) == 2)
			found = 1;
	}
	if (f)
		fclose(f);
	return found;
}

static int load_halter(void)
{
	static char page[PAGE] __attribute__((aligned(PAGE)));
	unsigned long begin, end, at;
	struct kexec_segment segment = { page, PAGE, NULL, PAGE };

	if (!crash_region(&begin, &end)) {
		fprintf(stderr, "no crashkernel region\n");
		return 1;
	}
	memcpy(page, halter_begin, halter_end - halter_begin);
	at = (begin + (1UL << 20) + PAGE - 1) & ~(PAGE - 1);
	segment.mem = (void *)at;
	if (syscall(SYS_kexec_load, at, 1UL, &segment,
		    KEXEC_ON_CRASH | KEXEC_ARCH_X86_64)) {
		perror("kexec_load");
		return 1;
	}
	printf("== halter loaded at 0x%lx\n", at);
	return 0;
}

static int reader(int fd, unsigned long long first, unsigned long long span,
		  size_t bytes)
{
	unsigned long long at = 0;
	char *buffer[BUFFERS];
	int i;

	for (i = 0; i < BUFFERS; i++) {
		if (posix_memalign((void **)&buffer[i], PAGE, bytes))
			return 1;
		memset(buffer[i], 0x5a, bytes);
	}
	for (i = 0;; i = (i + 1) % BUFFERS) {
		if (pread(fd, buffer[i], bytes, first + at) < 0) {
			perror("pread");
			return 1;
		}
		at = (at + bytes) % span;
	}
}

static int start_readers(const char *device, int readers, size_t bytes)
{
	int fd = open(device, O_RDONLY | O_DIRECT);
	unsigned long long size, span;
	int i;

	if (fd < 0 || ioctl(fd, BLKGETSIZE64, &size)) {
		perror(device);
		return 1;
	}
	span = size / readers / bytes * bytes;
	for (i = 0; i < readers; i++)
		if (!fork())
			return reader(fd, i * span, span, bytes);
	return 0;
}

static volatile uint64_t *map_register(int fd, unsigned long offset)
{
	unsigned long at = IOMMU_MMIO + offset;
	char *page = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd,
			  at & ~(PAGE - 1));

	if (page == MAP_FAILED) {
		perror("/dev/mem");
		exit(1);
	}
	return (volatile uint64_t *)(page + at % PAGE);
}

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec + t.tv_nsec / 1e9;
}

static int panic_with_pending(unsigned long commands, double seconds)
{
	struct sched_param first = { .sched_priority = 99 };
	int mem = open("/dev/mem", O_RDWR | O_SYNC);
	int trigger = open("/proc/sysrq-trigger", O_WRONLY);
	volatile uint64_t *control = map_register(mem, CONTROL);
	volatile uint64_t *head = map_register(mem, CMD_HEAD);
	volatile uint64_t *tail = map_register(mem, CMD_TAIL);
	double end;

	mlockall(MCL_CURRENT | MCL_FUTURE);
	sched_setscheduler(0, SCHED_FIFO, &first);
	end = now() + seconds;
	*control &= ~CMD_BUF_EN;
	while ((*tail - *head) % RING_BYTES < commands * CMD_BYTES &&
	       now() < end)
		;
	return write(trigger, "c", 1) != 1;
}

int main(int argc, char **argv)
{
	setvbuf(stdout, NULL, _IOLBF, 0);
	if (argc == 5 && !strcmp(argv[1], "read"))
		return start_readers(argv[2], atoi(argv[3]), atol(argv[4]));
	if (argc == 2 && !strcmp(argv[1], "halter"))
		return load_halter();
	if (argc == 4 && !strcmp(argv[1], "pending"))
		return panic_with_pending(atol(argv[2]), atof(argv[3]));
	fprintf(stderr, "usage: labtool read|halter|pending ...\n");
	return 64;
}
