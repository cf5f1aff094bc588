/* SPDX-License-Identifier: BSD-2-Clause */
/* Which vCPU has the hart, until when, and what wakes it; the firmware is played. */
#include "core/external.h"
#include "vcpus.h"
#include "virtio/bus.h"

static void vcpus_spread_over_harts(void **state)
{
	(void)state;
	assert_int_equal(harts[0].queued, 2);
	assert_int_equal(harts[1].queued, 2);
	assert_ptr_equal(vm.vcpu[2].hart, &harts[0]);
}

static void a_lone_vcpu_keeps_its_hart(void **state)
{
	(void)state;
	guest = stop;
	vcpu_run(&vm.vcpu[0]);
	assert_int_equal(runs[0].slice_end, FOREVER);
	assert_false(runs[0].flags & HM_RUN_YIELD_WFI);
}

static void who_left_a_line_open_comes_back_to_it(void **state)
{
	(void)state;
	vm.vcpu[0].hart->console_look = looks_at = 77;
	vm.vcpu[0].hart->shared = true;
	guest = stop;
	vcpu_run(&vm.vcpu[0]);
	assert_int_equal(runs[0].slice_end, 77);
	assert_false(runs[0].flags & HM_RUN_YIELD_WFI);
}

/* What vCPU 0 of hart 0 has used, and vCPU 2 beside it; vCPU 0 has the hart since time 100. */
static struct vcpu *beside(int64_t used0, int64_t used2, enum vcpu_state state2)
{
	harts[0].current = &vm.vcpu[0];
	harts[0].since = 100;
	harts[0].clock = vm.vcpu[0].used = used0;
	vm.vcpu[2].used = used2;
	vcpu_set_state(&vm.vcpu[2], state2);
	return &vm.vcpu[2];
}

static void two_share_by_slices(void **state)
{
	(void)state;
	beside(50, 50, VCPU_RUNNABLE);
	guest = stop;
	vcpu_run(&vm.vcpu[0]);
	assert_int_equal(runs[0].slice_end, 100 + SLICE);
	assert_true(runs[0].flags & HM_RUN_YIELD_WFI);
}

static void nobody_who_sleeps_for_ever_ends_a_slice(void **state)
{
	(void)state;
	beside(50, 50, VCPU_WAITING)->deadline = FOREVER;
	guest = stop;
	vcpu_run(&vm.vcpu[0]);
	assert_int_equal(runs[0].slice_end, FOREVER);
	assert_true(runs[0].flags & HM_RUN_YIELD_WFI);
}

static void who_wakes_waits_for_the_minimum(void **state)
{
	(void)state;
	beside(50, 40, VCPU_WAITING)->deadline = 101;
	assert_int_equal(sched_slice_end(&harts[0]), 100 + SLICE / 4);
	vm.vcpu[2].deadline = 100 + SLICE / 2;
	assert_int_equal(sched_slice_end(&harts[0]), 100 + SLICE / 2);
	vm.vcpu[2].deadline = 100 + 3 * SLICE;
	assert_int_equal(sched_slice_end(&harts[0]), 100 + 3 * SLICE);
}

static void who_wakes_waits_until_the_other_has_used_as_much(void **state)
{
	(void)state;
	beside(50, 50 + SLICE / 2, VCPU_WAITING)->deadline = 0;
	assert_int_equal(sched_slice_end(&harts[0]), 100 + SLICE / 2);
	vm.vcpu[2].used = 50 + 5 * SLICE;
	assert_int_equal(sched_slice_end(&harts[0]), 100 + SLICE);
}

static void an_ipi_is_worth_a_slice(void **state)
{
	struct vcpu *v = beside(50, 50 + SLICE, VCPU_RUNNABLE);

	(void)state;
	assert_int_equal(sched_slice_end(&harts[0]), 100 + SLICE);
	vcpu_send_ipi(v);
	assert_int_equal(sched_slice_end(&harts[0]), 100 + SLICE / 4);
	v->used = 50 + SLICE + SLICE / 2;
	assert_int_equal(sched_slice_end(&harts[0]), 100 + SLICE / 2);
}

static void an_ipi_that_is_pending_kicks_nobody_again(void **state)
{
	(void)state;
	vcpu_set_state(&vm.vcpu[1], VCPU_RUNNABLE);
	vcpu_send_ipi(&vm.vcpu[1]);
	assert_int_equal(kicked, 11);
	kicked = 99;
	vcpu_send_ipi(&vm.vcpu[1]);
	assert_int_equal(kicked, 99);
}

