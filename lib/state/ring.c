// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The command ring, and what is proven of it.
 *
 * The head register is in a dump only if it was recorded (record_ring.c). What
 * proves that commands ran is a COMPLETION_WAIT: its store of a sequence number to the semaphore happens
 * after all earlier commands completed. Nothing else does: the IOMMU moves its
 * head when it fetches a command, not when the command is done.
 * Kernel: drivers/iommu/amd/iommu.c, __iommu_queue_command_sync(),
 * iommu_completion_wait().
 */
#include <stdio.h>
#include <string.h>

#include "state.h"

#define RING_BYTES	(AMI_RING_ENTRIES * AMDVI_COMMAND_SIZE)
/* The driver stops queueing when 0x20 bytes are left: two entries. */
#define MAX_OUTSTANDING	(AMI_RING_ENTRIES - 3)

static void read_entries(struct ami_state *s, struct ami_ring *ring)
{
	uint32_t i, w[4];

	for (i = 0; i < AMI_RING_ENTRIES; i++) {
		if (ami_read(s->kernel, ring->va + i * AMDVI_COMMAND_SIZE, w,
			     sizeof(w)) != AMI_MEM_OK) {
			ring->state[i] = AMI_ENTRY_UNREAD;
			continue;
		}
		amdvi_command_decode(w, ami_kernel_sme(s->kernel),
				     &ring->entry[i]);
		ring->state[i] = ring->entry[i].unused ? AMI_ENTRY_UNUSED :
				 AMI_ENTRY_UNPROVEN;
	}
}

static void read_tail(struct ami_state *s, struct ami_iommu *iommu,
		      const char *where)
{
	struct ami_ring *ring = &iommu->ring;
	uint64_t tail;

	if (!state_fetch(s, where, iommu->va, AMI_F_amd_iommu_cmd_buf_tail, &tail))
		return;
	if (tail >= RING_BYTES || tail % AMDVI_COMMAND_SIZE) {
		ami_finding_add_with(s->findings, AMI_FIND_RING_TAIL_INVALID,
				where,
				AMI_FACTS(AMI_SAYS(VALUE, tail),
					  AMI_SAYS(BYTES, RING_BYTES)),
				"cmd_buf_tail is %#llx, which is not an entry of a ring of %u bytes. No command can be taken as done.",
				(unsigned long long)tail, RING_BYTES);
		return;
	}
	ring->tail = tail / AMDVI_COMMAND_SIZE;
	ring->tail_known = true;
}

static void read_semaphore(struct ami_state *s, struct ami_iommu *iommu,
			   const char *where)
{
	struct ami_dump *dump = ami_kernel_dump(s->kernel);
	struct ami_ring *ring = &iommu->ring;
	uint64_t va, pa;
	enum ami_mem mem;

	ring->issued_known = state_fetch(s, where, iommu->va,
					 AMI_F_amd_iommu_cmd_sem_val,
					 &ring->last_issued);
	if (!state_fetch(s, where, iommu->va, AMI_F_amd_iommu_cmd_sem, &va))
		return;
	mem = ami_virt_to_phys(s->kernel, va, &pa);
	if (mem == AMI_MEM_OK) {
		ring->semaphore_phys = pa;
		mem = ami_dump_read(dump, pa, &ring->semaphore,
				    sizeof(ring->semaphore));
	}
	ring->semaphore_known = mem == AMI_MEM_OK;
	if (!ring->semaphore_known)
		ami_finding_add_with(s->findings, AMI_FIND_SEMAPHORE_UNREAD,
				where,
				AMI_FACTS(AMI_SAYS(ADDRESS, va),
					  AMI_NAMES(READ, ami_mem_text(mem))),
				"The completion-wait semaphore at %#llx is %s. No command can be proven done.",
				(unsigned long long)va, ami_mem_text(mem));
}

