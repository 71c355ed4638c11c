// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Which device a line of the kernel's log is about: by what dev_printk()
 * stored, a PCI address, a name from an earlier line, or a driver with one
 * device.
 */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "kinds.h"

static int known(const struct ami_state *s, const char *text)
{
	const struct ami_device *d;
	struct ami_bdf bdf;

	if (!ami_bdf_parse(text, &bdf))
		return -1;
	d = ami_state_device(s, bdf);
	return d ? (int)(d - s->devices) : -1;
}

/* "0000:07:00": some drivers leave out the function. Take the first. */
static int known_slot(const struct ami_state *s, const char *word)
{
	char whole[AMI_BDF_TEXT + 2];

	if (strlen(word) != 10 || strchr(word, '.'))
		return -1;
	snprintf(whole, sizeof(whole), "%s.0", word);
	return known(s, whole);
}

/* A PCI address anywhere in the text, if it is a known device's. */
static int addressed(const struct ami_state *s, const char *text,
		     const char **end)
{
	static const char parts[] = "0123456789abcdefABCDEF:.";
	char word[AMI_BDF_TEXT];

	while (*(text += strcspn(text, parts))) {
		size_t len = strspn(text, parts), at = text[0] == ':';
		int device;

		*end = text + len;
		while (len > at && (text[len - 1] == ':' ||
				    text[len - 1] == '.'))
			len--;
		snprintf(word, sizeof(word), "%.*s", (int)(len - at),
			 text + at);
		device = len - at < 7 || len - at >= sizeof(word) ? -1 :
			 known(s, word);
		if (device < 0)
			device = known_slot(s, word);
		if (device >= 0)
			return device;
		text = *end;
	}
	return -1;
}

void incidents_names_start(struct names *n, const struct ami_state *s)
{
	size_t i, k;

	n->s = s;
	n->nr_drivers = n->nr_learned = 0;
	for (i = 0; i < s->nr_devices; i++) {
		const char *name = s->devices[i].driver;

		for (k = 0; k < n->nr_drivers; k++)
			if (!strcmp(n->drivers[k].name, name))
				break;
		if (k < n->nr_drivers) {
			n->drivers[k].device = -1;
		} else if (*name && k < MAX_DRIVERS) {
			n->drivers[k].name = name;
			n->drivers[n->nr_drivers++].device = i;
		}
	}
}

/* Is the word a driver here? *@device: its only device, else -1. */
static bool is_driver(const struct names *n, const char *name, size_t len,
		      int *device)
{
	size_t i;

	for (i = 0; i < n->nr_drivers; i++)
		if (strlen(n->drivers[i].name) == len &&
		    !memcmp(n->drivers[i].name, name, len)) {
			*device = n->drivers[i].device;
			return true;
		}
	return false;
}

/* "mpt3sas_cm0: ...": a driver that numbers its devices */
static size_t stem(const char *word, size_t len)
{
	while (len && isdigit((unsigned char)word[len - 1]))
		len--;
	if (len > 3 && !memcmp(word + len - 3, "_cm", 3))
		len -= 3;
	return len;
}

/*
 * "nvme nvme0: ...", "NETDEV WATCHDOG: eth0 (igb): ...": the line names its
 * driver.
 */
static bool by_driver(const struct names *n, const char *text, int *device)
{
	size_t len = strcspn(text, " :");
	const char *open;

	*device = -1;
	if (text[len] && (is_driver(n, text, len, device) ||
			  is_driver(n, text, stem(text, len), device)))
		return true;
	for (open = strchr(text, '('); open; open = strchr(open + 1, '(')) {
		len = strcspn(open + 1, ")");
		if (open[1 + len] && is_driver(n, open + 1, len, device))
			return true;
	}
	return false;
}

/* A device name ends in a number, or in letters and numbers of its place. */
static bool can_be_name(const char *word, size_t len)
{
	size_t i;

	if (len < 4 || len >= 16 || !islower((unsigned char)word[0]) ||
	    !isdigit((unsigned char)word[len - 1]))
		return false;
	for (i = 0; i < len; i++)
		if (!isalnum((unsigned char)word[i]))
			return false;
	return true;
}

