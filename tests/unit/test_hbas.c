// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Disk controllers on machines that are laid out as real kernels lay out the drivers'
 * structures. Each has its areas in pages of their own, by the device's address.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "layouts.h"

#define IOVA(page)	((uint64_t)(page) * AMI_PAGE_SIZE)
#define MOST		10

#define ROWS(name) \
	static const struct layout_row name##_rows[] = {
#define END };

ROWS(megaraid_sas)
#include "layouts/megaraid_sas.inc"
END
ROWS(mptbase)
#include "layouts/mptbase.inc"
END
ROWS(mpt3sas)
#include "layouts/mpt3sas.inc"
END
ROWS(mpi3mr)
#include "layouts/mpi3mr.inc"
END
ROWS(smartpqi)
#include "layouts/smartpqi.inc"
END
ROWS(vmw_pvscsi)
#include "layouts/vmw_pvscsi.inc"
END
ROWS(sym53c8xx)
#include "layouts/sym53c8xx.inc"
END
ROWS(esp_scsi)
#include "layouts/esp_scsi.inc"
END

static enum real_kernel real;
static struct {
	uint64_t adapter, other, list;
} at;

#define LAY_OUT(rig, name) rig_layout(rig, real, name##_rows, \
	sizeof(name##_rows) / sizeof(name##_rows[0]))

/* The driver data is the adapter itself. */
#define ADAPTER(driver, name, size) ({					\
	struct rig *rig_ = rig_new(driver);				\
									\
	LAY_OUT(rig_, name);						\
	at.adapter = machine_object(rig_->m, size);			\
	rig_set(rig_, rig_->dev, AMI_F_device_driver_data, at.adapter);	\
	rig_; })

/* It is a SCSI host that ends with the adapter. */
#define HOST(driver, name, size) ({					\
	struct rig *rig_ = rig_new(driver);				\
	uint64_t host_;							\
									\
	LAY_OUT(rig_, vmw_pvscsi);					\
	LAY_OUT(rig_, name);						\
	host_ = machine_object(rig_->m, 0x1000 + (size));		\
	rig_set(rig_, rig_->dev, AMI_F_device_driver_data, host_);	\
	at.adapter = rig_member(rig_, host_, AMI_F_scsi_hostdata);	\
	rig_; })

#define SET(object, field, value)	rig_set(rig, object, AMI_F_##field, value)
#define PAGE_AT(field, page)		SET(at.adapter, field, IOVA(page))

static void element(struct rig *rig, uint64_t object, enum ami_field f,
		    unsigned int n, uint64_t value)
{
	rig_set64(rig, rig_member(rig, object, f) + 8 * n, value);
}

/* QEMU's: frames and a reply queue. */
static struct rig *megasas(void)
{
	struct rig *rig = ADAPTER("megaraid_sas", megaraid_sas, 0x4000);

	PAGE_AT(mega_reply, 2);
	SET(at.adapter, mega_max_fw, 1007);
	PAGE_AT(mega_producer, 3);
	PAGE_AT(mega_event, 4);
	PAGE_AT(mega_info, 7);
	/* Given back: its address stays. */
	PAGE_AT(mega_crash, 128);
	at.list = machine_object(rig->m, 64);
	at.other = machine_object(rig->m, 0x100);
	SET(at.adapter, mega_cmds, at.list);
	SET(at.adapter, mega_max_mfi, 8);
	SET(at.adapter, mega_frame_size, 1024);
	rig_set64(rig, at.list + 8, at.other);
	SET(at.other, mfi_frame, IOVA(5));
	SET(at.other, mfi_sense, IOVA(6));
	return rig;
}

/* A newer one: reply queues for two vectors, two maps. */
static struct rig *fusion(void)
{
	struct rig *rig = ADAPTER("megaraid_sas", megaraid_sas, 0x4000);
	uint64_t context = machine_object(rig->m, 0x4000);

