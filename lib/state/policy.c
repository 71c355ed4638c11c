// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What the kernel meant to do with devices' DMA, and who decided it: the default
 * for all devices, and the domain that each device's group has. A device that is
 * not translated against this policy is a finding.
 * Kernel: drivers/iommu/iommu.c, and amd_iommu_def_domain_type().
 */
#include <stdio.h>
#include <string.h>

#include <kernel/identity.h>

#include "state.h"

/* iommu_cmd_line: set by the command line, not by the build */
#define CMD_LINE_DMA_API	1u
#define CMD_LINE_STRICT		2u
#define FLAG_PASID_SUP		4u	/* iommu_dev_data.flags */

const char *ami_policy_by_name(enum ami_policy_by by)
{
	static const char *const name[] = {
		NULL, "default", "command-line", "build", "hardware", "pasid",
		"untrusted", "group", "owner", "snp",
	};

	return name[by];
}

/* Words of the command line that concern IOMMUs; the rest is private. */
static bool is_our_word(const char *word)
{
	static const char *const start[] = {
		"iommu=", "iommu.", "amd_iommu=", "intel_iommu=",
	};
	size_t i;

	for (i = 0; i < sizeof(start) / sizeof(start[0]); i++)
		if (!strncmp(word, start[i], strlen(start[i])))
			return true;
	return false;
}

static void read_words(struct ami_state *s)
{
	char line[AMI_COMMAND_LINE], *at = line, *word;
	size_t used = 0, size = sizeof(s->policy.words);

	if (ami_command_line(s->kernel, line) != AMI_MEM_OK)
		return;
	while ((word = strsep(&at, " ")))
		if (is_our_word(word) && used + strlen(word) + 2 < size)
			used += snprintf(s->policy.words + used, size - used,
					 "%s%s", used ? " " : "", word);
}

/* 5.10's driver decides by a variable of its own. */
static bool read_strict(const struct ami_state *s, bool *strict)
{
	uint64_t at = ami_symbol(s->kernel, AMI_SYM_amd_iommu_unmap_flush);
	uint8_t v;

	if (!at)
		at = ami_symbol(s->kernel, AMI_SYM_iommu_dma_strict);
	if (!at || ami_read(s->kernel, at, &v, sizeof(v)) != AMI_MEM_OK)
		return false;
	*strict = v;
	return true;
}

static bool has_np_cache(const struct ami_state *s)
{
	uint64_t at = ami_symbol(s->kernel, AMI_SYM_amd_iommu_np_cache);
	uint8_t v;

	return at && ami_read(s->kernel, at, &v, sizeof(v)) == AMI_MEM_OK && v;
}

static enum ami_policy_by who_chose_strict(const struct ami_state *s,
					   uint32_t cmd_line)
{
	const struct ami_policy *p = &s->policy;

	if (cmd_line & CMD_LINE_STRICT || strstr(p->words, "fullflush"))
		return AMI_POLICY_COMMAND_LINE;
	return p->strict && has_np_cache(s) ? AMI_POLICY_HARDWARE :
					      AMI_POLICY_BUILD;
}

void state_read_policy(struct ami_state *s)
{
	struct ami_policy *p = &s->policy;
	uint32_t type, cmd_line = 0;

	read_words(s);
	if (ami_read_u32(s->kernel, ami_symbol(s->kernel,
					       AMI_SYM_iommu_def_domain_type),
			 &type) == AMI_MEM_OK && type) {
		p->known = true;
		p->type = state_domain_kind(type);
	}
	if (ami_read_u32(s->kernel, ami_symbol(s->kernel, AMI_SYM_iommu_cmd_line),
			 &cmd_line) == AMI_MEM_OK && p->known)
		p->by = cmd_line & CMD_LINE_DMA_API ? AMI_POLICY_COMMAND_LINE :
						      AMI_POLICY_BUILD;
	p->strict_known = read_strict(s, &p->strict);
	if (p->strict_known)
		p->strict_by = who_chose_strict(s, cmd_line);
}

/* The driver asks for identity for these, unless memory is encrypted. */
static bool has_pasid(const struct ami_state *s, const struct ami_device *d)
{
	uint64_t v;

	if (!d->dev_data)
		return false;
	return (ami_get(s->kernel, d->dev_data, AMI_F_dev_data_iommu_v2, &v) ==
		AMI_MEM_OK && v) ||
	       (ami_get(s->kernel, d->dev_data, AMI_F_dev_data_flags, &v) ==
		AMI_MEM_OK && v & FLAG_PASID_SUP);
}

static bool is_untrusted(const struct ami_state *s, const struct ami_device *d)
{
	uint64_t v;

	return d->pci_dev && ami_get(s->kernel, d->pci_dev,
				     AMI_F_pci_dev_untrusted, &v) ==
	       AMI_MEM_OK && v;
}

/* Is its group attached to another domain than it would have by itself? */
static bool is_claimed(const struct ami_state *s, const struct ami_device *d)
{
	uint64_t group, domain;

	return ami_get(s->kernel, d->dev, AMI_F_device_group, &group) ==
	       AMI_MEM_OK && group &&
	       ami_get(s->kernel, group, AMI_F_group_default_domain,
		       &domain) == AMI_MEM_OK && domain &&
	       domain != d->group_domain.va;
}