/* Of a vCPU that has stopped, and may never enter. */
static void a_line_that_changes_often_kicks_once(void **state)
{
	(void)state;
	vcpu_set_external(&vm.vcpu[1], false);
	assert_int_equal(kicked, 99);
	vcpu_set_external(&vm.vcpu[1], true);
	assert_int_equal(kicked, 11);
	kicked = 99;
	for (unsigned i = 0; i < 10; i++)
		vcpu_set_external(&vm.vcpu[1], i & 1);
	assert_int_equal(kicked, 99);
	assert_true(vm.vcpu[1].external_irq & EXTERNAL_LEVEL);
}

static void the_slice_ends_at_its_end(void **state)
{
	(void)state;
	beside(50, 50, VCPU_RUNNABLE);
	mock_time = 100 + SLICE - 1;
	assert_int_equal(exit_route(&vm.vcpu[0], HM_EXIT_INTERRUPT), RESUME);
	mock_time = 100 + SLICE;
	assert_int_equal(exit_route(&vm.vcpu[0], HM_EXIT_INTERRUPT), YIELD);
}

static void wfi_waits_for_deadline_or_interrupt(void **state)
{
	struct vcpu *v = &vm.vcpu[0];

	(void)state;
	runs[0].exit_value = 100;
	assert_int_equal(exit_route(v, HM_EXIT_WFI), YIELD);
	assert_false(vcpu_ready(v, 99));
	assert_true(vcpu_ready(v, 100));
	v->external_irq = true;
	assert_false(vcpu_ready(v, 0));
	runs[0].sie = IRQ_EXTERNAL;
	assert_int_equal(exit_route(v, HM_EXIT_WFI), YIELD);
	assert_true(vcpu_ready(v, 0));
	v->external_irq = false;
	vcpu_send_ipi(v);
	assert_true(vcpu_ready(v, 0));
}

static void pending_interrupts_ride_along(void **state)
{
	(void)state;
	guest = stop;
	vm.vcpu[0].external_irq = true;
	vcpu_send_ipi(&vm.vcpu[0]);
	vcpu_run(&vm.vcpu[0]);
	assert_true(runs[0].flags & HM_RUN_SEIP);
	assert_true(runs[0].sip & IRQ_SOFT);
	assert_false(vm.vcpu[0].software_irq);
	vm.vcpu[0].external_irq = false;
	vcpu_run(&vm.vcpu[0]);
	assert_false(runs[0].flags & HM_RUN_SEIP);
}

static void a_line_that_changes_after_an_entry_kicks_again(void **state)
{
	(void)state;
	guest = stop;
	harts[1].current = &vm.vcpu[1];
	vcpu_set_external(&vm.vcpu[1], true);
	vcpu_run(&vm.vcpu[1]);
	assert_true(runs[1].flags & HM_RUN_SEIP);
	kicked = 99;
	vcpu_set_external(&vm.vcpu[1], false);
	assert_int_equal(kicked, 11);
	vcpu_run(&vm.vcpu[1]);
	assert_false(runs[1].flags & HM_RUN_SEIP);
}

/* Or it would sleep for ever: what comes next kicks nobody. */
static void a_line_that_falls_before_the_hart_has_looked_still_wakes(void **state)
{
	struct vcpu *v = &vm.vcpu[1];

	(void)state;
	runs[1].sie = IRQ_EXTERNAL;
	vcpu_sleep(v, VCPU_WAITING, FOREVER);
	assert_false(vcpu_ready(v, 0));
	vcpu_set_external(v, true);
	vcpu_set_external(v, false);
	assert_true(vcpu_ready(v, 0));
	guest = stop;
	harts[1].current = v;
	vcpu_run(v);
	assert_false(runs[1].flags & HM_RUN_SEIP);
	vcpu_set_state(v, VCPU_WAITING);
	assert_false(vcpu_ready(v, 0));
}

static int restart_turns;

static void restart(struct vcpu *v)
{
	if (++restart_turns < 3)
		return;
	v->vm->end = VM_RUNS;
	restarts = false;
}

static unsigned turns[16], turn_count;
static unsigned turns_left;
static uint64_t turn_takes[4]; /* ticks, of each vCPU */

static long take_turn(void)
{
	if (turn_count < ARRAY_SIZE(turns))
		turns[turn_count] = running;
	turn_count++;
	mock_time += turn_takes[running];
	if (turn_count == turns_left)
		vm.end = VM_SHUTDOWN; /* somebody ended it */
	return HM_EXIT_INTERRUPT;
}

