// SPDX-License-Identifier: GPL-2.0-or-later
/* Nothing of a dump or its name reaches a terminal as it is. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include <amdiommu/display.h>

#include "render.h"
#include "vmcore.h"

#define COUNT(array)	(sizeof(array) / sizeof((array)[0]))

/* Escape sequences, newlines, C1, bidi, bytes that are no UTF-8, markup. */
static const char *const hostile[] = {
	"\33]0;pwned\a\33[31mRED\nVERDICT  trusted\r\n",
	"\xe2\x80\xae\xff\xfe\xc2\x9b" "31m\xf0\x9f\x98",
	"</script><script>alert(1)</script>",
	"\"' onload=alert(1) x='",
	"\\\"\\u0000\t%s%n%x",
	"\xe2\x80\x8b\xef\xbb\xbf\xe2\x81\xa6\x7f\xc0\x80",
};

static void shows(const char *text, const char *want)
{
	char buf[80], again[80], *copy = ami_display_copy(text);

	assert_string_equal(ami_display(text, buf, sizeof(buf)), want);
	assert_string_equal(copy, want);
	assert_string_equal(ami_display(buf, again, sizeof(again)), want);
	assert_true(ami_is_displayable(want, strlen(want)));
	assert_int_equal(ami_is_displayable(text, strlen(text)),
			 !strcmp(text, want));
	free(copy);
}

static void text_for_people(void **state)
{
	(void)state;
	shows("", "");
	shows("plain ~ text", "plain ~ text");
	shows("\xc3\xbc \xe2\x82\xac \xf0\x9f\x98\x80",
	      "\xc3\xbc \xe2\x82\xac \xf0\x9f\x98\x80");
	shows("a\33[1m\n\t\r\x7f", "a\\x1b[1m\\n\\t\\x0d\\x7f");
	shows("\xc2\x9b", "\\u{9b}");
	shows("\xe2\x80\xae\xe2\x81\xa9", "\\u{202e}\\u{2069}");
	shows("\xe2\x80\x8b\xef\xbb\xbf", "\\u{200b}\\u{feff}");
	shows("\xe2\x80\xa8\xc2\xad", "\\u{2028}\\u{ad}");
	shows("\xf3\xa0\x81\x81", "\\u{e0041}");
	shows("\xff\x80z", "\\xff\\x80z");
	shows("\xc0\xaf", "\\xc0\\xaf");		/* overlong */
	shows("\xed\xa0\x80", "\\xed\\xa0\\x80");	/* a surrogate */
	shows("\xf4\x90\x80\x80", "\\xf4\\x90\\x80\\x80");
	shows("\xe2\x82", "\\xe2\\x82");		/* cut off */
	shows("\xef\xbf\xbf", "\\u{ffff}");
}

/* In a buffer that is too small whole characters remain. */
static void cut(void **state)
{
	char buf[6];

	(void)state;
	assert_string_equal(ami_display("abcdef", buf, 6), "abcde");
	assert_string_equal(ami_display("abc\xc3\xbc", buf, 6), "abc\xc3\xbc");
	assert_string_equal(ami_display("abcd\xc3\xbc", buf, 6), "abcd");
	assert_string_equal(ami_display("abc\33", buf, 6), "abc");
	assert_false(ami_is_displayable("\xc3\xbc", 1));
	assert_false(ami_is_displayable("a\0b", 3));
}

static void each_code_point(void **state)
{
	uint32_t code;

	(void)state;
	for (code = 1; code <= 0x10ffff; code++) {
		char buf[5] = "", shown[AMI_DISPLAY_CHAR];
		const char *at = buf;

		if (code >= 0xd800 && code < 0xe000)
			continue;
		buf[ami_utf8_put(code, buf)] = '\0';
		assert_int_equal(ami_utf8_next(&at), code);
		assert_int_equal(*at, 0);
		assert_in_range(ami_display_char(code, shown), 1,
				AMI_DISPLAY_CHAR - 1);
	}
}

static struct machine *hostile_machine(void)
{
	struct machine *m = machine_new_sized(SHAPE_6_1, 0, 0xff, 1 << 16);
	unsigned int i;