static int find_name(const struct names *n, const char *word, size_t len)
{
	size_t i;

	for (i = 0; i < n->nr_learned; i++)
		if (strlen(n->learned[i].name) == len &&
		    !memcmp(n->learned[i].name, word, len))
			return i;
	return -1;
}

static void learn(struct names *n, const char *word, size_t len, int device)
{
	int at = find_name(n, word, len);

	if (device < 0 || !can_be_name(word, len))
		return;
	if (at < 0) {
		if (n->nr_learned == MAX_NAMES)
			return;
		at = n->nr_learned++;
	}
	snprintf(n->learned[at].name, sizeof(n->learned[at].name), "%.*s",
		 (int)len, word);
	n->learned[at].device = device;
}

/*
 * "nvme nvme0: pci function 0000:01:00.0"; "e1000e 0000:00:04.0 enp0s4: renamed
 * from eth0"; "scsi host2: ahci". A later name replaces an earlier one.
 */
static void learn_from(struct names *n, const char *text, int device,
		       const char *end)
{
	static const char function[] = ": pci function ", host[] = "scsi host";
	const char *at = strstr(text, function);
	size_t len;

	if (device >= 0 && at) {
		const char *word = at;

		while (word > text && isalnum((unsigned char)word[-1]))
			word--;
		learn(n, word, at - word, device);
	}
	if (device >= 0 && end && *end == ' ') {
		len = strcspn(end + 1, ": ");
		if (end[1 + len] == ':')
			learn(n, end + 1, len, device);
	}
	if (!strncmp(text, host, strlen(host)) && (at = strstr(text, ": "))) {
		const char *word = text + strlen("scsi ");

		len = strcspn(at + 2, " ");
		if (is_driver(n, at + 2, len, &device))
			learn(n, word, at - word, device);
	}
}

/* "sd 2:0:0:0: ...": of SCSI host 2 */
static int by_host(const struct names *n, const char *text)
{
	static const char *const of[] = { "sd ", "scsi ", "sr ", "ses " };
	unsigned int host, channel, id;
	char name[16];
	size_t i;
	int at;

	for (i = 0; i < sizeof(of) / sizeof(of[0]); i++)
		if (!strncmp(text, of[i], strlen(of[i])) &&
		    sscanf(text + strlen(of[i]), "%4u:%u:%u:", &host, &channel,
			   &id) == 3) {
			snprintf(name, sizeof(name), "host%u", host);
			at = find_name(n, name, strlen(name));
			return at < 0 ? -1 : n->learned[at].device;
		}
	return -1;
}

/*
 * Any word that is a learned name. A disk's name is its controller's and more.
 */
static int by_name(const struct names *n, const char *text)
{
	while (*text) {
		size_t len = 0;
		int at;

		while (isalnum((unsigned char)text[len]))
			len++;
		at = len ? find_name(n, text, len) : -1;
		if (at < 0 && !strncmp(text, "nvme", 4) && len > 5) {
			size_t digits = strspn(text + 4, "0123456789");

			at = find_name(n, text, 4 + digits);
		}
		if (at >= 0)
			return n->learned[at].device;
		text += len ? len : 1;
	}
	return -1;
}

int incidents_names_device(struct names *n, const struct ami_printk_record *r)
{
	const char *end = NULL;
	int device = -1, by_text;

	if (!strncmp(r->device, "+pci:", 5))
		device = known(n->s, r->device + 5);
	by_text = addressed(n->s, r->text, &end);
	if (device < 0)
		device = by_text;
	if (r->facility)
		return device;
	learn_from(n, r->text, by_text, by_text < 0 ? NULL : end);
	if (device < 0)
		device = by_host(n, r->text);
	if (device < 0)
		device = by_name(n, r->text);
	if (device < 0)
		by_driver(n, r->text, &device);
	return device;
}

/* Lines of PCI enumeration, before a driver is bound, start with "pci". */
bool incidents_names_driver(const struct names *n, const struct ami_printk_record *r,
			    int device)
{
	int one;

	if (r->facility || !strncmp(r->text, "pci ", 4))
		return false;
	if (device >= 0)
		return !n->s->devices[device].is_bridge &&
		       n->s->devices[device].driver[0];
	return by_driver(n, r->text, &one);
}