static void run_turns(unsigned count, long (*plays)(void))
{
	guest = plays;
	turn_count = 0;
	turns_left = count;
	harts[0].current = NULL;
	if (!setjmp(idled))
		hart_loop(&harts[0], restart);
}

static void vcpus_take_turns_until_the_guest_ends(void **state)
{
	(void)state;
	vcpu_set_state(&vm.vcpu[2], VCPU_RUNNABLE);
	turn_takes[0] = turn_takes[2] = SLICE;
	run_turns(4, take_turn);
	assert_int_equal(turn_count, 4);
	assert_int_equal(turns[0], 0);
	assert_int_equal(turns[1], 2);
	assert_int_equal(turns[2], 0);
	assert_int_equal(turns[3], 2);
	assert_int_equal(harts[0].queued, 0);
	assert_int_equal(vm.vcpus_left, 2);
}

static void a_guest_that_restarts_keeps_its_place(void **state)
{
	(void)state;
	vm.end = VM_RESTARTS;
	restarts = true;
	restart_turns = 0;
	run_turns(2, take_turn);
	assert_int_equal(restart_turns, 3);
	assert_int_equal(turn_count, 2);
}

/* It naps after each turn, and is awake again before the other's minimum is over. */
static long nap_or_work(void)
{
	take_turn();
	if (running == 0)
		return HM_EXIT_INTERRUPT;
	runs[2].exit_value = mock_time + 1;
	return HM_EXIT_WFI;
}

static void a_napper_takes_no_more_than_its_share(void **state)
{
	(void)state;
	vcpu_set_state(&vm.vcpu[2], VCPU_RUNNABLE);
	turn_takes[0] = SLICE / 4;
	turn_takes[2] = SLICE * 4 / 5;
	run_turns(200, nap_or_work);
	assert_in_range(vm.vcpu[0].used - vm.vcpu[2].used + 2 * SLICE, 0, 4 * SLICE);
}

static void who_slept_long_saved_up_no_more_than_a_credit(void **state)
{
	(void)state;
	harts[0].clock = vm.vcpu[0].used = 1000 * SLICE;
	vcpu_set_state(&vm.vcpu[2], VCPU_RUNNABLE);
	turn_takes[0] = turn_takes[2] = SLICE;
	run_turns(6, take_turn);
	assert_int_equal(turns[0], 2);
	assert_int_equal(turns[1], 0);
	assert_int_equal(turns[2], 2);
}

/* The one with an IPI has used more than the others, but by less than a slice. */
static void an_ipi_waits_at_most_one_slice_of_each_other(void **state)
{
	(void)state;
	sched_add(&vm.vcpu[1], 1);
	sched_add(&vm.vcpu[3], 1);
	for (unsigned i = 0; i < 4; i++) {
		turn_takes[i] = SLICE;
		vcpu_set_state(&vm.vcpu[i], VCPU_RUNNABLE);
	}
	vm.vcpu[2].used = SLICE - 1;
	vcpu_send_ipi(&vm.vcpu[2]);
	run_turns(8, take_turn);
	assert_int_equal(turns[0], 2);
	assert_int_equal(turns[1] + turns[2] + turns[3], 0 + 1 + 3);
}

static void an_idle_hart_sets_its_timer(void **state)
{
	(void)state;
	vcpu_set_state(&vm.vcpu[0], VCPU_WAITING);
	vm.vcpu[0].deadline = 1234;
	if (!setjmp(idled))
		hart_loop(&harts[0], restart);
	assert_int_equal(timer, 1234);
}

static void an_idle_hart_comes_back_to_an_open_line(void **state)
{
	(void)state;
	vcpu_set_state(&vm.vcpu[0], VCPU_WAITING);
	vm.vcpu[0].deadline = 1234;
	harts[0].console_look = looks_at = 77;
	if (!setjmp(idled))
		hart_loop(&harts[0], restart);
	assert_int_equal(timer, 77);
}

/* -- who serves a device -- */

#define DISK_IRQ 1

static uint32_t plic[0x200008 / 4], disk[VIRTIO_BYTES / 4];

/* It has no queue. */
uint64_t memory_alloc(uint64_t size, uint64_t align)
{
	fail_msg("%lu bytes, %lu", size, align);
	return 0;
}

#define CLAIM (plic[0x200004 / 4])