	SET(at.adapter, mega_fusion, context);
	SET(at.adapter, mega_frame_size, 256);
	SET(at.adapter, mega_max_mpt, 32);
	SET(at.adapter, mega_vectors, 2);
	SET(at.adapter, mega_rdpq, 1);
	SET(context, mega_queue_size, 4096);
	element(rig, context, AMI_F_mega_queues, 0, IOVA(2));
	element(rig, context, AMI_F_mega_queues, 1, IOVA(3));
	SET(context, mega_sense, IOVA(4));
	SET(context, mega_requests, IOVA(5));
	SET(context, mega_requests_size, 4096);
	element(rig, context, AMI_F_mega_map, 1, IOVA(6));
	SET(context, mega_map_size, 4096);
	at.other = context;
	return rig;
}

static struct rig *mpt(void)
{
	struct rig *rig = ADAPTER("mptsas", mptbase, 0x2000);

	PAGE_AT(mpt_frames, 2);
	SET(at.adapter, mpt_reply_depth, 64);
	SET(at.adapter, mpt_reply_size, 128);
	PAGE_AT(mpt_sense, 4);
	SET(at.adapter, mpt_req_depth, 64);
	return rig;
}

static struct rig *mpt3sas(void)
{
	struct rig *rig = HOST("mpt3sas", mpt3sas, 0x8000);
	uint64_t step = image_layout(rig->m->img)->type_size[AMI_T_mpt3_post];

	PAGE_AT(mpt3_sense, 2);
	SET(at.adapter, mpt3_scsi_depth, 42);
	PAGE_AT(mpt3_reply, 3);
	SET(at.adapter, mpt3_reply_depth, 32);
	SET(at.adapter, mpt3_reply_size, 128);
	PAGE_AT(mpt3_config, 7);
	SET(at.adapter, mpt3_config_size, 512);
	at.list = machine_object(rig->m, 256);
	SET(at.adapter, mpt3_post, at.list);
	SET(at.adapter, mpt3_post_depth, 512);
	SET(at.adapter, mpt3_rdpq, 1);
	SET(at.adapter, mpt3_queues, 2);
	SET(at.list, mpt3_post_dma, IOVA(4));
	SET(at.list + step, mpt3_post_dma, IOVA(5));
	element(rig, at.adapter, AMI_F_mpt3_diag, 2, IOVA(6));
	machine_write(rig->m, rig_member(rig, at.adapter,
					 AMI_F_mpt3_diag_size) + 8,
		      &(uint32_t){ 4096 }, 4);
	return rig;
}

/* 6.12 and later have buffers for programs' commands, and diagnostic ones. */
static struct rig *mpi3mr(void)
{
	struct rig *rig = HOST("mpi3mr", mpi3mr, 0x8000);
	uint64_t queue = machine_object(rig->m, 0x100), desc;

	PAGE_AT(mpi3_admin, 2);
	SET(at.adapter, mpi3_admin_size, 4096);
	PAGE_AT(mpi3_reply, 3);
	SET(at.adapter, mpi3_nr_reply, 32);
	SET(at.adapter, mpi3_reply_size, 128);
	PAGE_AT(mpi3_sense, 4);
	SET(at.adapter, mpi3_nr_sense, 16);
	at.list = machine_object(rig->m, 64);
	SET(at.adapter, mpi3_queues, queue);
	SET(at.adapter, mpi3_nr_queues, 1);
	SET(at.adapter, mpi3_entry, 16);
	SET(queue, mpi3_segments, at.list);
	SET(queue, mpi3_nr_segments, 2);
	SET(queue, mpi3_segment_depth, 256);
	SET(at.list, mpi3_segment_dma, IOVA(5));
	SET(at.list + image_layout(rig->m->img)->type_size[AMI_T_mpi3_segment],
	    mpi3_segment_dma, IOVA(6));
	at.other = queue;
	if (real == REAL_6_1)
		return rig;
	desc = rig_member(rig, at.adapter, AMI_F_mpi3_ioctl);
	SET(desc, mpi3_desc_dma, IOVA(7));
	SET(desc, mpi3_desc_size, 4096);
	return rig;
}

static struct rig *smartpqi(void)
{
	struct rig *rig = ADAPTER("smartpqi", smartpqi, 0x6000);
	uint64_t group = rig_member(rig, at.adapter, AMI_F_pqi_groups), memory;
	uint64_t sg[2] = { IOVA(6), 4096 };
	bool old = real == REAL_6_1;

