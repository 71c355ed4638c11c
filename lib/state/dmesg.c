// SPDX-License-Identifier: GPL-2.0-or-later
/* Lines of the kernel's log that concern IOMMUs, DMA and devices. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <amdiommu/dmesg.h>

const char *ami_line_kind_name(enum ami_line_kind kind)
{
	static const char *const name[AMI_LINE_KINDS] = {
		"fault", "iommu", "dma", "crash", "device", "other",
	};

	return name[kind];
}

/*
 * First match wins. The first entry keeps boot lines out that only name the
 * zones of memory or repeat the command line, which is user data.
 */
static const struct {
	const char *needle;
	bool at_start;
	enum ami_line_kind kind;
} rules[] = {
	{ "ommand line", false, AMI_LINE_OTHER },
	{ "BOOT_IMAGE=", false, AMI_LINE_OTHER },
	{ " zone", false, AMI_LINE_OTHER },
	{ "Zone ", false, AMI_LINE_OTHER },
	{ "Event logged [", false, AMI_LINE_FAULT },
	{ "IO_PAGE_FAULT", false, AMI_LINE_FAULT },
	{ "INVALID_DEVICE_REQUEST", false, AMI_LINE_FAULT },
	{ "Completion-Wait loop timed out", false, AMI_LINE_FAULT },
	{ "AMD-Vi", false, AMI_LINE_IOMMU },
	{ "AMD IOMMU", false, AMI_LINE_IOMMU },
	{ "IOTLB", false, AMI_LINE_IOMMU },
	{ "iommu", false, AMI_LINE_IOMMU },
	{ "IOMMU", false, AMI_LINE_IOMMU },
	{ "IVRS", false, AMI_LINE_IOMMU },
	{ "DMAR", false, AMI_LINE_IOMMU },
	{ "DMA-API", false, AMI_LINE_DMA },
	{ "DMA: ", true, AMI_LINE_DMA },
	{ "DMA mapping", false, AMI_LINE_DMA },
	{ "dma_map", false, AMI_LINE_DMA },
	{ "dma_alloc", false, AMI_LINE_DMA },
	{ "swiotlb", false, AMI_LINE_DMA },
	{ "SWIOTLB", false, AMI_LINE_DMA },
	{ "software IO TLB", false, AMI_LINE_DMA },
	{ "Kernel panic", false, AMI_LINE_CRASH },
	{ "BUG: ", false, AMI_LINE_CRASH },
	{ "kernel BUG at", true, AMI_LINE_CRASH },
	{ "Oops: ", false, AMI_LINE_CRASH },
	{ "general protection fault", true, AMI_LINE_CRASH },
	{ "watchdog: ", true, AMI_LINE_CRASH },
	{ "sysrq: Trigger a crash", true, AMI_LINE_CRASH },
	{ "list_add corruption", true, AMI_LINE_CRASH },
	{ "list_del corruption", true, AMI_LINE_CRASH },
};

static enum ami_line_kind kind_of(const struct ami_printk_record *r)
{
	size_t i;

	if (r->facility)
		return AMI_LINE_OTHER;
	for (i = 0; i < sizeof(rules) / sizeof(rules[0]); i++) {
		const char *found = strstr(r->text, rules[i].needle);

		if (found && (!rules[i].at_start || found == r->text))
			return rules[i].kind;
	}
	return AMI_LINE_OTHER;
}

static int known(const struct ami_state *s, const char *text)
{
	const struct ami_device *d;
	struct ami_bdf bdf;

	if (!ami_bdf_parse(text, &bdf))
		return -1;
	d = ami_state_device(s, bdf);
	return d ? (int)(d - s->devices) : -1;
}

/* A PCI address anywhere in the text, if it is one of a known device. */
static int named(const struct ami_state *s, const char *text)
{
	static const char parts[] = "0123456789abcdefABCDEF:.";
	char word[AMI_BDF_TEXT];

	while (*(text += strcspn(text, parts))) {
		size_t len = strspn(text, parts);
		int device;

		while (len && (text[len - 1] == ':' || text[len - 1] == '.'))
			len--;
		if (len >= 7 && len < sizeof(word)) {
			memcpy(word, text, len);
			word[len] = '\0';
			device = known(s, word);
			if (device >= 0)
				return device;
		}
		text += strspn(text, parts);
	}
	return -1;
}

/* Drivers by name, with the device of those that have only one. */
#define MAX_DRIVERS	256u

struct driver {
	const char *name;
	int device;	/* -1: several */
};

struct each {
	const struct ami_state *s;
	bool (*fn)(void *ctx, const struct ami_line *line);
	void *ctx;
	struct driver drivers[MAX_DRIVERS];
	size_t nr_drivers;
};

static void list_drivers(struct each *each)
{
	size_t i, k;

	for (i = 0; i < each->s->nr_devices; i++) {
		const char *name = each->s->devices[i].driver;

		for (k = 0; k < each->nr_drivers; k++)
			if (!strcmp(each->drivers[k].name, name))
				break;
		if (k < each->nr_drivers)
			each->drivers[k].device = -1;
		else if (*name && k < MAX_DRIVERS)
			each->drivers[each->nr_drivers++] =
				(struct driver){ name, i };
	}
}