/*
 * A claim has been read when the first fence of I/O comes, and nobody has said yet that the
 * interrupt is done with: here it is memory, which reading leaves as it is.
 */
static bool claim_is_read;

void mock_fenced_io(void)
{
	if (!claim_is_read)
		CLAIM = 0;
	claim_is_read = true;
}

static void forget_claim(unsigned long hart)
{
	(void)hart;
	mock_fenced_io();
}

static void (*kick)(unsigned long hart) = forget_claim;

static void interrupt(void)
{
	CLAIM = DISK_IRQ;
	claim_is_read = false;
	on_kick = kick;
	external_serve();
	on_kick = NULL;
}

static bool is_done(void)
{
	return claim_is_read && CLAIM == DISK_IRQ;
}

/* The disk of vCPUs 1 and 3, as the other two have stopped, interrupts the boot hart. */
static void a_disk_interrupts(void)
{
	static struct devices *of;
	struct platform p = {
		.plic = { (uint64_t)plic, sizeof(plic) },
		.virtio = { { { (uint64_t)disk, sizeof(disk) }, DISK_IRQ } },
		.virtio_count = 1,
	};

	disk[VIRTIO_MAGIC / 4] = VIRTIO_MAGIC_VALUE;
	disk[VIRTIO_VERSION / 4] = disk[VIRTIO_TYPE / 4] = 2;
	disk[VIRTIO_DEVICE_FEATURES / 4] = ~0u;
	if (!of) {
		external_init(&p, false);
		bus_init(&p);
		bus_assign(&(struct bus_owners){ 0 }, 1);
		devices_create(&vm);
		of = vm.devices;
	}
	vm.devices = of;
	assert_int_equal(of->virtio_count, 1);
	disk[VIRTIO_INTERRUPT_STATUS / 4] = INTERRUPT_CONFIG;
	disk[VIRTIO_INTERRUPT_ACK / 4] = 0;
	interrupt();
}

static bool is_served(void)
{
	return disk[VIRTIO_INTERRUPT_ACK / 4] && is_done();
}

/* One that sleeps wakes for it, whatever it waits for. */
static void a_guest_serves_its_device_itself(void **state)
{
	struct vcpu *v = &vm.vcpu[1];

	(void)state;
	vcpu_set_state(&vm.vcpu[0], VCPU_STOPPED);
	vcpu_sleep(v, VCPU_WAITING, FOREVER);
	assert_false(vcpu_ready(v, 0));
	a_disk_interrupts();
	assert_int_equal(kicked, 11);
	assert_int_equal(CLAIM, 0);
	assert_false(is_served());
	assert_true(vcpu_ready(v, 0));
	mock_hart = &harts[1];
	harts[1].current = v;
	guest = stop;
	vcpu_run(v);
	assert_true(is_served());
	assert_false(v->external_irq & EXTERNAL_SERVE);
}

static void a_vcpu_that_is_suspended_serves_last(void **state)
{
	struct vcpu *first = &vm.vcpu[1], *second = &vm.vcpu[3];

	(void)state;
	vcpu_set_state(&vm.vcpu[0], VCPU_STOPPED);
	vcpu_sleep(first, VCPU_SUSPENDED, FOREVER);
	vcpu_sleep(second, VCPU_WAITING, FOREVER);
	a_disk_interrupts();
	assert_false(vcpu_ready(first, 0));
	assert_true(vcpu_is_to_serve(second));
	vcpu_set_state(second, VCPU_STOPPED);
	devices_serve(&vm);
	a_disk_interrupts();
	assert_true(vcpu_ready(first, 0));
}

static void they_change(unsigned long hart)
{
	forget_claim(hart);
	vcpu_set_state(&vm.vcpu[3], VCPU_STOPPED);
	vcpu_set_state(&vm.vcpu[1], VCPU_RUNNABLE);
}

static void a_vcpu_that_resumes_meanwhile_is_asked(void **state)
{
	(void)state;
	vcpu_set_state(&vm.vcpu[0], VCPU_STOPPED);
	vcpu_sleep(&vm.vcpu[1], VCPU_SUSPENDED, FOREVER);
	vcpu_sleep(&vm.vcpu[3], VCPU_WAITING, FOREVER);
	kick = they_change;
	a_disk_interrupts();
	kick = forget_claim;
	assert_true(vcpu_is_to_serve(&vm.vcpu[1]));
}