	PAGE_AT(pqi_error, 2);
	SET(at.adapter, pqi_error_size, 4096);
	PAGE_AT(pqi_event, 3);
	SET(at.adapter, pqi_nr_groups, 1);
	SET(at.adapter, pqi_depth, 256);
	SET(group, pqi_oq, IOVA(4));
	SET(group, pqi_pi, IOVA(5));
	element(rig, group, AMI_F_pqi_ci, 1, IOVA(5) + 64);
	memory = machine_object(rig->m, 0x800);
	rig_set(rig, at.adapter, old ? AMI_F_pqi_ofa_old :
		AMI_F_pqi_log_memory, memory);
	rig_set(rig, memory, old ? AMI_F_pqi_old_count : AMI_F_pqi_host_count,
		1);
	machine_write(rig->m, rig_member(rig, memory, old ? AMI_F_pqi_old_list :
					 AMI_F_pqi_host_list), sg, sizeof(sg));
	at.other = memory;
	return rig;
}

static struct rig *pvscsi(void)
{
	struct rig *rig = HOST("vmw_pvscsi", vmw_pvscsi, 0x1000);

	PAGE_AT(pvs_cmp, 2);
	SET(at.adapter, pvs_cmp_pages, 2);
	PAGE_AT(pvs_msg, 4);
	SET(at.adapter, pvs_msg_pages, 1);
	PAGE_AT(pvs_state, 5);
	at.list = rig_object(rig, AMI_T_pvs_ctx);
	SET(at.adapter, pvs_map, at.list);
	SET(at.adapter, pvs_depth, 1);
	SET(at.list, pvs_cmd, at.adapter);
	SET(at.list, pvs_sense, IOVA(6));
	return rig;
}

static struct rig *esp(void)
{
	struct rig *rig = ADAPTER("am53c974", esp_scsi, 0x100);
	uint64_t pci = at.adapter, command = machine_object(rig->m, 0x200);

	at.adapter = machine_object(rig->m, 0x4000);
	SET(pci, esp_of_pci, at.adapter);
	PAGE_AT(esp_block, 2);
	machine_list_init(rig->m, rig_member(rig, at.adapter,
					     AMI_F_esp_commands));
	machine_list_add(rig->m, rig_member(rig, at.adapter,
					    AMI_F_esp_commands),
			 rig_member(rig, command, AMI_F_esp_entry));
	SET(command, esp_sense_ptr, pci);
	SET(command, esp_sense, IOVA(3));
	at.other = command;
	return rig;
}

/* Part A of its program is in its own memory, which is no RAM. */
static struct rig *sym(void)
{
	struct rig *rig = HOST("sym53c8xx", sym53c8xx, 0x100);
	uint64_t data = at.adapter, ccb;

	at.adapter = machine_object(rig->m, 0x1000);
	SET(data, sym_ncb, at.adapter);
	PAGE_AT(sym_hcb, 2);
	PAGE_AT(sym_squeue, 3);
	PAGE_AT(sym_dqueue, 4);
	PAGE_AT(sym_ram, 100);
	PAGE_AT(sym_a, 100);
	SET(at.adapter, sym_a_size, 2048);
	PAGE_AT(sym_z, 5);
	SET(at.adapter, sym_z_size, 512);
	at.list = machine_object(rig->m, 2048);
	ccb = rig_object(rig, AMI_T_sym_ccb);
	SET(at.adapter, sym_ccbs, at.list);
	rig_set64(rig, at.list + 8 * 77, ccb);
	SET(ccb, sym_ccb_dma, IOVA(6));
	at.other = ccb;
	return rig;
}

/*
 * @posted, @asked, @inflight: pages that it writes whenever it has something to say,
 * when a command asks for it, for a command at work; 0 ends each
 */