void state_read_ring(struct ami_state *s, struct ami_iommu *iommu)
{
	struct ami_ring *ring = &iommu->ring;
	char where[32];
	uint64_t v;
	bool known;

	snprintf(where, sizeof(where), "iommu%u", iommu->index);
	ring->proven = -1;
	ring->sme_mask = ami_kernel_sme(s->kernel);
	ring->unordered = ami_has(s->kernel, AMI_F_amd_iommu_cmd_sem_counter);
	known = state_fetch(s, where, iommu->va, AMI_F_amd_iommu_cmd_buf, &ring->va);
	ring->located = ring->va && ami_virt_to_phys(s->kernel, ring->va,
						     &ring->phys) == AMI_MEM_OK;
	if (!ring->located && known)
		ami_finding_add_with(s->findings, AMI_FIND_RING_UNKNOWN, where,
				AMI_FACTS(AMI_SAYS(ADDRESS, ring->va)),
				"The command ring's address %#llx does not translate.",
				(unsigned long long)ring->va);
	ring->sync_known = state_fetch(s, where, iommu->va,
				       AMI_F_amd_iommu_need_sync, &v);
	ring->need_sync = v;
	ring->sync_known &= state_fetch(s, where, iommu->va, AMI_F_amd_iommu_lock,
					&v);
	ring->lock_held = v;
	read_tail(s, iommu, where);
	read_semaphore(s, iommu, where);
	read_entries(s, ring);
}

static uint32_t back(uint32_t tail, uint32_t n)
{
	return (tail + AMI_RING_ENTRIES - n) % AMI_RING_ENTRIES;
}

static bool is_own_wait(const struct ami_ring *ring, uint32_t i)
{
	const struct amdvi_command *c = &ring->entry[i];

	return ring->state[i] == AMI_ENTRY_UNPROVEN &&
	       c->opcode == AMDVI_CMD_COMPLETION_WAIT && c->store &&
	       c->store_addr == ring->semaphore_phys;
}

int64_t ami_wait_ahead(const struct ami_ring *ring, uint64_t a, uint64_t b)
{
	uint64_t ahead = a - b;

	return ring->low_half && (a | b) <= UINT32_MAX ? (int32_t)ahead :
							 (int64_t)ahead;
}

/*
 * Older drivers (RHEL 8) put only the low half of a number into the command:
 * the semaphore starts again at 0 after 2^32 waits. A wait that the ring still
 * has shows it. Then the low half is all that can be compared.
 */
static void fit_numbers(struct ami_ring *ring)
{
	uint64_t low = ring->last_issued & UINT32_MAX, data;
	uint32_t n;

	for (n = 1; n <= MAX_OUTSTANDING && low != ring->last_issued; n++) {
		if (!is_own_wait(ring, back(ring->tail, n)))
			continue;
		data = ring->entry[back(ring->tail, n)].data;
		if (data > UINT32_MAX ||
		    (uint32_t)(low - data) >= AMI_RING_ENTRIES)
			return;
		ring->low_half = true;
		ring->last_issued = low;
	}
}

/*
 * How many entries before the tail the newest proven completion wait lies; 0:
 * there is none. Some kernels (6.16 to 6.18) may queue sequence numbers
 * slightly out of order. So the wait whose number the hardware stored last
 * decides. A smaller number counts only if that one is nowhere in the ring, and
 * not in those kernels, which may have queued it later.
 */
static uint32_t find_proven(const struct ami_ring *ring)
{
	uint32_t n, smaller = 0;

	for (n = 1; n <= MAX_OUTSTANDING; n++) {
		uint32_t i = back(ring->tail, n);

		if (!is_own_wait(ring, i))
			continue;
		if (ring->entry[i].data == ring->semaphore)
			return n;
		if (!ring->unordered && !smaller &&
		    ami_wait_ahead(ring, ring->semaphore,
				   ring->entry[i].data) > 0)
			smaller = n;
	}
	return smaller;
}

void state_report_outstanding(struct ami_state *s, const struct ami_iommu *iommu)
{
	const struct ami_ring *ring = &iommu->ring;
	/* What is known never to have run is reported with what shows it. */
	uint32_t n = ring->outstanding -
		     (iommu->registers.final ? iommu->registers.pending : 0);
	char where[32];

	snprintf(where, sizeof(where), "iommu%u", iommu->index);
	if (n && !ring->semaphore_known)
		ami_finding_add_with(s->findings, AMI_FIND_COMMANDS_UNPROVEN,
				where,
				AMI_FACTS(AMI_SAYS(COUNT, n),
					  AMI_SAYS(ENTRY, ring->oldest),
					  AMI_SAYS(ISSUED, ring->last_issued)),
				"%u command%s from ring entry %u on %s not proven: the semaphore cannot be read; last issued completion wait %llu.",
				n, n == 1 ? "" : "s", ring->oldest,
				n == 1 ? "is" : "are",
				(unsigned long long)ring->last_issued);
	else if (n)
		ami_finding_add_with(s->findings, AMI_FIND_COMMANDS_UNPROVEN,
				where,
				AMI_FACTS(AMI_SAYS(COUNT, n),
					  AMI_SAYS(ENTRY, ring->oldest),
					  AMI_SAYS(ISSUED, ring->last_issued),
					  AMI_SAYS(COMPLETED, ring->semaphore)),
				"%u command%s from ring entry %u on %s not proven to have completed; last issued completion wait %llu, last completed %llu.",
				n, n == 1 ? "" : "s", ring->oldest,
				n == 1 ? "is" : "are",
				(unsigned long long)ring->last_issued,
				(unsigned long long)ring->semaphore);
}

