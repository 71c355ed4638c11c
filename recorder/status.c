// SPDX-License-Identifier: GPL-2.0-or-later
/* Is all in place that a record at the next crash rests on? */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <bpf/bpf.h>

#include "recorder.h"

/**
 * struct status - each fact that a record rests on
 * @attached: the link is alive; @ftrace: what fires it is enabled
 * @kdump: a capture kernel is loaded: without one the hook is never called
 * @whole: all pages are as they were written
 */
struct status {
	bool loaded, attached, ftrace, kdump, whole;
	unsigned int iommus, pages;
};

static void look_at_pages(struct status *s, int map)
{
	size_t size = AMI_RECORD_PAGE, i;
	const struct ami_record_machine *m;
	struct bpf_map_info info = { 0 };
	__u32 len = sizeof(info);
	const uint8_t *page;

	if (bpf_obj_get_info_by_fd(map, &info, &len) ||
	    info.value_size % AMI_RECORD_PAGE)
		return;
	size = info.value_size;
	page = mmap(NULL, size, PROT_READ, MAP_SHARED, map, 0);
	if (page == MAP_FAILED)
		return;
	m = (const void *)page;
	s->iommus = m->iommus;
	s->pages = size / AMI_RECORD_PAGE;
	s->whole = m->head.version == AMI_RECORD_VERSION;
	for (i = 0; i < s->pages; i++) {
		const struct ami_record_head *h =
			(const void *)(page + i * AMI_RECORD_PAGE);

		s->whole &= h->page == i && h->sum == ami_record_sum(h);
	}
	munmap((void *)page, size);
}

static struct status find_status(void)
{
	struct status s = {
		.kdump = recorder_number_in("/sys/kernel/kexec_crash_loaded") == 1,
		/* A kernel without the switch cannot be switched off. */
		.ftrace = recorder_number_in("/proc/sys/kernel/ftrace_enabled") != 0,
	};
	struct bpf_link_info info = { 0 };
	__u32 len = sizeof(info);
	int map = bpf_obj_get(PIN_MAP), link = bpf_obj_get(PIN_LINK);

	s.loaded = map >= 0 && link >= 0;
	s.attached = link >= 0 && !bpf_obj_get_info_by_fd(link, &info, &len) &&
		     info.type == BPF_LINK_TYPE_TRACING;
	if (map >= 0)
		look_at_pages(&s, map);
	if (map >= 0)
		close(map);
	if (link >= 0)
		close(link);
	return s;
}

static void print_json(const struct status *s, bool ready)
{
	static const char *const word[] = { "false", "true" };

	printf("{\"ready\": %s, \"loaded\": %s, \"attached\": %s, "
	       "\"ftrace_enabled\": %s, \"crash_kernel_loaded\": %s, "
	       "\"record_whole\": %s, \"iommus\": %u, \"pages\": %u}\n",
	       word[ready], word[s->loaded], word[s->attached],
	       word[s->ftrace], word[s->kdump], word[s->whole], s->iommus,
	       s->pages);
}

static void print_text(const struct status *s, bool ready)
{
	printf("%s\n", ready ? "ready: a crash will be recorded" :
	       "NOT READY: a crash will not be recorded");
	if (!s->loaded) {
		puts("- the recorder is not loaded (amdiommu-record load)");
		return;
	}
	printf("- %u IOMMU%s, %u KiB of memory\n", s->iommus,
	       s->iommus == 1 ? "" : "s", s->pages * 4);
	if (!s->attached)
		puts("- its link to the kernel is gone: load it again");
	if (!s->ftrace)
		puts("- ftrace is switched off, so the recorder is not called\n"
		     "  (sysctl kernel.ftrace_enabled=1)");
	if (!s->kdump)
		puts("- no capture kernel is loaded: without one, the kernel does not\n"
		     "  call the recorder at a crash (is the kdump service running?)");
	if (!s->whole)
		puts("- the record was written to since it was loaded: load it again");
}

int recorder_status(bool json)
{
	struct status s = find_status();
	bool ready = s.loaded && s.attached && s.ftrace && s.kdump && s.whole;

	if (geteuid()) {
		fputs("amdiommu-record: status needs root: " PIN_DIR
		      " is closed to others\n", stderr);
		return 2;
	}
	if (json)
		print_json(&s, ready);
	else
		print_text(&s, ready);
	return !ready;
}