static const struct controller {
	const char *driver;
	struct rig *(*make)(void);
	unsigned int posted[MOST], asked[MOST], inflight[MOST];
} list[] = {
	{ "megaraid_sas", megasas, { 2, 3, 4, 5, 6 }, { 7 }, { 0 } },
	{ "megaraid_sas", fusion, { 2, 3, 4, 5, 6 }, { 0 }, { 0 } },
	{ "mptsas", mpt, { 2, 3, 4 }, { 0 }, { 0 } },
	{ "mpt3sas", mpt3sas, { 2, 3, 4, 5, 6 }, { 7 }, { 0 } },
	{ "mpi3mr", mpi3mr, { 2, 3, 4, 5, 6 }, { 0 }, { 0 } },
	{ "smartpqi", smartpqi, { 2, 3, 4, 5, 6 }, { 0 }, { 0 } },
	{ "vmw_pvscsi", pvscsi, { 2, 3, 4, 5 }, { 0 }, { 6 } },
	{ "am53c974", esp, { 2 }, { 0 }, { 3 } },
	{ "sym53c8xx", sym, { 2, 3, 4, 5, 6 }, { 0 }, { 0 } },
};

#define CONTROLLERS	(sizeof(list) / sizeof(list[0]))

static unsigned int check_pages(const struct rig *rig, const unsigned int *pages,
				enum ami_class class,
				enum ami_certainty certainty, bool direct)
{
	unsigned int i;

	for (i = 0; pages[i]; i++)
		assert_true(rig_names(rig, class, certainty, IOVA(pages[i]) +
				      (direct ? 0 : RIG_BUFFER)));
	return i;
}

/* What it writes is named, and nothing else. */
static void check(const struct controller *c, bool direct)
{
	struct rig *rig = c->make();
	unsigned int posted, inflight;

	print_message("# %s\n", c->driver);
	if (direct)
		rig_untranslated(rig);
	machine_analyse(rig->m);
	posted = check_pages(rig, c->posted, AMI_CLASS_POSTED, AMI_PROVEN,
			     direct);
	posted += check_pages(rig, c->asked, AMI_CLASS_POSTED, AMI_POSSIBLE,
			      direct);
	posted += !strcmp(c->driver, "mpi3mr") && real != REAL_6_1;
	inflight = check_pages(rig, c->inflight, AMI_CLASS_INFLIGHT, AMI_LIKELY,
			       direct);
	assert_int_equal(rig_pages(rig, AMI_CLASS_POSTED), posted);
	assert_int_equal(rig_pages(rig, AMI_CLASS_INFLIGHT), inflight);
	assert_true(rig_covered(rig, c->driver));
	assert_int_equal(rig_found(rig, "driver-state-damaged"), 0);
	assert_int_equal(rig_found(rig, "driver-state-unread"), 0);
	assert_int_equal(rig_found(rig, "no-evidence-provider"), 0);
	rig_free(rig);
}

static void whole(void **state)
{
	size_t i;

	(void)state;
	for (real = 0; real < REAL_KERNELS; real++)
		for (i = 0; i < CONTROLLERS; i++)
			check(&list[i], false);
}

static void untranslated(void **state)
{
	size_t i;

	(void)state;
	real = REAL_7_3;
	for (i = 0; i < CONTROLLERS; i++)
		check(&list[i], true);
}

/* One reply queue for all vectors. */
static void shared_queue(void **state)
{
	struct rig *rig;

	(void)state;
	real = REAL_6_12;
	rig = fusion();
	SET(at.adapter, mega_rdpq, 0);
	element(rig, at.other, AMI_F_mega_queues, 1, 0);
	machine_analyse(rig->m);
	assert_true(rig_names(rig, AMI_CLASS_POSTED, AMI_PROVEN,
			      RIG_BUFFER + IOVA(3)));
	rig_free(rig);
}

