// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The extension for `makedumpfile --extension`. The analysis runs in
 * extension_init(), in a child process: makedumpfile goes on whatever happens
 * to it. The marks go into the dump when makedumpfile exits. Earlier, the file
 * is not complete.
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "decide.h"
#include "host.h"
#include "readmem_dump.h"
#include "session.h"
#include "settings.h"

#define EXPORT		__attribute__((visibility("default")))
#define MAX_CMDLINE	65536u
#define MAX_WORDS	1024

/*
 * makedumpfile wants the bounds of two tables of symbols and types to look up.
 * It drops all extensions if one does not have them. Ours are empty: our
 * library looks up what it needs, and copes with what is missing.
 */
EXPORT const char __start_init_ksyms[1] __attribute__((aligned(8)));
EXPORT extern const char __stop_init_ksyms[1]
	__attribute__((alias("__start_init_ksyms")));
EXPORT extern const char __start_init_ktypes[1]
	__attribute__((alias("__start_init_ksyms")));
EXPORT extern const char __stop_init_ktypes[1]
	__attribute__((alias("__start_init_ksyms")));

EXPORT void extension_init(void);
EXPORT int extension_callback(unsigned long pfn, const void *pcache);

/* The host passes no context to callbacks, so it is here. */
static struct {
	char cmdline[MAX_CMDLINE];
	struct job job;
	struct session session;
	struct decisions decisions;
	pid_t pid;
} self;

/* makedumpfile does not pass its arguments on, but the kernel has them. */
static int read_words(char *const **words)
{
	static char *word[MAX_WORDS + 1];
	FILE *f = fopen("/proc/self/cmdline", "re");
	size_t size = 0, at;
	int n = 0;

	if (f) {
		size = fread(self.cmdline, 1, sizeof(self.cmdline) - 1, f);
		fclose(f);
	}
	for (at = 0; at < size && n < MAX_WORDS; n++) {
		word[n] = self.cmdline + at;
		while (self.cmdline[at++])
			;
	}
	*words = word;
	return n;
}

/* Children of --split call it too. They are not meant. */
static void at_exit(int status, void *unused)
{
	(void)unused;
	if (getpid() == self.pid && !status)
		session_finish(&self.session);
}

void extension_init(void)
{
	struct session *s = &self.session;
	char *const *words;
	int n = read_words(&words);

	if (n < 2)
		return;
	job_parse(&self.job, n, words);
	if (self.job.kind == JOB_OTHER || self.job.kind == JOB_REASSEMBLE)
		return;
	settings_check();
	*s = (struct session){
		.job = &self.job, .open = readmem_dump_open,
		.decisions = guard_fd(memfd_create("amdiommu-decisions", MFD_CLOEXEC)),
	};
	session_start(s);
	if (s->marks >= 0 && s->decisions >= 0)
		decide_load(s->decisions, &self.decisions);
	self.pid = getpid();
	on_exit(at_exit, NULL);
}

int extension_callback(unsigned long pfn, const void *pcache)
{
	(void)pcache;
	return decide(&self.decisions, pfn);
}