static void a_vcpu_that_stops_serves_before(void **state)
{
	struct vcpu *v = &vm.vcpu[1];

	(void)state;
	vcpu_set_state(&vm.vcpu[0], VCPU_STOPPED);
	vcpu_set_state(v, VCPU_RUNNABLE);
	a_disk_interrupts();
	assert_false(is_served());
	running = 1;
	assert_int_equal(exit_route(v, stop()), YIELD);
	assert_true(is_served());
}

static int state_at_the_end_of_lending;

static void note_the_state(void)
{
	state_at_the_end_of_lending = vcpu_state(&vm.vcpu[1]);
}

/* Its page is another hart's to write as soon as that can see that it has stopped. */
static void a_vcpu_that_stops_lends_nothing_any_more(void **state)
{
	(void)state;
	state_at_the_end_of_lending = -1;
	vcpu_set_state(&vm.vcpu[1], VCPU_RUNNABLE);
	on_version = note_the_state;
	running = 1;
	assert_int_equal(exit_route(&vm.vcpu[1], stop()), YIELD);
	on_version = NULL;
	assert_int_equal(state_at_the_end_of_lending, VCPU_RUNNABLE);
	assert_int_equal(vcpu_state(&vm.vcpu[1]), VCPU_STOPPED);
}

/* Whoever runs on the boot hart would pay for it. */
static void a_device_of_nobody_who_runs_waits_for_one_who_starts(void **state)
{
	struct vcpu *v = &vm.vcpu[1];

	(void)state;
	vcpu_set_state(&vm.vcpu[0], VCPU_STOPPED);
	a_disk_interrupts();
	assert_false(is_done());
	assert_int_equal(disk[VIRTIO_INTERRUPT_ACK / 4], 0);
	v->external_irq = EXTERNAL_SERVE; /* test_sbi.c: so does hsm_start() */
	vcpu_set_state(v, VCPU_RUNNABLE);
	mock_hart = &harts[1];
	harts[1].current = v;
	guest = stop;
	vcpu_run(v);
	assert_true(is_served());
}

static void a_device_of_nobody_who_runs_is_answered_at_the_end(void **state)
{
	(void)state;
	vcpu_set_state(&vm.vcpu[0], VCPU_STOPPED);
	a_disk_interrupts();
	assert_false(is_done());
	devices_stop(&vm);
	assert_true(is_done());
}

/* As another of the platform's devices does, or the guest's reset has made it do. */
static void a_device_that_wants_nothing_asks_nobody(void **state)
{
	(void)state;
	a_disk_interrupts();
	devices_serve(&vm);
	disk[VIRTIO_INTERRUPT_STATUS / 4] = 0;
	vm.vcpu[0].external_irq = 0;
	interrupt();
	assert_int_equal(vm.vcpu[0].external_irq, 0);
	assert_true(is_done());
}

/* Else it would interrupt no more. */
static void a_device_that_is_reset_is_served(void **state)
{
	(void)state;
	vcpu_set_state(&vm.vcpu[1], VCPU_RUNNABLE);
	vcpu_set_state(&vm.vcpu[0], VCPU_STOPPED);
	a_disk_interrupts();
	assert_false(is_done());
	devices_stop(&vm);
	assert_true(is_done());
}

/* Its own interrupts come and go meanwhile. */
static void a_service_is_not_forgotten(void **state)
{
	struct vcpu *v = &vm.vcpu[1];

	(void)state;
	v->external_irq = 0;
	vcpu_set_state(v, VCPU_RUNNABLE);
	assert_true(vcpu_ask_to_serve(v));
	vcpu_set_external(v, true);
	vcpu_set_external(v, false);
	assert_true(vcpu_is_to_serve(v));
	assert_false(vcpu_is_to_serve(v));
}

/* Each time that vCPU is asked, which serves at once. */
static unsigned heard_of(unsigned interrupts)
{
	unsigned heard = 0;

	for (unsigned i = 0; i < interrupts; i++) {
		a_disk_interrupts();
		devices_serve(&vm);
		heard += is_served();
	}
	return heard;
}

#define MOST 32 /* of interrupts in a period, which is as long as a slice */

