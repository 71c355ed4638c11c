// SPDX-License-Identifier: GPL-2.0-or-later
/* Files that are written: complete or not at all, and never over what others made. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/un.h>
#include <unistd.h>
#include <dirent.h>

#include <cmocka.h>

#include <amdiommu/newfile.h>

#define OURS	"OURS, old"
#define NEW	"OURS, new"

static char dir[32];

static const char *in_dir(const char *name)
{
	static char path[4][64];
	static unsigned int next;
	char *to = path[next++ % 4];

	snprintf(to, sizeof(path[0]), "%s/%s", dir, name);
	return to;
}

static bool is_ours(const uint8_t *head, size_t len)
{
	return len >= 4 && !memcmp(head, "OURS", 4);
}

static void put(const char *name, const char *text)
{
	FILE *f = fopen(in_dir(name), "w");

	assert_non_null(f);
	fputs(text, f);
	fclose(f);
}

static void holds(const char *name, const char *text)
{
	char buf[32] = "";
	int fd = open(in_dir(name), O_RDONLY | O_CLOEXEC | O_NONBLOCK);

	assert_true(fd >= 0);
	assert_int_equal(read(fd, buf, sizeof(buf) - 1), strlen(text));
	assert_string_equal(buf, text);
	close(fd);
}

static unsigned int files(void)
{
	DIR *d = opendir(dir);
	unsigned int n = 0;

	while (readdir(d))
		n++;
	closedir(d);
	return n - 2;
}

static const char *input;
static bool force;

static int begin(struct ami_newfile *f, const char *name,
		 struct ami_error *err)
{
	struct ami_newfile_rules rules = {
		.what = "marks", .advice = "go away", .is_ours = is_ours,
		.force = force, .input = &input, .inputs = 1, .mode = 0640,
	};

	return ami_newfile_begin(f, in_dir(name), &rules, err);
}

static void taken(const char *name)
{
	struct ami_error err;
	struct ami_newfile f;
	struct stat st;

	assert_int_equal(begin(&f, name, &err), 0);
	assert_int_equal(write(f.fd, NEW, strlen(NEW)), strlen(NEW));
	assert_int_equal(ami_newfile_finish(&f, &err), 0);
	holds(name, NEW);
	assert_int_equal(lstat(in_dir(name), &st), 0);
	assert_int_equal(st.st_mode, S_IFREG | 0640);
}

static void refused(const char *name, const char *why)
{
	unsigned int before = files();
	struct stat was, is;
	struct ami_error err;
	struct ami_newfile f;

	assert_int_equal(lstat(in_dir(name), &was), 0);
	assert_int_equal(begin(&f, name, &err), -1);
	assert_int_equal(err.status, AMI_ERR_OUTPUT);
	if (!strstr(err.text, why))
		fail_msg("%s", err.text);
	assert_int_equal(lstat(in_dir(name), &is), 0);
	assert_int_equal(was.st_ino, is.st_ino);
	assert_int_equal(files(), before);
}

static int setup(void **state)
{
	(void)state;
	strcpy(dir, "/tmp/newfile.XXXXXX");
	umask(022);
	input = NULL;
	force = false;
	return !mkdtemp(dir);
}

static int teardown(void **state)
{
	char command[64];

	(void)state;
	snprintf(command, sizeof(command), "rm -rf %s", dir);
	return system(command);
}

static void new_and_ours(void **state)
{
	(void)state;
	taken("new");
	put("old", OURS);
	taken("old");
	/* the other name of it keeps what it had */
	put("one", OURS);
	assert_int_equal(link(in_dir("one"), in_dir("two")), 0);
	taken("one");
	holds("two", OURS);
	assert_int_equal(files(), 4);
}

static void of_others(void **state)
{
	(void)state;
	put("text", "hers");
	refused("text", "not made by amdiommu; go away");
	holds("text", "hers");
	put("empty", "");
	refused("empty", "not made by");
	assert_int_equal(symlink(in_dir("nowhere"), in_dir("dangling")), 0);
	refused("dangling", "exists already");
	put("old", OURS);
	assert_int_equal(symlink("old", in_dir("link")), 0);
	refused("link", "exists already");
	force = true;
	taken("text");
	taken("link");
	taken("dangling");
	holds("old", OURS);
}

