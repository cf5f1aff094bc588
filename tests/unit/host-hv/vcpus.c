/* SPDX-License-Identifier: BSD-2-Clause */
/* vcpus.c - host-hv's vCPUs on harts of the test: what is below them, and the firmware. */
#include "vcpus.h"

unsigned long mock_time, mock_sip, mock_sie;
struct hart *mock_hart;

/* A guest of four vCPUs on two harts, the first of them started. */
struct vm vm;
struct hm_run runs[4];
struct shadow shadows[4];
static const struct shadow_ops idle_shadow = { 0 };
struct devices devices;
char guest_ram[PAGE];

/* What host-hv did. */
int ended; /* enum vm_end */
char printed[8192];
unsigned long kicked; /* hart number of the last IPI */
unsigned long timer;
void (*on_kick)(unsigned long hart);
struct hm_stats stats;
uint64_t hart_features;

static long no_exit(void)
{
	fail_msg("ran a vCPU");
	return 0;
}

long (*guest)(void) = no_exit; /* plays the firmware's HM_FID_VCPU_RUN */
unsigned long running;         /* the vCPU that runs */
void (*on_version)(void);      /* a call that ends a lending */

uint64_t stats_size; /* what the firmware takes */

static struct sbiret tell_stats(unsigned long vcpu, struct hm_stats *out, uint64_t size)
{
	if (size != stats_size)
		return (struct sbiret){ SBI_ERR_INVALID_PARAM, 0 };
	memset(out, 0, size);
	if (vcpu == 0)
		memcpy(out, &stats, size);
	return (struct sbiret){ 0, 0 };
}

struct sbiret sbi_call6(unsigned long eid, unsigned long fid, const unsigned long arg[6])
{
	struct sbiret ret = { 0, 0 };

	if (eid == SBI_EXT_IPI)
		kicked = arg[1];
	if (eid == SBI_EXT_IPI && on_kick)
		on_kick(arg[1]);
	if (eid == SBI_EXT_TIME)
		timer = arg[0];
	if (eid == HM_EXT_ID && fid == HM_FID_VCPU_RUN) {
		running = arg[0];
		ret.value = guest();
	}
	if (eid == HM_EXT_ID && fid == HM_FID_VERSION && on_version)
		on_version();
	if (eid == HM_EXT_ID && fid == HM_FID_FEATURES)
		ret.value = hart_features;
	if (eid == HM_EXT_ID && fid == HM_FID_VCPU_STATS)
		ret = tell_stats(arg[0], (struct hm_stats *)arg[1], arg[2]);
	return ret;
}

void vm_end(struct vm *v, enum vm_end how)
{
	v->end = ended = how;
}

bool restarts;

bool vm_release_vcpu(struct vcpu *v)
{
	v->vm->vcpus_left--;
	return !restarts;
}

void *vm_memory(const struct vm *v, uint64_t gpa, uint64_t size)
{
	return range_holds(v->ram, (struct range){ gpa, size }) ? guest_ram + (gpa - RAM) : NULL;
}

bool platform_has_clock;

bool clock_exists(void)
{
	return platform_has_clock;
}

void clock_wake(unsigned id, uint64_t when)
{
	(void)id, (void)when;
}

uint64_t clock_now(void)
{
	return 5000;
}

void console_guest_putc(int speaker, char c)
{
	size_t at = strlen(printed);

	assert_int_equal(speaker, vm.id);
	printed[at] = c;
	printed[at + 1] = 0;
}

uint64_t looks_at;

uint64_t console_show_quiet(struct hart *h)
{
	(void)h;
	return looks_at;
}

void console_end_line(int speaker)
{
	(void)speaker;
}

void print_begin(void)
{
}
void print_end(void)
{
}

void print_more(const char *format, ...)
{
	size_t at = strlen(printed);
	va_list args;

	va_start(args, format);
	vsnprintf(printed + at, sizeof(printed) - at, format, args);
	va_end(args);
}

void print(const char *format, ...)
{
	(void)format;
}

int setup(void **state)
{
	(void)state;
	memset(&vm, 0, sizeof(vm));
	memset(harts, 0, sizeof(harts));
	memset(runs, 0, sizeof(runs));
	memset(shadows, 0, sizeof(shadows));
	memset(&stats, 0, sizeof(stats));
	memset(guest_ram, 'r', sizeof(guest_ram));
	printed[0] = 0;
	ended = VM_RUNS;
	kicked = timer = 99;
	mock_time = mock_sip = 0;
	guest = no_exit;
	on_kick = NULL;
	vm.ram = (struct range){ RAM, PAGE };
	devices = (struct devices){ 0 };
	vm.devices = &devices;
	vm.vcpu_count = vm.vcpus_left = 4;
	vm.marks = true;
	mock_hart = &harts[0];
	sched_init(SLICE * 1333);
	for (unsigned i = 0; i < 4; i++) {
		shadows[i].handler = &idle_shadow;
		harts[i].id = 10 + i;
		vm.vcpu[i] = (struct vcpu){
			.vm = &vm, .id = i, .hm = i, .run = &runs[i], .shadow = &shadows[i]
		};
		sched_add(&vm.vcpu[i], 2);
	}
	stats_size = sizeof(stats);
	vcpu_set_state(&vm.vcpu[0], VCPU_RUNNABLE);
	harts[0].current = &vm.vcpu[0];
	return 0;
}

struct sbiret call(uint64_t eid, uint64_t fid, uint64_t a0, uint64_t a1, uint64_t a2)
{
	uint64_t *x = runs[0].x;

	runs[0].flags = 0;
	x[A7] = eid;
	x[A6] = fid;
	x[A0] = a0;
	x[A1] = a1;
	x[A2] = a2;
	assert_int_equal(exit_route(&vm.vcpu[0], HM_EXIT_SBI), RESUME);
	assert_true(runs[0].flags & HM_RUN_ADVANCE);
	return (struct sbiret){ (long)x[A0], x[A1] };
}

long stop(void)
{
	runs[running].x[A7] = SBI_EXT_HSM;
	runs[running].x[A6] = 1;
	return HM_EXIT_SBI;
}

/* The scheduler never returns: the test leaves it when the hart would idle. */
jmp_buf idled;
void wait_for_interrupt(void)
{
	longjmp(idled, 1);
}