	for (i = 0; i < COUNT(hostile); i++) {
		uint64_t root = machine_v1(m, BUFFER, 4);
		struct amdvi_dte dte = {
			.v = true, .tv = true, .ir = true, .iw = true,
			.mode = 2, .domain_id = 4 + i, .host_root = root,
		};

		machine_device(m, 0x10 + 8 * i, hostile[i],
			       machine_domain(m, 4 + i, TYPE_DMA,
					      AMI_FORMAT_V1, root, 2));
		machine_dte(m, 0x10 + 8 * i, &dte);
	}
	image_vmcoreinfo_add(m->img, "BUILD-ID=<script>\33[31m\n");
	return m;
}

/* As the command does, of a file whose name is as bad. */
static struct ami_analysis *open_hostile(struct machine *m)
{
	struct ami_error err = { .status = AMI_OK };
	char path[] = "/tmp/\33[31m\n\xe2\x80\xae\xff<i>.XXXXXX";
	const char *paths[] = { path };
	struct ami_analysis *a;
	struct ami_dump *dump;
	int fd = mkstemp(path);

	assert_true(fd >= 0);
	close(fd);
	vmcore_save(m, path);
	dump = ami_dump_open(paths, 1, &err);
	unlink(path);
	assert_non_null(dump);
	a = ami_analyse(dump, &ami_layout_btf, NULL, &err);
	if (!a)
		fail_msg("%s", err.text);
	return a;
}

static void check_lines(const char *text)
{
	size_t len;

	for (; *text; text += len + !!text[len]) {
		len = strcspn(text, "\n");
		if (!ami_is_displayable(text, len))
			fail_msg("not displayable: %.*s", (int)len, text);
		assert_int_not_equal(strncmp(text, "VERDICT  trusted", 16), 0);
	}
}

static void check_view(const struct ami_analysis *a, struct ami_request r)
{
	char *text;

	r.json = false;
	text = render(a, &r);
	check_lines(text);
	free(text);
	r.json = true;
	text = render(a, &r);
	check_lines(text);
	free(text);
}

static void views(void **state)
{
	struct machine *m = hostile_machine();
	struct ami_analysis *a = open_hostile(m);
	struct ami_request r = { .iommu = -1, .verbose = true, .pages = true };

	(void)state;
	for (r.view = 0; r.view < AMI_VIEWS; r.view++) {
		r.has_bdf = ami_views[r.view].min_args;
		r.bdf.devid = 0x10;
		check_view(a, r);
	}
	ami_analysis_free(a);
	machine_free(m);
}

static void check_bug(struct ami_analysis *a)
{
	struct ami_request r = { .iommu = -1, .bug = true };
	char *text = render(a, &r);

	check_lines(text);
	free(text);
}

static void check_page(struct ami_analysis *a)
{
	struct ami_request r = { .iommu = -1, .html = true };
	char *text = render(a, &r), *tab;

	/* Of the style sheet and the script. */
	for (tab = text; (tab = strchr(tab, '\t')); tab++)
		*tab = ' ';
	check_lines(text);
	lacks(text, "<script>alert");
	lacks(text, "<i>.");
	lacks(text, "\" onload=");
	free(text);
}

static void html_and_bug(void **state)
{
	struct machine *m = hostile_machine();
	struct ami_analysis *a = open_hostile(m);

	(void)state;
	check_bug(a);
	check_page(a);
	ami_analysis_free(a);
	machine_free(m);
}

static void messages(void **state)
{
	struct ami_findings f = { 0 };
	struct ami_error err;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(hostile); i++) {
		ami_error_set(&err, AMI_ERR_INPUT, "cannot open %s",
			      hostile[i]);
		assert_true(ami_is_displayable(err.text, strlen(err.text)));
		ami_finding_add_with(&f, AMI_FIND_MARKS_REFUSED, hostile[i],
				     AMI_FACTS(AMI_NAMES(CAUSE, hostile[i])),
				     "%s", hostile[i]);
		assert_true(ami_is_displayable(f.list[i].facts.list[0].text,
					       strlen(f.list[i].facts.list[0].text)));
		assert_true(ami_is_displayable(f.list[i].text,
					       strlen(f.list[i].text)));
		assert_true(ami_is_displayable(f.list[i].where,
					       strlen(f.list[i].where)));
	}
	ami_findings_free(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(text_for_people),
		cmocka_unit_test(cut),
		cmocka_unit_test(each_code_point),
		cmocka_unit_test(views),
		cmocka_unit_test(html_and_bug),
		cmocka_unit_test(messages),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
