// SPDX-License-Identifier: BSD-2-Clause
/*
 * program.c - the first process of a guest that runs and measures programs of the user's own.
 *
 * The launcher (qemu-platform/hmode/program.py) lays it into the guest's root together with the
 * programs and a plan: texts that each end with a NUL, how many runs come before the counted one,
 * how many bytes of an output are told, how many texts the environment has and these, and for each
 * program how many words it has and these, the first of them its path.  No shell sees any of it.
 *
 * A program has nothing on its standard input, a new /tmp, and two files in memory for its output:
 * the console is a device, whose exits would be counted.  What it wrote is told afterwards, in
 * lines of base64, with sizes and checksums, since the console is the kernel's too.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/klog.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/personality.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <termios.h>

#include "settle.h"
#include "workload.h"

#define PLAN       "/hmode/plan"
#define MARKS      "/hmode/marks" /* of hm-mark.h */
#define FOLDER     "/tmp"
#define SAID       "hmprog: "
#define MOST_MARKS ((size_t)16 << 20)
#define LINE_BYTES ((size_t)57) /* 76 letters */
#define READ_LINES ((size_t)1024)

/* syslog(2) */
#define CONSOLE_OFF 6
#define CONSOLE_ON  7

struct plan {
	const char *next, *end;
};

struct run {
	int out, err;  /* files in memory */
	int marks;     /* the program's, or -1 */
	int status;    /* as of waitpid() */
	int not_begun; /* why execve() failed, or 0 */
};

static void fail(const char *why)
{
	printf(SAID "FAILED: %s\n", why);
	tcdrain(STDOUT_FILENO);
	init_poweroff();
}

/* ---- the plan ---- */

static struct plan read_plan(void)
{
	struct plan plan = { 0 };
	struct stat about;
	int file = open(PLAN, O_RDONLY | O_CLOEXEC);
	char *text;

	if (file < 0 || fstat(file, &about))
		fail("there is no " PLAN);
	text = malloc(about.st_size + 1);
	if (!text || read(file, text, about.st_size) != about.st_size)
		fail(PLAN " cannot be read");
	close(file);
	text[about.st_size] = 0;
	plan.next = text;
	plan.end = text + about.st_size;
	return plan;
}

static const char *next_text(struct plan *plan)
{
	const char *text = plan->next;

	if (text >= plan->end)
		fail(PLAN " ends too soon");
	plan->next += strlen(text) + 1;
	return text;
}

static unsigned long next_number(struct plan *plan)
{
	return strtoul(next_text(plan), NULL, 10);
}

/* These and, for execve(), a NULL and room for one more. */
static char **next_texts(struct plan *plan, unsigned long count)
{
	char **texts;

	if (count > (unsigned long)(plan->end - plan->next))
		fail(PLAN " ends too soon");
	texts = calloc(count + 2, sizeof(*texts));
	if (!texts)
		fail("there is no memory for the plan");
	for (unsigned long i = 0; i < count; i++)
		texts[i] = (char *)next_text(plan);
	return texts;
}

/* ---- one run ---- */

static int file_in_memory(const char *name)
{
	int file = memfd_create(name, MFD_CLOEXEC);

	if (file < 0)
		fail("there is no file in memory");
	return file;
}

/* Beside its own the child has the caller's memory, until it is another program. */
static void become(char **words, char **environment, volatile struct run *run)
{
	int nothing = open("/dev/null", O_RDWR | O_CLOEXEC);

	setsid();
	if (nothing >= 0 && !chdir(FOLDER) && dup2(nothing, STDIN_FILENO) >= 0 &&
	    dup2(run->out, STDOUT_FILENO) >= 0 && dup2(run->err, STDERR_FILENO) >= 0)
		execve(words[0], words, environment);
	run->not_begun = errno;
	_exit(127);
}

static void __attribute__((noinline)) execute(char **words, char **environment, struct run *run)
{
	int ended, pid = vfork();

	if (!pid)
		become(words, environment, run);
	if (pid < 0)
		fail("there is no process for it");
	do
		ended = waitpid(-1, &run->status, 0);
	while (ended != pid);
}

/* Whatever the program left running is no company for the next one. */
static void end_the_rest(void)
{
	kill(-1, SIGKILL);
	while (waitpid(-1, NULL, 0) > 0)
		;
}

/* Each run finds the same. */
static void renew_folder(void)
{
	umount2(FOLDER, MNT_DETACH);
	if (mount("tmpfs", FOLDER, "tmpfs", 0, NULL))
		perror(FOLDER);
}

static struct run prepare_run(void)
{
	renew_folder();
	return (struct run){ .out = file_in_memory("out"),
			     .err = file_in_memory("err"),
			     .marks = -1 };
}

static void discard(const struct run *run)
{
	close(run->out);
	close(run->err);
	if (run->marks >= 0)
		close(run->marks);
}

/* Whoever the program becomes may mark. */
static int new_marks(void)
{
	int file;

	unlink(MARKS);
	file = open(MARKS, O_CREAT | O_RDWR | O_CLOEXEC, 0666);
	if (file < 0 || fchmod(file, 0666))
		fail("there is no " MARKS);
	return file;
}

