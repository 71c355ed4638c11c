// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Programs inside the guest that have a device of their own at work.
 *
 * devtool sound DEVICE   play or record (/dev/snd/pcmC0D0c), in the background
 * devtool vfio BDF       drive an e1000 behind vfio-pci: receive frames into memory
 *                        of this program, in the background
 *
 * Recorded silence is zeros; what waits in the buffer before is not.
 */
#include <fcntl.h>
#include <limits.h>
#include <linux/vfio.h>
#include <sound/asound.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#define FILLER		0x5a

/* --- sound --- */

#define RATE		48000	/* 16 bit stereo: 192 kB/s */
#define SOUND_BYTES	(1u << 20)
#define PERIODS		16u

static void set_mask(struct snd_pcm_hw_params *p, int which, unsigned int value)
{
	struct snd_mask *mask = &p->masks[which - SNDRV_PCM_HW_PARAM_FIRST_MASK];

	memset(mask, 0, sizeof(*mask));
	mask->bits[value / 32] = 1u << value % 32;
}

static void set_interval(struct snd_pcm_hw_params *p, int which,
			 unsigned int value)
{
	p->intervals[which - SNDRV_PCM_HW_PARAM_FIRST_INTERVAL] =
		(struct snd_interval){ .min = value, .max = value, .integer = 1 };
}

static int configure(int fd)
{
	struct snd_pcm_hw_params hw = { .rmask = ~0u, .info = ~0u };
	struct snd_pcm_sw_params sw = {
		.avail_min = 1, .start_threshold = 1, .period_step = 1,
		.stop_threshold = LONG_MAX,	/* never by itself */
	};
	size_t i;

	memset(hw.masks, 0xff, sizeof(hw.masks));
	for (i = 0; i < sizeof(hw.intervals) / sizeof(hw.intervals[0]); i++)
		hw.intervals[i].max = UINT_MAX;
	set_mask(&hw, SNDRV_PCM_HW_PARAM_ACCESS, SNDRV_PCM_ACCESS_MMAP_INTERLEAVED);
	set_mask(&hw, SNDRV_PCM_HW_PARAM_FORMAT, SNDRV_PCM_FORMAT_S16_LE);
	set_mask(&hw, SNDRV_PCM_HW_PARAM_SUBFORMAT, SNDRV_PCM_SUBFORMAT_STD);
	set_interval(&hw, SNDRV_PCM_HW_PARAM_CHANNELS, 2);
	set_interval(&hw, SNDRV_PCM_HW_PARAM_RATE, RATE);
	set_interval(&hw, SNDRV_PCM_HW_PARAM_BUFFER_BYTES, SOUND_BYTES);
	set_interval(&hw, SNDRV_PCM_HW_PARAM_PERIODS, PERIODS);
	return ioctl(fd, SNDRV_PCM_IOCTL_HW_PARAMS, &hw) ||
	       ioctl(fd, SNDRV_PCM_IOCTL_SW_PARAMS, &sw);
}

static int run_sound(const char *device)
{
	int fd = open(device, O_RDWR | O_NONBLOCK);
	void *buffer;

	if (fd < 0 || configure(fd)) {
		perror(device);
		return 1;
	}
	buffer = mmap(NULL, SOUND_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, fd,
		      SNDRV_PCM_MMAP_OFFSET_DATA);
	if (buffer == MAP_FAILED) {
		perror("mmap");
		return 1;
	}
	memset(buffer, FILLER, SOUND_BYTES);
	if (ioctl(fd, SNDRV_PCM_IOCTL_PREPARE) || ioctl(fd, SNDRV_PCM_IOCTL_START)) {
		perror("start");
		return 1;
	}
	printf("== sound runs on %s\n", device);
	if (!fork())
		for (;;)
			pause();
	return 0;
}

/* --- vfio: registers of the 82540EM, Intel's manual 317453 --- */

#define CONTROL		0x0000
#define LINK_UP		(1u << 6)
#define RESET		(1u << 26)
#define IMC		0x00d8
#define RCTL		0x0100
#define RCTL_ON		(1u << 1 | 1u << 3 | 1u << 4 | 1u << 15)
#define RDBAL		0x2800
#define RDBAH		0x2804
#define RDLEN		0x2808
#define RDH		0x2810
#define RDT		0x2818
#define BUFFER		2048u
#define FRAMES		256u
#define DONE		1u		/* status of a descriptor */
#define GIVEN_BYTES	(1u << 20)	/* to read and write */
#define SHOWN_BYTES	(1u << 18)	/* to read only */
#define GIVEN_AT	0x10000000ull	/* the device's addresses */
#define SHOWN_AT	0x20000000ull
#define COMMAND		4		/* of the configuration space */
#define MEMORY_MASTER	6u