RIG_DAMAGE(frame_size, at.adapter, mega_frame_size, 0x7fffffff)
RIG_DAMAGE(frames_nowhere, at.adapter, mega_cmds, RIG_NOWHERE)
RIG_DAMAGE(fusion_vectors, at.adapter, mega_vectors, 0x7fffffff)
RIG_DAMAGE(fusion_size, at.other, mega_requests_size, 0x7fffffff)
RIG_DAMAGE(fusion_nowhere, at.adapter, mega_fusion, RIG_NOWHERE)
RIG_DAMAGE(mpt_depth, at.adapter, mpt_reply_depth, 0x7fffffff)
RIG_DAMAGE(mpt3_nowhere, at.adapter, mpt3_post, RIG_NOWHERE)
RIG_DAMAGE(mpi3_entry, at.adapter, mpi3_entry, 0xffff)
RIG_DAMAGE(mpi3_queues, at.adapter, mpi3_nr_queues, 0xffff)
RIG_DAMAGE(mpi3_nowhere, at.other, mpi3_segments, RIG_NOWHERE)
RIG_DAMAGE(pqi_groups, at.adapter, pqi_nr_groups, 65)
RIG_DAMAGE(pqi_descs, at.other, pqi_host_count, 65)
RIG_DAMAGE(pqi_size, at.adapter, pqi_error_size, 0xffffffff)
RIG_DAMAGE(pvs_pages, at.adapter, pvs_cmp_pages, 0xffffffff)
RIG_DAMAGE(pvs_depth, at.adapter, pvs_depth, 0xffffffff)
RIG_DAMAGE(pvs_nowhere, at.adapter, pvs_map, RIG_NOWHERE)
RIG_DAMAGE(esp_nowhere, at.adapter, esp_active, RIG_NOWHERE)
RIG_DAMAGE(sym_circle, at.other, sym_ccb_next, at.other)
RIG_DAMAGE(sym_nowhere, at.adapter, sym_ccbs, RIG_NOWHERE)

static const struct {
	struct rig *(*make)(void);
	struct rig_damage list[3];
} damaged[] = {
	{ megasas, { { "frame size", frame_size, "driver-state-damaged" },
		     { "frames", frames_nowhere, "driver-state-unread" } } },
	{ fusion, { { "vectors", fusion_vectors, "driver-state-damaged" },
		    { "requests", fusion_size, "driver-state-damaged" },
		    { "context", fusion_nowhere, "driver-state-unread" } } },
	{ mpt, { { "depth", mpt_depth, "driver-state-damaged" } } },
	{ mpt3sas, { { "queues", mpt3_nowhere, "driver-state-unread" } } },
	{ mpi3mr, { { "entry", mpi3_entry, "driver-state-damaged" },
		    { "queues", mpi3_queues, "driver-state-damaged" },
		    { "segments", mpi3_nowhere, "driver-state-unread" } } },
	{ smartpqi, { { "groups", pqi_groups, "driver-state-damaged" },
		      { "memory", pqi_descs, "driver-state-damaged" },
		      { "errors", pqi_size, "driver-state-damaged" } } },
	{ pvscsi, { { "pages", pvs_pages, "driver-state-damaged" },
		    { "depth", pvs_depth, "driver-state-damaged" },
		    { "map", pvs_nowhere, "driver-state-unread" } } },
	{ esp, { { "active", esp_nowhere, "driver-state-unread" } } },
	{ sym, { { "circle", sym_circle, "driver-state-damaged" },
		 { "table", sym_nowhere, "driver-state-unread" } } },
};

static void hostile(void **state)
{
	size_t i, n;

	(void)state;
	real = REAL_7_3;
	for (i = 0; i < sizeof(damaged) / sizeof(damaged[0]); i++) {
		for (n = 0; n < 3 && damaged[i].list[n].name; n++)
			;
		rig_survives(damaged[i].make, damaged[i].list, n);
	}
}

/* The firmware dumps itself into memory of the host: 1 MiB. */
static void crash_dump(void **state)
{
	struct rig *rig;

	(void)state;
	real = REAL_6_1;
	rig = megasas();
	SET(at.adapter, mega_crash_va, image_va(RIG_BUFFER + IOVA(128)));
	machine_analyse(rig->m);
	assert_true(rig_names(rig, AMI_CLASS_POSTED, AMI_PROVEN,
			      RIG_BUFFER + IOVA(128)) &&
		    rig_names(rig, AMI_CLASS_POSTED, AMI_PROVEN,
			      RIG_BUFFER + IOVA(128 + 255)));
	rig_free(rig);
}

/* Whatever page of it a filter drops. */
static void gaps(void **state)
{
	size_t i;

	(void)state;
	real = REAL_7_3;
	for (i = 0; i < CONTROLLERS; i++) {
		print_message("# %s\n", list[i].driver);
		rig_survives_gaps(list[i].make);
		rig_survives_noise(list[i].make);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(whole), cmocka_unit_test(untranslated),
		cmocka_unit_test(shared_queue), cmocka_unit_test(hostile),
		cmocka_unit_test(crash_dump), cmocka_unit_test(gaps),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