static void report_ring(struct ami_state *s, const struct ami_iommu *iommu)
{
	const struct ami_ring *ring = &iommu->ring;
	char where[32];

	snprintf(where, sizeof(where), "iommu%u", iommu->index);
	if (ring->issued_known && ring->semaphore_known &&
	    ami_wait_ahead(ring, ring->semaphore, ring->last_issued) > 0)
		ami_finding_add_with(s->findings, AMI_FIND_SEMAPHORE_AHEAD,
				where,
				AMI_FACTS(AMI_SAYS(VALUE, ring->semaphore),
					  AMI_SAYS(ISSUED, ring->last_issued)),
				"The semaphore holds %llu but the driver issued only %llu: the page was overwritten, and no command can be taken as done.",
				(unsigned long long)ring->semaphore,
				(unsigned long long)ring->last_issued);
	if (ring->count[AMI_ENTRY_UNREAD])
		ami_finding_add_with(s->findings, AMI_FIND_RING_UNREAD, where,
				AMI_FACTS(
					AMI_SAYS(COUNT,
						 ring->count[AMI_ENTRY_UNREAD]),
					AMI_SAYS(OF, AMI_RING_ENTRIES)),
				"%u of %u command ring entries cannot be read from this dump.",
				ring->count[AMI_ENTRY_UNREAD], AMI_RING_ENTRIES);
	if (ring->blind)
		ami_finding_add(s->findings, AMI_FIND_COMMANDS_UNSEEN, where,
				"Commands may have been outstanding in entries that cannot be read or were overwritten. It is unknown which translations are stale.");
	if (ring->lock_held)
		ami_finding_add(s->findings, AMI_FIND_RING_LOCK_HELD, where,
				"The IOMMU's lock was held: a CPU was stopped while it queued a command, and the tail may be off by one.");
}

/*
 * Driver state without need_sync says that the last command is a completion
 * wait. If the ring has another command there, the state proves nothing. Nor
 * does it if the wait has another number: a kernel that queues numbers out of
 * order gave up waiting for it.
 */
static bool contradicts_driver(const struct ami_ring *ring)
{
	uint32_t last = back(ring->tail, 1);

	return ring->state[last] == AMI_ENTRY_UNPROVEN &&
	       !(is_own_wait(ring, last) &&
		 ring->entry[last].data == ring->semaphore);
}

/* Nothing outstanding: the driver's own state proves it. */
static bool proven_empty(const struct ami_ring *ring)
{
	return ring->semaphore_known && ring->issued_known &&
	       ring->sync_known && !ring->need_sync && !ring->lock_held &&
	       ring->semaphore == ring->last_issued;
}

static bool believable(const struct ami_ring *ring)
{
	return ring->semaphore_known && ring->tail_known &&
	       (!ring->issued_known ||
		ami_wait_ahead(ring, ring->semaphore,
			       ring->last_issued) <= 0);
}

static void mark_done(struct ami_ring *ring, uint32_t newest, bool all)
{
	uint32_t n;

	for (n = 1; n <= AMI_RING_ENTRIES; n++) {
		uint32_t i = back(ring->tail, n);

		if (ring->state[i] == AMI_ENTRY_UNPROVEN &&
		    (all || (newest && n >= newest)))
			ring->state[i] = AMI_ENTRY_DONE;
	}
}

/* Not a wait of the driver: what the entry held before is lost. */
static bool is_wait_elsewhere(const struct ami_ring *ring, uint32_t i)
{
	const struct amdvi_command *c = &ring->entry[i];

	return c->opcode == AMDVI_CMD_COMPLETION_WAIT && ring->semaphore_phys &&
	       !(c->store && c->store_addr == ring->semaphore_phys);
}