struct descriptor {
	uint64_t addr;
	uint16_t length, checksum;
	uint8_t status, errors;
	uint16_t special;
};

static void fail(const char *what)
{
	perror(what);
	exit(1);
}

static int open_group(const char *bdf)
{
	char name[128], link[128] = "";

	snprintf(name, sizeof(name), "/sys/bus/pci/devices/%s/iommu_group", bdf);
	if (readlink(name, link, sizeof(link) - 1) < 0)
		fail(name);
	snprintf(name, sizeof(name), "/dev/vfio%s", strrchr(link, '/'));
	return open(name, O_RDWR);
}

static void *give(int container, uint64_t iova, size_t bytes, uint32_t flags)
{
	void *memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
	struct vfio_iommu_type1_dma_map map = {
		.argsz = sizeof(map), .flags = flags, .vaddr = (uintptr_t)memory,
		.iova = iova, .size = bytes,
	};

	memset(memory, FILLER, bytes);
	if (ioctl(container, VFIO_IOMMU_MAP_DMA, &map))
		fail("VFIO_IOMMU_MAP_DMA");
	return memory;
}

static struct vfio_region_info region_of(int device, uint32_t index)
{
	struct vfio_region_info info = { .argsz = sizeof(info), .index = index };

	if (ioctl(device, VFIO_DEVICE_GET_REGION_INFO, &info))
		fail("VFIO_DEVICE_GET_REGION_INFO");
	return info;
}

static volatile uint32_t *open_registers(int device)
{
	struct vfio_region_info config = region_of(device, VFIO_PCI_CONFIG_REGION_INDEX);
	struct vfio_region_info bar = region_of(device, VFIO_PCI_BAR0_REGION_INDEX);
	uint16_t command = MEMORY_MASTER;
	void *at;

	if (pwrite(device, &command, 2, config.offset + COMMAND) != 2)
		fail("command register");
	at = mmap(NULL, bar.size, PROT_READ | PROT_WRITE, MAP_SHARED, device,
		  bar.offset);
	if (at == MAP_FAILED)
		fail("registers");
	return at;
}

/* All but one descriptor belong to the card, as with a driver. */
static void receive(volatile uint32_t *r, volatile struct descriptor *ring)
{
	uint32_t next = 0;

	for (;; usleep(2000))
		while (ring[next].status & DONE) {
			ring[next].status = 0;
			r[RDT / 4] = next;
			next = (next + 1) % FRAMES;
		}
}

static void start_card(volatile uint32_t *r, volatile struct descriptor *ring)
{
	unsigned int i;

	for (i = 0; i < FRAMES; i++) {
		ring[i].addr = GIVEN_AT + GIVEN_BYTES / 2 + i * BUFFER;
		ring[i].status = 0;
	}
	r[CONTROL / 4] = RESET;
	usleep(10000);
	r[IMC / 4] = ~0u;
	r[CONTROL / 4] = LINK_UP;
	r[RDBAL / 4] = GIVEN_AT;
	r[RDBAH / 4] = 0;
	r[RDLEN / 4] = FRAMES * sizeof(*ring);
	r[RDH / 4] = 0;
	r[RDT / 4] = FRAMES - 1;
	r[RCTL / 4] = RCTL_ON;
}

/* All of it in the process that stays: memory that is pinned is not its child's. */
static void drive(const char *bdf)
{
	int container = open("/dev/vfio/vfio", O_RDWR), group = open_group(bdf);
	volatile struct descriptor *ring;
	volatile uint32_t *registers;
	int device;

	if (container < 0 || group < 0 ||
	    ioctl(group, VFIO_GROUP_SET_CONTAINER, &container) ||
	    ioctl(container, VFIO_SET_IOMMU, VFIO_TYPE1v2_IOMMU))
		fail("vfio");
	ring = give(container, GIVEN_AT, GIVEN_BYTES,
		    VFIO_DMA_MAP_FLAG_READ | VFIO_DMA_MAP_FLAG_WRITE);
	give(container, SHOWN_AT, SHOWN_BYTES, VFIO_DMA_MAP_FLAG_READ);
	device = ioctl(group, VFIO_GROUP_GET_DEVICE_FD, bdf);
	if (device < 0)
		fail(bdf);
	registers = open_registers(device);
	start_card(registers, ring);
	printf("== vfio drives %s\n", bdf);
	fflush(stdout);
	receive(registers, ring);
}

static int run_vfio(const char *bdf)
{
	if (!fork())
		drive(bdf);
	sleep(2);
	return 0;
}

int main(int argc, char **argv)
{
	if (argc == 3 && !strcmp(argv[1], "sound"))
		return run_sound(argv[2]);
	if (argc == 3 && !strcmp(argv[1], "vfio"))
		return run_vfio(argv[2]);
	fprintf(stderr, "usage: devtool sound|vfio DEVICE\n");
	return 64;
}