static void warm_up(char **words, char **environment)
{
	struct run run = prepare_run();

	execute(words, environment, &run);
	end_the_rest();
	discard(&run);
}

static bool is_good(const struct run *run)
{
	return !run->not_begun && WIFEXITED(run->status) && !WEXITSTATUS(run->status);
}

/* From the last moment before there is a process to the first after it has ended. */
static struct run measure(unsigned int number, char **words, char **environment, char **spare)
{
	char marks[64];
	uint64_t before[RING_COUNTERS], after[RING_COUNTERS];
	struct run run = prepare_run();
	bool counted;

	snprintf(marks, sizeof(marks), "HM_MARKS=%u:" MARKS, number);
	*spare = marks;
	run.marks = new_marks();
	settle();
	counted = ring_read(before);
	await_tick();
	mark_begin(number);
	execute(words, environment, &run);
	mark_end(number, is_good(&run));
	if (counted && ring_read(after)) {
		printf(SAID "%u ", number);
		ring_report("program", before, after);
	}
	*spare = NULL;
	end_the_rest();
	return run;
}

/* ---- what is told of it ---- */

static void tell_line(unsigned int number, const char *name, const unsigned char *bytes,
		      size_t count)
{
	static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
				      "0123456789+/";

	printf(SAID "%u %s ", number, name);
	for (size_t at = 0; at < count; at += 3) {
		uint32_t three = bytes[at] << 16;

		three |= at + 1 < count ? bytes[at + 1] << 8 : 0;
		three |= at + 2 < count ? bytes[at + 2] : 0;
		putchar(letters[three >> 18]);
		putchar(letters[three >> 12 & 63]);
		putchar(at + 1 < count ? letters[three >> 6 & 63] : '=');
		putchar(at + 2 < count ? letters[three & 63] : '=');
	}
	putchar('\n');
}

static uint32_t sum_of_byte[256];

static void checksum_init(void)
{
	for (uint32_t byte = 0; byte < 256; byte++) {
		uint32_t sum = byte;

		for (int bit = 0; bit < 8; bit++)
			sum = sum >> 1 ^ (sum & 1 ? 0xedb88320 : 0);
		sum_of_byte[byte] = sum;
	}
}

/* As of zlib and Ethernet, continued. */
static uint32_t checksum(uint32_t sum, const unsigned char *bytes, size_t count)
{
	sum = ~sum;
	for (size_t i = 0; i < count; i++)
		sum = sum >> 8 ^ sum_of_byte[(sum ^ bytes[i]) & 255];
	return ~sum;
}

/* Its beginning letter by letter; then, of all of it, how long it is and its checksum. */
static void tell_output(unsigned int number, const char *name, int file, size_t most)
{
	static unsigned char bytes[READ_LINES * LINE_BYTES];
	size_t size = 0;
	uint32_t sum = 0;
	ssize_t count;

	for (; (count = pread(file, bytes, sizeof(bytes), size)) > 0; size += count) {
		for (size_t at = 0; at < (size_t)count && size + at < most; at += LINE_BYTES) {
			size_t rest = count - at;

			tell_line(number, name, bytes + at, rest < LINE_BYTES ? rest : LINE_BYTES);
		}
		sum = checksum(sum, bytes, count);
	}
	printf(SAID "%u %s: %zu bytes, checksum %08x\n", number, name, size, sum);
}

static void tell(unsigned int number, const struct run *run, size_t most)
{
	/* The kernel does not write into these lines. */
	klogctl(CONSOLE_OFF, NULL, 0);
	tell_output(number, "out", run->out, most);
	tell_output(number, "err", run->err, most);
	tell_output(number, "marks", run->marks, MOST_MARKS);
	if (!mark_works())
		printf(SAID "%u not measured\n", number);
	if (run->not_begun)
		printf(SAID "%u not begun: %s\n", number, strerror(run->not_begun));
	else if (WIFSIGNALED(run->status))
		printf(SAID "%u signal %d\n", number, WTERMSIG(run->status));
	else
		printf(SAID "%u status %d\n", number, WEXITSTATUS(run->status));
	/* The console must be idle before the next measurement begins. */
	tcdrain(STDOUT_FILENO);
	klogctl(CONSOLE_ON, NULL, 0);
}

int main(void)
{
	struct plan plan;
	unsigned long warm, most, count;
	char **environment;

	setvbuf(stdout, NULL, _IOLBF, 0);
	init_mount();
	mark_init();
	ring_init();
	checksum_init();
	personality(ADDR_NO_RANDOMIZE);
	init_put_off_upkeep();
	plan = read_plan();
	warm = next_number(&plan);
	most = next_number(&plan);
	count = next_number(&plan);
	environment = next_texts(&plan, count);
	for (unsigned int number = 0; plan.next < plan.end; number++) {
		char **words = next_texts(&plan, next_number(&plan));
		struct run run;

		for (unsigned long i = 0; i < warm; i++)
			warm_up(words, environment);
		run = measure(number, words, environment, &environment[count]);
		tell(number, &run, most);
		discard(&run);
	}
	init_poweroff();
}
