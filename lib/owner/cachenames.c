// SPDX-License-Identifier: GPL-2.0-or-later
/* Slab caches of what is never a buffer, by their names. */
#include <string.h>

#include "owner.h"

/*
 * As the kernel's own code names them in kmem_cache_create(). Their objects are
 * structures that only CPUs read and write (irq_remap_cache: the IOMMU, too). Left
 * out are those that hold data or lead others to it by their own place:
 * names_cache (scratch pages), bio-* (a driver's own data comes before the bio),
 * scsi_sense_cache, jbd2_4k, and whatever a driver makes for itself.
 */
static const char *const bookkeeping[] = {
	/* kernel/, security/ */
	"task_struct", "signal_cache", "sighand_cache", "files_cache",
	"fs_cache", "mm_struct", "cred", "cred_jar", "pid", "pid_namespace",
	"user_namespace", "uid_cache", "uts_namespace", "nsproxy", "sigqueue",
	"task_delay_info", "taskstats", "task_group", "posix_timers_cache",
	"pool_workqueue", "perf_event", "ftrace_event_field",
	"trace_event_file", "lsm_file_cache", "lsm_inode_cache", "key_jar",
	"avc_node", "audit_buffer", "io_kiocb",
	/* mm/, lib/ */
	"vm_area_struct", "vma_lock", "anon_vma", "anon_vma_chain",
	"vmap_area", "kmem_cache", "kmem_cache_node", "shared_policy_node",
	"numa_policy", "radix_tree_node", "maple_node", "mem_cgroup",
	"mem_cgroup_per_node", "khugepaged_mm_slot", "page->ptl",
	"ksm_mm_slot", "ksm_rmap_item", "ksm_stable_node", "btree_node",
	"zswap_entry", "zspage", "zs_handle",
	/* fs/, block/ */
	"dentry", "inode_cache", "filp", "buffer_head", "mnt_cache",
	"kernfs_node_cache", "kernfs_iattrs_cache", "proc_dir_entry",
	"pde_opener", "seq_file", "file_lock_cache", "file_lock_ctx",
	"fasync_cache", "fsnotify_mark", "fsnotify_mark_connector",
	"inotify_inode_mark", "dnotify_struct", "dnotify_mark",
	"fanotify_path_event", "fanotify_fid_event", "fanotify_perm_event",
	"fanotify_mnt_event", "eventpoll_epi", "eventpoll_pwq", "bdev_cache",
	"dax_cache",
	"xfs_inode", "btrfs_inode", "ext4_extent_status",
	"jbd2_journal_head", "jbd2_journal_handle", "biovec-16",
	"biovec-64", "biovec-128", "biovec-max", "blkdev_ioc",
	"request_queue", "sgpool-8", "sgpool-16", "sgpool-32", "sgpool-64",
	"sgpool-128",
	/* net/ */
	"skbuff_head_cache", "skbuff_fclone_cache", "skbuff_ext_cache",
	"net_namespace", "UNIX", "UNIX-STREAM", "TCP", "TCPv6", "UDP",
	"UDPv6", "RAW", "RAWv6", "ip_fib_alias", "ip_fib_trie",
	"ip_dst_cache", "ip6_dst_cache", "fib6_nodes", "inet_peer_cache",
	"xfrm_dst_cache", "UDP-Lite", "tcp_bind_bucket", "tcp_bind2_bucket",
	"ip_mrt_cache", "ip6_mrt_cache", "mfc_cache", "mfc6_cache",
	/* drivers/ */
	"irq_remap_cache", "iommu_iova", "iommu_iova_magazine",
	"Acpi-Namespace", "Acpi-State", "Acpi-Parse", "Acpi-ParseExt",
	"Acpi-Operand", "dmaengine-unmap-2", "dmaengine-unmap-16",
	"dmaengine-unmap-128", "dmaengine-unmap-256",
};

static bool ends_with(const char *name, const char *end)
{
	size_t len = strlen(name), tail = strlen(end);

	return len > tail && !strcmp(name + len - tail, end);
}

bool owner_name_bookkeeping(const char *name)
{
	size_t i;

	/* Each file system has struct inode in a structure of its own. */
	if (ends_with(name, "_inode_cache"))
		return true;
	for (i = 0; i < sizeof(bookkeeping) / sizeof(bookkeeping[0]); i++)
		if (!strcmp(name, bookkeeping[i]))
			return true;
	return false;
}