/* Can the driver have queued it? It clears a command before filling it in. */
static bool can_be_linux(const struct ami_ring *ring, uint32_t i)
{
	const struct amdvi_command *c = &ring->entry[i];
	uint32_t w[4];

	amdvi_command_encode(c, ring->sme_mask, w);
	return c->opcode >= AMDVI_CMD_COMPLETION_WAIT &&
	       c->opcode <= AMDVI_CMD_INVALIDATE_IOMMU_ALL &&
	       c->opcode != AMDVI_CMD_PREFETCH_IOMMU_PAGES &&
	       !memcmp(w, c->w, sizeof(w)) && !is_wait_elsewhere(ring, i);
}

/*
 * The driver fills the ring in order. So there is a command in each entry from
 * a proven wait to the tail, and from entry 0 to the tail. An entry without
 * one, or with one that the driver never issues, was overwritten.
 */
static bool out_of_sight(const struct ami_ring *ring, uint32_t i,
			 bool after_proven)
{
	switch (ring->state[i]) {
	case AMI_ENTRY_UNREAD:
	case AMI_ENTRY_OVERWRITTEN:
		return true;
	case AMI_ENTRY_UNUSED:
		return after_proven || i < ring->tail;
	case AMI_ENTRY_UNPROVEN:
		return !can_be_linux(ring, i);
	default:
		return false;
	}
}

/* Unproven entries end at the tail. Is one of them out of sight? */
static void find_outstanding(struct ami_ring *ring, uint32_t newest,
			     bool empty)
{
	uint32_t n, end = newest ? newest : MAX_OUTSTANDING + 1;

	for (n = 1; n < end && !empty; n++) {
		uint32_t i = back(ring->tail, n);

		if (ring->state[i] == AMI_ENTRY_UNPROVEN) {
			ring->oldest = i;
			ring->outstanding = n;
		}
		if (out_of_sight(ring, i, newest))
			ring->blind = true;
	}
}

void ami_ring_stopped(struct ami_ring *ring, uint32_t entry)
{
	uint32_t n = back(ring->tail, entry);

	/* Not among the outstanding: the driver went on after it. */
	if (n > ring->outstanding)
		return;
	for (; n >= 1; n--) {
		uint32_t i = back(ring->tail, n);

		if (ring->state[i] == AMI_ENTRY_UNPROVEN) {
			ring->state[i] = AMI_ENTRY_NOT_EXECUTED;
			ring->count[AMI_ENTRY_UNPROVEN]--;
			ring->count[AMI_ENTRY_NOT_EXECUTED]++;
		}
	}
}

void state_grade_ring(struct ami_state *s, struct ami_iommu *iommu)
{
	struct ami_ring *ring = &iommu->ring;
	uint32_t newest = 0, i;
	bool empty;

	fit_numbers(ring);
	empty = believable(ring) && proven_empty(ring) &&
		!contradicts_driver(ring);
	if (believable(ring))
		newest = find_proven(ring);
	if (newest)
		ring->proven = back(ring->tail, newest);
	mark_done(ring, newest, empty);
	find_outstanding(ring, newest, empty);
	for (i = 0; i < AMI_RING_ENTRIES; i++)
		ring->count[ring->state[i]]++;
	report_ring(s, iommu);
}

/* A queued wait that the hardware did not store, though the CPUs had stopped. */
static bool shows_lost_wait(const struct ami_ring *ring)
{
	uint32_t i;

	for (i = 0; i < AMI_RING_ENTRIES; i++)
		if (is_own_wait(ring, i) &&
		    ami_wait_ahead(ring, ring->entry[i].data,
				   ring->semaphore) > 0)
			return true;
	return false;
}

bool ami_ring_lost_wait(const struct ami_state *s, const struct ami_ring *ring)
{
	uint32_t cpus = ami_cpus(s);
	int64_t ahead, on_the_way = ring->unordered && cpus ? cpus : 1;

	/* On a running machine, a wait is under way at any time. */
	if (s->crash == AMI_CRASH_NO || !ring->semaphore_known ||
	    !ring->issued_known)
		return false;
	ahead = ami_wait_ahead(ring, ring->last_issued, ring->semaphore);
	if (ahead <= 0)
		return false;
	/*
	 * A CPU that was stopped while it queued a wait had given out its
	 * number, under the lock or, with @unordered, before it.
	 */
	if (!ring->unordered && ring->sync_known && !ring->lock_held)
		return true;
	return shows_lost_wait(ring) || ahead > on_the_way;
}