static void no_files(void **state)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	void *address = &at;
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	(void)state;
	assert_int_equal(mkdir(in_dir("directory"), 0700), 0);
	assert_int_equal(mkfifo(in_dir("fifo"), 0600), 0);
	strcpy(at.sun_path, in_dir("socket"));
	assert_int_equal(bind(fd, address, sizeof(at)), 0);
	close(fd);
	for (force = false;; force = true) {
		refused("directory", "is a directory");
		refused("fifo", "is a FIFO");
		refused("socket", "is a socket");
		if (!mknod(in_dir("device"), S_IFCHR | 0600, makedev(1, 7)) ||
		    force)
			break;
	}
	if (!access(in_dir("device"), F_OK))
		refused("device", "is a device");
}

/* By its name, a link, a symbolic link; even if we made it. */
static void never_the_input(void **state)
{
	(void)state;
	put("input", OURS);
	input = strdup(in_dir("input"));
	assert_int_equal(link(input, in_dir("hard")), 0);
	assert_int_equal(symlink("input", in_dir("soft")), 0);
	for (force = false;; force = true) {
		refused("input", "never replaced");
		refused("hard", "never replaced");
		refused("soft", "never replaced");
		if (force)
			break;
	}
	holds("input", OURS);
	free((char *)input);
}

static void dropped(void **state)
{
	struct ami_error err;
	struct ami_newfile f;

	(void)state;
	put("old", OURS);
	assert_int_equal(begin(&f, "old", &err), 0);
	assert_int_equal(files(), 2);
	ami_newfile_drop(&f);
	assert_int_equal(files(), 1);
	holds("old", OURS);
	assert_int_equal(begin(&f, "no/where", &err), -1);
	assert_non_null(strstr(err.text, "No such file"));
}

/* What others put there meanwhile is theirs. */
static void meanwhile(void **state)
{
	struct ami_error err;
	struct ami_newfile f;

	(void)state;
	assert_int_equal(begin(&f, "new", &err), 0);
	put("new", "hers");
	assert_int_equal(ami_newfile_finish(&f, &err), -1);
	holds("new", "hers");
	put("old", OURS);
	assert_int_equal(begin(&f, "old", &err), 0);
	put("other", "hers");
	assert_int_equal(rename(in_dir("other"), in_dir("old")), 0);
	assert_int_equal(ami_newfile_finish(&f, &err), -1);
	holds("old", "hers");
	assert_int_equal(files(), 2);
}

/* Names that are taken are not used, whatever is there. */
static void names_beside(void **state)
{
	char name[64];

	(void)state;
	snprintf(name, sizeof(name), "new.%lx-0.new", (unsigned long)getpid());
	assert_int_equal(mkfifo(in_dir(name), 0600), 0);
	snprintf(name, sizeof(name), "new.%lx-1.new", (unsigned long)getpid());
	put(name, "hers");
	taken("new");
	holds(name, "hers");
	assert_int_equal(files(), 3);
}

static void removed(void **state)
{
	(void)state;
	put("old", OURS);
	put("text", "hers");
	assert_int_equal(mkfifo(in_dir("fifo"), 0600), 0);
	assert_int_equal(symlink("old", in_dir("link")), 0);
	ami_newfile_remove(in_dir("text"), is_ours);
	ami_newfile_remove(in_dir("fifo"), is_ours);
	ami_newfile_remove(in_dir("link"), is_ours);
	ami_newfile_remove(in_dir("no"), is_ours);
	assert_int_equal(files(), 4);
	ami_newfile_remove(in_dir("old"), is_ours);
	assert_int_equal(files(), 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(new_and_ours, setup, teardown),
		cmocka_unit_test_setup_teardown(of_others, setup, teardown),
		cmocka_unit_test_setup_teardown(no_files, setup, teardown),
		cmocka_unit_test_setup_teardown(never_the_input, setup, teardown),
		cmocka_unit_test_setup_teardown(dropped, setup, teardown),
		cmocka_unit_test_setup_teardown(meanwhile, setup, teardown),
		cmocka_unit_test_setup_teardown(names_beside, setup, teardown),
		cmocka_unit_test_setup_teardown(removed, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