static void a_device_that_interrupts_too_often_is_put_off(void **state)
{
	struct hart *h = mock_hart;

	(void)state;
	devices_init(1333 * 100);
	vcpu_set_state(&vm.vcpu[0], VCPU_STOPPED);
	mock_time = 1000000;
	h->shared = false;
	assert_int_equal(heard_of(MOST), MOST);
	assert_int_equal(devices_hear_if_due(h), FOREVER);
	a_disk_interrupts();
	assert_false(is_served());
	assert_false(is_done()); /* it stays claimed */
	assert_true(h->shared);
	assert_int_equal(devices_hear_if_due(h), 1000100);
	mock_time = 1000099;
	assert_int_equal(devices_hear_if_due(h), 1000100);
	assert_false(is_done());
	h->devices_look = mock_time; /* it is another's time */
	assert_int_equal(devices_hear_if_due(h), 1000100);
	assert_false(is_done());
	mock_time = 1000100;
	assert_int_equal(devices_hear_if_due(h), FOREVER);
	devices_serve(&vm);
	assert_true(is_served());
	assert_int_equal(heard_of(MOST), MOST - 1);
}

/* Its vCPU sleeps until the device has what it waits for. */
static void an_idle_hart_hears_a_device_that_was_put_off(void **state)
{
	struct vcpu *v = &vm.vcpu[0];

	(void)state;
	devices_init(1333 * 100);
	vcpu_set_state(v, VCPU_STOPPED);
	mock_time = 3000000;
	heard_of(MOST);
	a_disk_interrupts();
	vcpu_set_state(v, VCPU_WAITING);
	v->deadline = FOREVER;
	run_turns(1, take_turn);
	assert_int_equal(turn_count, 0);
	assert_int_equal(timer, 3000100);
	mock_time = 3000100;
	run_turns(1, take_turn);
	assert_int_equal(turn_count, 1);
	assert_true(is_served());
}

/* Nobody else hears of it, and it may interrupt again. */
static void a_device_that_is_put_off_and_reset_is_heard(void **state)
{
	(void)state;
	devices_init(1333 * 100);
	vcpu_set_state(&vm.vcpu[0], VCPU_STOPPED);
	mock_time = 2000000;
	heard_of(MOST + 1);
	disk[VIRTIO_INTERRUPT_STATUS / 4] = 0;
	devices_stop(&vm);
	assert_false(is_done());
	mock_time += 100;
	assert_int_equal(devices_hear_if_due(mock_hart), FOREVER);
	assert_true(is_done());
}

static const struct CMUnitTest tests[] = {
	TEST(vcpus_spread_over_harts),
	TEST(a_lone_vcpu_keeps_its_hart),
	TEST(who_left_a_line_open_comes_back_to_it),
	TEST(two_share_by_slices),
	TEST(nobody_who_sleeps_for_ever_ends_a_slice),
	TEST(who_wakes_waits_for_the_minimum),
	TEST(who_wakes_waits_until_the_other_has_used_as_much),
	TEST(an_ipi_is_worth_a_slice),
	TEST(an_ipi_that_is_pending_kicks_nobody_again),
	TEST(a_line_that_changes_often_kicks_once),
	TEST(a_napper_takes_no_more_than_its_share),
	TEST(who_slept_long_saved_up_no_more_than_a_credit),
	TEST(an_ipi_waits_at_most_one_slice_of_each_other),
	TEST(the_slice_ends_at_its_end),
	TEST(wfi_waits_for_deadline_or_interrupt),
	TEST(pending_interrupts_ride_along),
	TEST(a_line_that_changes_after_an_entry_kicks_again),
	TEST(a_line_that_falls_before_the_hart_has_looked_still_wakes),
	TEST(vcpus_take_turns_until_the_guest_ends),
	TEST(a_guest_that_restarts_keeps_its_place),
	TEST(an_idle_hart_sets_its_timer),
	TEST(an_idle_hart_comes_back_to_an_open_line),
	TEST(a_guest_serves_its_device_itself),
	TEST(a_vcpu_that_is_suspended_serves_last),
	TEST(a_vcpu_that_resumes_meanwhile_is_asked),
	TEST(a_vcpu_that_stops_serves_before),
	TEST(a_vcpu_that_stops_lends_nothing_any_more),
	TEST(a_device_of_nobody_who_runs_waits_for_one_who_starts),
	TEST(a_device_of_nobody_who_runs_is_answered_at_the_end),
	TEST(a_device_that_wants_nothing_asks_nobody),
	TEST(a_device_that_is_reset_is_served),
	TEST(a_service_is_not_forgotten),
	TEST(a_device_that_interrupts_too_often_is_put_off),
	TEST(a_device_that_is_put_off_and_reset_is_heard),
	TEST(an_idle_hart_hears_a_device_that_was_put_off),
};

int main(void)
{
	return RUN(tests);
}
