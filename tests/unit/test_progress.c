// SPDX-License-Identifier: GPL-2.0-or-later
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include <amdiommu/progress.h>

#include "image.h"

struct screen {
	int fd;		/* what the terminal got is read here */
	FILE *to;
};

static void open_screen(struct screen *s)
{
	setenv("TERM", "xterm", 1);
	s->fd = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC | O_NONBLOCK);
	assert_true(s->fd >= 0);
	assert_int_equal(grantpt(s->fd), 0);
	assert_int_equal(unlockpt(s->fd), 0);
	s->to = fopen(ptsname(s->fd), "r+");
	assert_non_null(s->to);
}

static void shows(struct screen *s, const char *text)
{
	char got[256] = "";
	ssize_t n = read(s->fd, got, sizeof(got) - 1);

	got[n > 0 ? n : 0] = '\0';
	assert_string_equal(got, text);
}

static void close_screen(struct screen *s)
{
	fclose(s->to);
	close(s->fd);
}

static void shown_when_it_takes_long(void **state)
{
	struct image *img = image_new(16);
	struct ami_dump *dump = image_dump(img);
	struct ami_progress p;
	struct screen s;

	(void)state;
	open_screen(&s);
	ami_progress_begin(&p, dump, s.to);
	ami_dump_interrupted(dump);
	ami_dump_doing(dump, "page tables");
	ami_dump_interrupted(dump);
	shows(&s, "");		/* so soon */
	p.next.tv_sec = 0;
	ami_dump_interrupted(dump);
	shows(&s, "\r\033[Kpage tables: 0 pages read (Ctrl-C ends it)");
	ami_dump_interrupted(dump);
	shows(&s, "");		/* again so soon */
	ami_progress_end(&p);
	shows(&s, "\r\033[K");
	p.next.tv_sec = 0;
	ami_dump_interrupted(dump);
	shows(&s, "");
	close_screen(&s);
	ami_dump_close(dump);
	image_free(img);
}

static void only_on_a_terminal(void **state)
{
	struct image *img = image_new(16);
	struct ami_dump *dump = image_dump(img);
	FILE *to = tmpfile();
	struct ami_progress p;

	(void)state;
	ami_progress_begin(&p, dump, to);
	ami_dump_doing(dump, "page tables");
	p.next.tv_sec = 0;
	ami_dump_interrupted(dump);
	ami_progress_end(&p);
	assert_int_equal(ftell(to), 0);
	fclose(to);
	ami_dump_close(dump);
	image_free(img);
}

static void not_on_a_dumb_one(void **state)
{
	struct screen s;

	(void)state;
	open_screen(&s);
	assert_true(ami_terminal(s.to));
	setenv("TERM", "dumb", 1);
	assert_false(ami_terminal(s.to));
	unsetenv("TERM");
	assert_false(ami_terminal(s.to));
	fclose(s.to);
	close(s.fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(shown_when_it_takes_long),
		cmocka_unit_test(only_on_a_terminal),
		cmocka_unit_test(not_on_a_dumb_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