static enum ami_policy_by who_decided(const struct ami_state *s,
				      const struct ami_device *d)
{
	enum ami_domain_kind kind = d->group_domain.kind;

	if (is_claimed(s, d))
		return AMI_POLICY_OWNER;
	if (s->snp && has_pasid(s, d) &&
	    (kind == AMI_DOMAIN_DMA || kind == AMI_DOMAIN_DMA_FQ))
		return AMI_POLICY_SNP;
	if (s->policy.known && kind == s->policy.type)
		return AMI_POLICY_DEFAULT;
	if (kind == AMI_DOMAIN_IDENTITY && has_pasid(s, d))
		return AMI_POLICY_PASID;
	if (kind == AMI_DOMAIN_DMA && is_untrusted(s, d))
		return AMI_POLICY_UNTRUSTED;
	return AMI_POLICY_GROUP;
}

/* Does the policy give it a table that bounds it? */
static bool should_be_bounded(const struct ami_state *s,
			      const struct ami_device *d)
{
	enum ami_domain_kind kind = d->group_domain.kind;

	if (kind == AMI_DOMAIN_DMA || kind == AMI_DOMAIN_DMA_FQ)
		return true;
	/* Up to 6.6 there are such domains for PASIDs alone. */
	return kind == AMI_DOMAIN_UNMANAGED && d->domain >= 0 &&
	       s->domains[d->domain].table.format != AMI_FORMAT_NONE;
}

static void check_policy(struct ami_state *s, const struct ami_device *d)
{
	char where[AMI_BDF_TEXT];

	if (!ami_device_direct(d) || !should_be_bounded(s, d) ||
	    d->bypass == AMI_BYPASS_VIRTIO || d->deferred || s->untranslated)
		return;
	ami_finding_add_with(s->findings, AMI_FIND_POLICY_CONTRADICTED,
			ami_bdf_text(d->bdf, where),
			AMI_FACTS(
				AMI_SAYS(GROUP, d->group),
				AMI_NAMES(DOMAIN_TYPE,
					  ami_domain_kind_name(d->group_domain.kind)),
				AMI_NAMES(TRANSLATION,
					  ami_translation_name(d->translation))),
			"Its IOMMU group %d has a domain of type %s, but its DMA was not translated (%s), and no setting explains that: it could write any page.",
			d->group, ami_domain_kind_name(d->group_domain.kind),
			ami_translation_name(d->translation));
}

static const char *why_identity(enum ami_policy_by by)
{
	switch (by) {
	case AMI_POLICY_PASID:
		return "it can use PASIDs, and the driver gives such devices an identity domain";
	case AMI_POLICY_OWNER:
		return "a program or driver claimed its group";
	default:
		return "the type of its IOMMU group was set so, or its driver asked for it";
	}
}

/* Devices that follow the default are one finding. */
static void report_identity(struct ami_state *s)
{
	char where[AMI_BDF_TEXT], why[160];
	size_t i, count = 0;

	for (i = 0; i < s->nr_devices; i++) {
		const struct ami_device *d = &s->devices[i];

		if (d->policy_by == AMI_POLICY_UNKNOWN ||
		    d->group_domain.kind != AMI_DOMAIN_IDENTITY)
			continue;
		if (d->policy_by == AMI_POLICY_DEFAULT)
			count++;
		else
			ami_finding_add_with(s->findings,
					AMI_FIND_NOT_TRANSLATED_BY_POLICY,
					ami_bdf_text(d->bdf, where),
					AMI_FACTS(
						AMI_NAMES(POLICY_BY,
							  ami_policy_by_name(d->policy_by))),
					"Not translated by configuration: %s.",
					why_identity(d->policy_by));
	}
	if (!count)
		return;
	ami_policy_text(s, s->policy.by, why, sizeof(why));
	ami_finding_add_with(s->findings, AMI_FIND_NOT_TRANSLATED_BY_POLICY, "kernel",
			AMI_FACTS(
				AMI_SAYS(DEVICES, count),
				AMI_NAMES(POLICY_BY,
					  ami_policy_by_name(s->policy.by)),
				AMI_NAMES(WORDS, s->policy.words)),
			"%zu device%s not translated by configuration: %s.",
			count, count == 1 ? " is" : "s are", why);
}

void ami_policy_text(const struct ami_state *s, enum ami_policy_by by,
		     char *buf, size_t size)
{
	static const char *const text[] = {
		"the reason is not known", "as all devices", "the command line",
		"the kernel's build", "the IOMMU caches what is not mapped",
		"a device that can use PASIDs", "a device that is not trusted",
		"set for its group", "its group is claimed",
		"SNP forbids identity",
	};

	snprintf(buf, size, "%s", by == AMI_POLICY_COMMAND_LINE &&
		 s->policy.words[0] ? s->policy.words : text[by]);
}

void state_apply_policy(struct ami_state *s)
{
	size_t i;

	for (i = 0; i < s->nr_devices; i++) {
		struct ami_device *d = &s->devices[i];

		if (!d->dev || !d->group_domain.va)
			continue;
		d->policy_by = who_decided(s, d);
		if (s->guard == AMI_GUARD_AMD)
			check_policy(s, d);
	}
	report_identity(s);
}
