/* SPDX-License-Identifier: BSD-2-Clause */
#include "monitor/commands.h"

#include "core/console.h"
#include "core/hart.h"
#include "core/policy.h"
#include "core/words.h"
#include "device/devices.h"
#include "run/stats.h"

#define CTRL_C             0x03
#define CTRL_CLOSE_BRACKET 0x1d
#define BACKSPACE          0x08
#define DELETE             0x7f
#define PROMPT             "host-hv> "

static unsigned owner; /* number of the guest that has the keyboard */

static struct {
	bool open;
	unsigned length;
	char line[80];
} prompt;

/* The owner, or if it has ended the next one that has not. */
static struct vm *owner_vm(void)
{
	for (unsigned i = 0; i < MAX_GUESTS && vm_is_over(vm_find(owner)); i++)
		owner = vm_find(owner + 1) ? owner + 1 : 0;
	return vm_find(owner);
}

/* -- the commands; each gets the rest of its line, and never NULL -- */

static void help(char *rest);

/* A decimal number that names a guest, as the next word of *rest; says so if it does not. */
static struct vm *guest_word(char **rest)
{
	char *word = next_word(rest, ' ');
	struct vm *vm = NULL;

	if (word && *word >= '0' && *word <= '9' && !word[1])
		vm = vm_find(*word - '0');
	if (!vm || vm_is_over(vm)) {
		print("host-hv: there is no guest '%s'\n", word ? word : "");
		return NULL;
	}
	return vm;
}

static void guest(char *rest)
{
	struct vm *vm = guest_word(&rest);

	if (!vm)
		return;
	owner = vm->id;
	print("host-hv: the keyboard is vm%u's\n", owner);
}

/* Each vCPU takes it at its next entry, so those that run are made to leave. */
static void set_policy(struct vm *vm, uint64_t policy)
{
	__atomic_store_n(&vm->policy, policy, __ATOMIC_RELEASE);
	for (unsigned i = 0; i < vm->vcpu_count; i++)
		sched_kick(vm->vcpu[i].hart);
	print_begin();
	print_more("host-hv: vm%d: policy ", vm->id);
	policy_print(policy);
	print_more("\n");
	if (vm->marks) { /* those who read records must know whose they are */
		print_more("\x1e{\"policy\":\"");
		policy_print(policy);
		print_more("\",\"vm\":%d}\n", vm->id);
	}
	print_end();
}

static void policy(char *rest)
{
	struct vm *vm = guest_word(&rest);
	char *word = next_word(&rest, ' ');
	uint64_t policy;

	if (!vm)
		return;
	if (word && *word && policy_parse(word, &policy)) {
		if ((policy == POLICY_HAP) != (vm->policy == POLICY_HAP))
			print("host-hv: hap is chosen at the start, and stays\n");
		else
			set_policy(vm, policy);
		return;
	}
	print_begin();
	print_more("host-hv: a policy is " POLICY_EVENTS ", none, or one of ");
	policy_print_modes();
	print_more("\n");
	print_end();
}

static void stats(char *rest)
{
	struct vm *vm;

	(void)rest;
	for (unsigned i = 0; (vm = vm_find(i)); i++)
		if (!vm_ended(vm))
			stats_summary(vm);
}

static const struct {
	const char *name, *arguments;
	void (*run)(char *rest);
} commands[] = {
	{ "help", "", help },
	{ "guest", " VM", guest },
	{ "policy", " VM MODE|LIST", policy },
	{ "stats", "", stats },
};

static void help(char *rest)
{
	(void)rest;
	print_begin();
	print_more("host-hv:");
	for (unsigned i = 0; i < ARRAY_SIZE(commands); i++)
		print_more("%s %s%s", i ? "," : "", commands[i].name, commands[i].arguments);
	print_more("; modes: ");
	policy_print_modes();
	print_more("; list: " POLICY_EVENTS ", or none\n");
	print_end();
}

static void execute(char *line)
{
	char *name = next_word(&line, ' ');

	if (!*name)
		return;
	for (unsigned i = 0; i < ARRAY_SIZE(commands); i++) {
		if (!strcmp(name, commands[i].name)) {
			commands[i].run(line);
			return;
		}
	}
	print("host-hv: there is no command '%s'; help lists them\n", name);
}

/* -- the line -- */

static void open_prompt(void)
{
	prompt.open = true;
	prompt.length = 0;
	console_edit(PROMPT);
}

static void close_prompt(void)
{
	prompt.open = false;
	console_edit("\r\n");
}

/* Said once until it has read again. */
static void type_to(struct vm *vm, uint8_t c)
{
	if (!devices_type(vm, c))
		print("host-hv: vm%d reads nothing: what is typed is dropped\n", vm->id);
}

static void edit(uint8_t c)
{
	switch (c) {
	case '\r':
	case '\n':
		prompt.line[prompt.length] = 0;
		close_prompt();
		execute(prompt.line);
		break;
	case CTRL_C: close_prompt(); break;
	case CTRL_CLOSE_BRACKET:
		close_prompt();
		if (!prompt.length) /* pressed twice: it is meant for the guest */
			type_to(owner_vm(), c);
		break;
	case BACKSPACE:
	case DELETE:
		if (prompt.length) {
			prompt.length--;
			console_edit("\b \b");
		}
		break;
	default:
		if (c < ' ' || c > '~' || prompt.length == sizeof(prompt.line) - 1)
			break;
		prompt.line[prompt.length++] = c;
		console_edit((char[2]){ c });
	}
}

void keyboard_type(uint8_t c)
{
	if (prompt.open)
		edit(c);
	else if (c == CTRL_CLOSE_BRACKET)
		open_prompt();
	else
		type_to(owner_vm(), c);
}
