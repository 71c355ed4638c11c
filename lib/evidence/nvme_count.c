// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * NVMe queues against what else the driver knows of them: zeros over a queue or
 * over the tags of its requests look like a queue at rest.
 */
#include <inttypes.h>
#include <stdio.h>

#include "nvme.h"

static void report_missing(struct nvme *n, uint64_t found, uint64_t wanted,
			   const char *what)
{
	ami_finding_add_with(n->ev->state->findings, AMI_FIND_BUFFERS_MISSING,
			     n->name, AMI_FACTS(AMI_SAYS(QUEUE, n->qid),
						AMI_SAYS(COUNT, found),
						AMI_SAYS(EXPECTED, wanted)),
			     "Queue %u of its controller %s: what the device was to write is not known.",
			     n->qid, what);
	n->lost = true;
}

void evidence_nvme_empty(struct nvme *n, const char *what)
{
	if (n->qid < n->online)
		report_missing(n, 0, 1, what);
}

/*
 * Each command gets one answer, and both rings have as many places. What was
 * queued and not answered has a request each, but for the command that waits for
 * events, and for the answer that the driver is taking.
 */
void evidence_nvme_count(struct nvme *n, uint64_t depth)
{
	uint64_t tail, head, out, aside = n->qid ? 1 : 2;
	char what[96];

	if (n->qid >= n->online ||
	    !evidence_nvme_get(n, n->queue, AMI_F_nvme_queue_sq_tail, &tail) ||
	    !evidence_nvme_get(n, n->queue, AMI_F_nvme_queue_cq_head, &head) ||
	    tail >= depth || head >= depth)
		return;
	out = (tail + depth - head) % depth;
	if (out <= n->requests + aside)
		return;
	snprintf(what, sizeof(what),
		 "has %" PRIu64 " commands that are not answered, but %" PRIu64 " requests",
		 out, n->requests);
	report_missing(n, n->requests, out, what);
}