/* "nvme nvme0: ...": the driver names itself; has it only one device? */
static int of_driver(const struct each *each, const char *text)
{
	size_t i, len = strcspn(text, " :");

	for (i = 0; i < each->nr_drivers; i++)
		if (text[len] && strlen(each->drivers[i].name) == len &&
		    !memcmp(each->drivers[i].name, text, len))
			return each->drivers[i].device;
	return -1;
}

static int device_of(const struct each *each,
		     const struct ami_printk_record *r)
{
	const struct ami_state *s = each->s;
	int device = -1;

	if (!strncmp(r->device, "+pci:", 5))
		device = known(s, r->device + 5);
	if (device < 0)
		device = named(s, r->text);
	return device < 0 && !r->facility ? of_driver(each, r->text) : device;
}

/* What PCI enumeration says before a driver is bound starts with "pci". */
static bool driver_line(const struct ami_state *s, int device,
			const struct ami_printk_record *r)
{
	return device >= 0 && !r->facility && !s->devices[device].is_bridge &&
	       s->devices[device].driver[0] && strncmp(r->text, "pci ", 4);
}

static void classify(const struct each *each,
		     const struct ami_printk_record *r, struct ami_line *line)
{
	line->seq = r->seq;
	line->ts_nsec = r->ts_nsec;
	line->level = r->level;
	line->user = r->facility;
	line->text_mem = r->text_mem;
	line->text = (char *)r->text;
	line->device = device_of(each, r);
	line->kind = kind_of(r);
	if (line->kind == AMI_LINE_OTHER && driver_line(each->s, line->device, r))
		line->kind = AMI_LINE_DEVICE;
}

static bool pass_on(void *ctx, const struct ami_printk_record *r)
{
	const struct each *each = ctx;
	struct ami_line line;

	classify(each, r, &line);
	return each->fn(each->ctx, &line);
}

static enum ami_mem walk(struct each *each, struct ami_printk_stats *stats)
{
	struct ami_dump *dump = ami_kernel_dump(each->s->kernel);
	enum ami_mem mem;

	list_drivers(each);
	ami_dump_record_pause(dump, true);
	mem = ami_printk_each(each->s->kernel, pass_on, each, stats);
	ami_dump_record_pause(dump, false);
	return mem;
}

void ami_dmesg_each(const struct ami_state *state,
		    bool (*fn)(void *ctx, const struct ami_line *line),
		    void *ctx)
{
	struct each each = { .s = state, .fn = fn, .ctx = ctx };
	struct ami_printk_stats stats;

	walk(&each, &stats);
}

struct collect {
	struct ami_dmesg *dmesg;
	size_t oldest;		/* of a full list, used as a ring */
	bool failed;
};

static bool keep(void *ctx, const struct ami_line *line)
{
	struct collect *c = ctx;
	struct ami_dmesg *d = c->dmesg;
	struct ami_line *slot;

	if (!d->any)
		d->first_nsec = line->ts_nsec;
	d->any = true;
	d->last_nsec = line->ts_nsec;
	if (!line->user && !d->hardware[0] &&
	    !strncmp(line->text, "DMI: ", 5))
		snprintf(d->hardware, sizeof(d->hardware), "%s",
			 line->text + 5);
	if (line->kind == AMI_LINE_OTHER)
		return true;
	d->kinds[line->kind]++;
	if (d->count < AMI_MAX_LINES) {
		slot = &d->list[d->count++];
	} else {
		slot = &d->list[c->oldest];
		c->oldest = (c->oldest + 1) % AMI_MAX_LINES;
		d->dropped++;
		free(slot->text);
	}
	*slot = *line;
	slot->text = strdup(line->text);
	c->failed |= !slot->text;
	return !c->failed;
}

static int by_seq(const void *a, const void *b)
{
	const struct ami_line *x = a, *y = b;

	return (x->seq > y->seq) - (x->seq < y->seq);
}

static bool is_extract(const struct ami_state *s)
{
	struct ami_dump *dump = ami_kernel_dump(s->kernel);

	return !strcmp(ami_dump_info(dump)->format, "extract");
}

struct ami_dmesg *ami_dmesg_read(const struct ami_state *state,
				 struct ami_error *err)
{
	struct ami_dmesg *d = calloc(1, sizeof(*d));
	struct collect c = { .dmesg = d };
	struct each each = { .s = state, .fn = keep, .ctx = &c };

	if (d)
		d->list = calloc(AMI_MAX_LINES, sizeof(*d->list));
	if (d && d->list) {
		d->mem = walk(&each, &d->stats);
		/* Nor are the types of the log in an extract. */
		if (d->mem == AMI_MEM_NO_FIELD && is_extract(state))
			d->mem = AMI_MEM_FILTERED;
		qsort(d->list, d->count, sizeof(*d->list), by_seq);
	}
	if (!d || !d->list || c.failed) {
		ami_error_set(err, AMI_ERR_MEMORY, "out of memory");
		ami_dmesg_free(d);
		return NULL;
	}
	if (ami_dump_interrupted(ami_kernel_dump(state->kernel))) {
		ami_error_set(err, AMI_ERR_INTERRUPTED, "interrupted");
		ami_dmesg_free(d);
		return NULL;
	}
	return d;
}

void ami_dmesg_free(struct ami_dmesg *dmesg)
{
	size_t i;

	if (!dmesg)
		return;
	for (i = 0; i < dmesg->count; i++)
		free(dmesg->list[i].text);
	free(dmesg->list);
	free(dmesg);
}
