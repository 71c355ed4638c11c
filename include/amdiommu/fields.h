/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Everything the analysis wants to know about the dumped kernel's symbols and
 * types, in one place. Kernels differ: each item may be missing, and the
 * readers choose their variant by what is there, never by version number.
 *
 * F(id, type, path)   member `path` of struct or union `type`
 * T(id)               size of struct `id`
 * E(id, enumeration)  value of enumerator `id`
 * Y(id, rests)        address of symbol `id`, and what rests on it
 *
 * What is wanted of drivers' own types is in drivers.def, a file for each driver.
 */
#ifndef AMDIOMMU_FIELDS_H
#define AMDIOMMU_FIELDS_H

#define AMI_FIELDS(F)							\
	/* the IOMMU itself: drivers/iommu/amd/amd_iommu_types.h */	\
	F(amd_iommu_list, amd_iommu, "list")				\
	F(amd_iommu_index, amd_iommu, "index")				\
	F(amd_iommu_mmio_phys, amd_iommu, "mmio_phys")			\
	F(amd_iommu_cap, amd_iommu, "cap")				\
	F(amd_iommu_acpi_flags, amd_iommu, "acpi_flags")		\
	F(amd_iommu_features, amd_iommu, "features")			\
	F(amd_iommu_features2, amd_iommu, "features2")			\
	F(amd_iommu_devid, amd_iommu, "devid")				\
	F(amd_iommu_pci_seg, amd_iommu, "pci_seg")			\
	F(amd_iommu_cmd_buf, amd_iommu, "cmd_buf")			\
	F(amd_iommu_cmd_buf_tail, amd_iommu, "cmd_buf_tail")		\
	F(amd_iommu_evt_buf, amd_iommu, "evt_buf")			\
	F(amd_iommu_ppr_log, amd_iommu, "ppr_log")			\
	F(amd_iommu_ga_log, amd_iommu, "ga_log")			\
	F(amd_iommu_ga_log_tail, amd_iommu, "ga_log_tail")		\
	F(amd_iommu_need_sync, amd_iommu, "need_sync")			\
	F(amd_iommu_lock, amd_iommu, "lock.raw_lock")			\
	F(amd_iommu_flags, amd_iommu, "flags")				\
	F(amd_iommu_cmd_sem, amd_iommu, "cmd_sem")			\
	F(amd_iommu_cmd_sem_counter, amd_iommu, "cmd_sem_val.counter")	\
	F(amd_iommu_cmd_sem_val, amd_iommu, "cmd_sem_val")		\
	F(amd_iommu_cmd_sem_paddr, amd_iommu, "cmd_sem_paddr")		\
	/* PCI segment; up to 5.19 none, but its number and global tables */ \
	F(seg_list, amd_iommu_pci_seg, "list")				\
	F(seg_dev_data_list, amd_iommu_pci_seg, "dev_data_list")	\
	F(seg_id, amd_iommu_pci_seg, "id")				\
	F(seg_last_bdf, amd_iommu_pci_seg, "last_bdf")			\
	F(seg_dev_table_size, amd_iommu_pci_seg, "dev_table_size")	\
	F(seg_dev_table, amd_iommu_pci_seg, "dev_table")		\
	F(seg_rlookup_table, amd_iommu_pci_seg, "rlookup_table")	\
	F(seg_irq_lookup_table, amd_iommu_pci_seg, "irq_lookup_table")	\
	F(seg_alias_table, amd_iommu_pci_seg, "alias_table")		\
	F(seg_unity_map, amd_iommu_pci_seg, "unity_map")		\
	F(unity_list, unity_map_entry, "list")				\
	F(unity_devid_start, unity_map_entry, "devid_start")		\
	F(unity_devid_end, unity_map_entry, "devid_end")		\
	F(unity_address_start, unity_map_entry, "address_start")	\
	F(unity_address_end, unity_map_entry, "address_end")		\
	F(unity_prot, unity_map_entry, "prot")				\
	/* per device state */						\
	F(dev_data_node, iommu_dev_data, "dev_data_list")		\
	F(dev_data_domain, iommu_dev_data, "domain")			\
	F(dev_data_pdev, iommu_dev_data, "pdev")			\
	F(dev_data_dev, iommu_dev_data, "dev")				\
	F(dev_data_devid, iommu_dev_data, "devid")			\
	F(dev_data_ats_510, iommu_dev_data, "ats.enabled")		\
	F(dev_data_ats_enabled, iommu_dev_data, "ats_enabled")		\
	F(dev_data_defer_attach, iommu_dev_data, "defer_attach")	\
	F(dev_data_gcr3_tbl, iommu_dev_data, "gcr3_info.gcr3_tbl")	\
	F(dev_data_gcr3_glx, iommu_dev_data, "gcr3_info.glx")		\
	F(dev_data_gcr3_domid, iommu_dev_data, "gcr3_info.domid")	\
	/* protection domain */						\
	F(pdom_devices, protection_domain, "dev_list.next")		\
	F(pdom_domain, protection_domain, "domain")			\
	F(pdom_id, protection_domain, "id")				\
	F(pdom_pt_root, protection_domain, "pt_root")			\
	F(pdom_glx, protection_domain, "glx")				\
	F(pdom_gcr3_tbl, protection_domain, "gcr3_tbl")			\
	F(pdom_pd_mode, protection_domain, "pd_mode")			\
	F(pdom_dirty_tracking, protection_domain, "dirty_tracking")	\
	F(pdom_iop_mode, protection_domain, "iop.mode")			\
	F(pdom_iop_root, protection_domain, "iop.root")			\
	F(pdom_iop_pgd, protection_domain, "iop.pgd")			\
	F(pdom_amdv1_top, protection_domain, "amdv1.amdpt.common.top_of_table") \
	F(pdom_amdv2_top, protection_domain, "amdv2.x86_64_pt.common.top_of_table") \
	F(iommu_domain_type, iommu_domain, "type")			\
	F(iommu_domain_cookie, iommu_domain, "iova_cookie")		\
	F(iommu_domain_cookie_type, iommu_domain, "cookie_type")	\
	/* lazy unmapping: in iova_domain (5.10) or in iommu_dma_cookie */ \
	F(cookie_type, iommu_dma_cookie, "type")			\
	F(cookie_iovad, iommu_dma_cookie, "iovad")			\
	F(cookie_fq, iommu_dma_cookie, "fq")				\
	F(cookie_single_fq, iommu_dma_cookie, "single_fq")		\
	F(cookie_percpu_fq, iommu_dma_cookie, "percpu_fq")		\
	F(cookie_qt, iommu_dma_cookie, "options.qt")			\
	F(cookie_start_cnt, iommu_dma_cookie, "fq_flush_start_cnt")	\
	F(cookie_finish_cnt, iommu_dma_cookie, "fq_flush_finish_cnt")	\
	F(cookie_fq_domain, iommu_dma_cookie, "fq_domain")		\
	F(cookie_fq_timer_on, iommu_dma_cookie, "fq_timer_on")		\
	F(iovad_granule, iova_domain, "granule")			\
	F(iovad_lock, iova_domain, "iova_rbtree_lock.rlock.raw_lock")	\
	F(iovad_lock_owner, iova_domain, "iova_rbtree_lock.lock.owner")	\
	F(iovad_rbroot, iova_domain, "rbroot.rb_node")			\
	F(iovad_anchor, iova_domain, "anchor")				\
	F(iovad_rcaches, iova_domain, "rcaches")			\
	F(iova_node, iova, "node")					\
	F(iova_pfn_hi, iova, "pfn_hi")					\
	F(iova_pfn_lo, iova, "pfn_lo")					\
	F(rcache_depot_size, iova_rcache, "depot_size")			\
	F(rcache_depot, iova_rcache, "depot")				\
	F(rcache_cpus, iova_rcache, "cpu_rcaches")			\
	F(magazine_size, iova_magazine, "size")				\
	F(magazine_next, iova_magazine, "next")				\
	F(magazine_pfns, iova_magazine, "pfns")				\
	F(cpu_rcache_loaded, iova_cpu_rcache, "loaded")			\
	F(cpu_rcache_prev, iova_cpu_rcache, "prev")			\
	F(iovad_fq, iova_domain, "fq")					\
	F(iovad_start_cnt, iova_domain, "fq_flush_start_cnt")		\
	F(iovad_finish_cnt, iova_domain, "fq_flush_finish_cnt")		\
	F(iovad_fq_timer_on, iova_domain, "fq_timer_on")		\
	F(fq_entries, iova_fq, "entries")				\
	F(fq_head, iova_fq, "head")					\
	F(fq_tail, iova_fq, "tail")					\
	F(fq_mod_mask, iova_fq, "mod_mask")				\
	F(fq_entry_iova_pfn, iova_fq_entry, "iova_pfn")			\
	F(fq_entry_pages, iova_fq_entry, "pages")			\
	F(fq_entry_counter, iova_fq_entry, "counter")			\
	F(fq_entry_freelist, iova_fq_entry, "freelist")			\
	F(ioptdesc_node, ioptdesc, "iopt_freelist_elm")			\
	F(irt_table, irq_remap_table, "table")				\
	/* driver core and PCI */					\
	F(device_kobj_name, device, "kobj.name")			\
	F(device_init_name, device, "init_name")			\
	F(device_driver, device, "driver")				\
	F(device_group, device, "iommu_group")				\
	F(device_driver_name, device_driver, "name")			\
	F(group_id, iommu_group, "id")					\
	F(group_domain, iommu_group, "domain")				\
	F(group_default_domain, iommu_group, "default_domain")		\
	F(pci_dev_dev, pci_dev, "dev")					\
	F(pci_dev_bus_list, pci_dev, "bus_list")			\
	F(pci_dev_devfn, pci_dev, "devfn")				\
	F(pci_dev_vendor, pci_dev, "vendor")				\
	F(pci_dev_device, pci_dev, "device")				\
	F(pci_dev_class, pci_dev, "class")				\
	F(pci_dev_hdr_type, pci_dev, "hdr_type")			\
	F(pci_dev_is_busmaster, pci_dev, "is_busmaster")		\
	F(pci_dev_msi_enabled, pci_dev, "msi_enabled")			\
	F(pci_dev_msix_enabled, pci_dev, "msix_enabled")		\
	F(pci_bus_self, pci_bus, "self")				\
	F(pci_bus_node, pci_bus, "node")				\
	F(pci_bus_children, pci_bus, "children")			\
	F(pci_bus_devices, pci_bus, "devices")				\
	F(pci_bus_number, pci_bus, "number")				\
	F(pci_bus_sysdata, pci_bus, "sysdata")				\
	F(pci_sysdata_domain, pci_sysdata, "domain")			\
	/* who decided whether a device is translated */		\
	F(dev_data_iommu_v2, iommu_dev_data, "iommu_v2")		\
	F(dev_data_flags, iommu_dev_data, "flags")			\
	F(pci_dev_untrusted, pci_dev, "untrusted")			\
	/* windows of host bridges, which the IOVA allocator leaves out */ \
	F(pci_dev_bus, pci_dev, "bus")					\
	F(pci_bus_parent, pci_bus, "parent")				\
	F(pci_bus_bridge, pci_bus, "bridge")				\
	F(host_bridge_dev, pci_host_bridge, "dev")			\
	F(host_bridge_windows, pci_host_bridge, "windows")		\
	F(resource_entry_node, resource_entry, "node")			\
	F(resource_entry_res, resource_entry, "res")			\
	F(resource_entry_offset, resource_entry, "offset")		\
	/* page frames: include/linux/mm_types.h */			\
	F(page_flags, page, "flags")					\
	F(page_mapping, page, "mapping")				\
	F(page_compound_head, page, "compound_head")			\
	F(page_compound_info, page, "compound_info")			\
	F(page_private, page, "private")				\
	F(page_type, page, "page_type")					\
	F(page_refcount, page, "_refcount")				\
	F(page_pp_magic, page, "pp_magic")				\
	F(page_index, page, "index")					\
	F(page_folio_index, page, "__folio_index")			\
	F(page_slab_cache, page, "slab_cache")				\
	F(slab_slab_cache, slab, "slab_cache")				\
	F(page_s_mem, page, "s_mem")					\
	F(slab_s_mem, slab, "s_mem")					\
	F(page_objects, page, "objects")				\
	F(slab_objects, slab, "objects")				\
	F(page_freelist, page, "freelist")				\
	F(slab_freelist, slab, "freelist")				\
	F(kmem_cache_name, kmem_cache, "name")				\
	F(kmem_cache_offset, kmem_cache, "offset")			\
	F(kmem_cache_random, kmem_cache, "random")			\
	F(kmem_cache_cpu_slab, kmem_cache, "cpu_slab")			\
	F(kmem_cache_cpu_sheaves, kmem_cache, "cpu_sheaves")		\
	F(kmem_cache_per_node, kmem_cache, "per_node")			\
	F(kmem_cache_node_array, kmem_cache, "node")			\
	F(per_node_barn, kmem_cache_per_node_ptrs, "barn")		\
	F(cache_node_barn, kmem_cache_node, "barn")			\
	F(barn_full, node_barn, "sheaves_full")				\
	F(cpu_slab_freelist, kmem_cache_cpu, "freelist")		\
	F(cpu_sheaves_main, slub_percpu_sheaves, "main")		\
	F(cpu_sheaves_spare, slub_percpu_sheaves, "spare")		\
	F(cpu_sheaves_rcu_free, slub_percpu_sheaves, "rcu_free")	\
	F(sheaf_size, slab_sheaf, "size")				\
	F(sheaf_objects, slab_sheaf, "objects")				\
	F(sheaf_list, slab_sheaf, "barn_list")				\
	F(kmem_cache_flags, kmem_cache, "flags")			\
	F(kmem_cache_size, kmem_cache, "size")				\
	F(kmem_cache_object_size, kmem_cache, "object_size")		\
	F(kmem_cache_inuse, kmem_cache, "inuse")			\
	F(kmem_cache_num, kmem_cache, "num")				\
	F(kmem_cache_red_left_pad, kmem_cache, "red_left_pad")		\
	F(kmem_cache_refcount, kmem_cache, "refcount")			\
	/* names of merged caches: include/linux/{kobject,kernfs}.h */	\
	F(kmem_cache_directory, kmem_cache, "kobj.sd")			\
	F(kset_directory, kset, "kobj.sd")				\
	F(kernfs_children, kernfs_node, "dir.children.rb_node")		\
	F(kernfs_rb, kernfs_node, "rb")					\
	F(kernfs_name, kernfs_node, "name")				\
	F(kernfs_flags, kernfs_node, "flags")				\
	F(kernfs_target, kernfs_node, "symlink.target_kn")		\
	F(address_space_host, address_space, "host")			\
	F(inode_ino, inode, "i_ino")					\
	F(inode_sb, inode, "i_sb")					\
	F(inode_dentry, inode, "i_dentry.first")			\
	F(dentry_alias, dentry, "d_u.d_alias")				\
	F(dentry_d_alias, dentry, "d_alias")				\
	F(dentry_name, dentry, "d_name.name")				\
	F(super_block_id, super_block, "s_id")				\
	/* tasks and areas of virtual memory */				\
	F(task_tasks, task_struct, "tasks")				\
	F(task_signal, task_struct, "signal")				\
	F(task_thread_node, task_struct, "thread_node")			\
	F(signal_thread_head, signal_struct, "thread_head")		\
	F(task_stack, task_struct, "stack")				\
	F(task_comm, task_struct, "comm")				\
	F(task_pid, task_struct, "pid")					\
	F(task_mm, task_struct, "mm")					\
	F(task_tgid, task_struct, "tgid")				\
	F(mm_pgd, mm_struct, "pgd")					\
	/* anonymous memory: include/linux/rmap.h */			\
	F(anon_vma_areas, anon_vma, "rb_root.rb_root.rb_node")		\
	F(anon_vma_chain_rb, anon_vma_chain, "rb")			\
	F(anon_vma_chain_vma, anon_vma_chain, "vma")			\
	F(rb_parent, rb_node, "__rb_parent_color")			\
	F(rb_left, rb_node, "rb_left")					\
	F(rb_right, rb_node, "rb_right")				\
	F(vma_start, vm_area_struct, "vm_start")			\
	F(vma_end, vm_area_struct, "vm_end")				\
	F(vma_pgoff, vm_area_struct, "vm_pgoff")			\
	F(vma_mm, vm_area_struct, "vm_mm")				\
	F(vmap_area_start, vmap_area, "va_start")			\
	F(vmap_area_end, vmap_area, "va_end")				\
	F(vmap_area_list, vmap_area, "list")				\
	F(vmap_area_vm, vmap_area, "vm")				\
	F(vm_struct_flags, vm_struct, "flags")				\
	F(vm_struct_caller, vm_struct, "caller")			\
	F(vm_struct_addr, vm_struct, "addr")				\
	F(vm_struct_size, vm_struct, "size")				\
	F(vmap_node_busy, vmap_node, "busy.head")			\
	/* free pages on lists of CPUs: include/linux/mmzone.h */	\
	F(pgdat_node_zones, pglist_data, "node_zones")			\
	F(zone_pageset, zone, "pageset")				\
	F(zone_per_cpu_pageset, zone, "per_cpu_pageset")		\
	F(pageset_pcp, per_cpu_pageset, "pcp")				\
	F(pcp_lists, per_cpu_pages, "lists")				\
	F(page_lru, page, "lru")					\
	/* loaded modules: kernel/bpf/btf.c, include/linux/module.h */	\
	F(module_name, module, "name")					\
	F(module_list, module, "list")					\
	F(module_core_base, module, "core_layout.base")			\
	F(module_core_size, module, "core_layout.size")			\
	F(module_mem, module, "mem")					\
	F(module_memory_base, module_memory, "base")			\
	F(module_memory_size, module_memory, "size")			\
	F(btf_module_list, btf_module, "list")				\
	F(btf_module_module, btf_module, "module")			\
	F(btf_module_btf, btf_module, "btf")				\
	F(btf_data, btf, "data")					\
	F(btf_data_size, btf, "data_size")				\
	/* maps of BPF programs: include/linux/bpf.h */			\
	F(bpf_map_name, bpf_map, "name")				\
	F(bpf_map_value_size, bpf_map, "value_size")			\
	F(xarray_head, xarray, "xa_head")				\
	F(xa_node_shift, xa_node, "shift")				\
	F(xa_node_slots, xa_node, "slots")				\
	/* block layer: include/linux/{blk-mq,bio,bvec,sbitmap}.h; a disk is */ \
	/* embedded in gendisk (5.10) or in its block_device */		\
	F(device_type, device, "type")					\
	F(device_type_name, device_type, "name")			\
	F(gendisk_part0_dev, gendisk, "part0.__dev")			\
	F(bdev_device, block_device, "bd_device")			\
	F(bdev_disk, block_device, "bd_disk")				\
	F(gendisk_name, gendisk, "disk_name")				\
	F(gendisk_queue, gendisk, "queue")				\
	F(queue_tag_set, request_queue, "tag_set")			\
	F(queue_disk, request_queue, "disk")				\
	F(tag_set_tags, blk_mq_tag_set, "tags")				\
	F(tag_set_nr_hw_queues, blk_mq_tag_set, "nr_hw_queues")		\
	F(tags_nr_tags, blk_mq_tags, "nr_tags")				\
	F(tags_nr_reserved, blk_mq_tags, "nr_reserved_tags")		\
	F(tags_bitmap, blk_mq_tags, "bitmap_tags")			\
	F(tags_reserved_bitmap, blk_mq_tags, "breserved_tags")		\
	F(tags_rqs, blk_mq_tags, "rqs")					\
	F(tags_page_list, blk_mq_tags, "page_list")			\
	F(sbq_sb, sbitmap_queue, "sb")					\
	F(sbitmap_shift, sbitmap, "shift")				\
	F(sbitmap_map_nr, sbitmap, "map_nr")				\
	F(sbitmap_map, sbitmap, "map")					\
	F(sbitmap_word, sbitmap_word, "word")				\
	F(sbitmap_cleared, sbitmap_word, "cleared")			\
	F(request_q, request, "q")					\
	F(request_disk, request, "rq_disk")				\
	F(request_cmd_flags, request, "cmd_flags")			\
	F(request_data_len, request, "__data_len")			\
	F(request_sector, request, "__sector")				\
	F(request_bio, request, "bio")					\
	F(request_state, request, "state")				\
	F(request_start_time, request, "start_time_ns")			\
	F(bio_next, bio, "bi_next")					\
	F(bio_iter, bio, "bi_iter")					\
	F(bio_io_vec, bio, "bi_io_vec")					\
	F(bio_opf, bio, "bi_opf")					\
	F(bio_integrity, bio, "bi_integrity")				\
	F(bip_iter, bio_integrity_payload, "bip_iter")			\
	F(bip_vec, bio_integrity_payload, "bip_vec")			\
	F(bvec_iter_size, bvec_iter, "bi_size")				\
	F(bvec_iter_idx, bvec_iter, "bi_idx")				\
	F(bvec_iter_done, bvec_iter, "bi_bvec_done")			\
	F(bvec_iter_offset, bvec_iter, "bi_offset")			\
	F(sg_page_link, scatterlist, "page_link")			\
	F(sg_length, scatterlist, "length")				\
	F(sg_dma, scatterlist, "dma_address")				\
	F(sg_dma_length, scatterlist, "dma_length")			\
	F(bvec_page, bio_vec, "bv_page")				\
	F(bvec_len, bio_vec, "bv_len")					\
	F(bvec_offset, bio_vec, "bv_offset")				\
	/* bounce buffers: include/linux/swiotlb.h */			\
	F(tlb_mem_start, io_tlb_mem, "start")				\
	F(tlb_mem_nslabs, io_tlb_mem, "nslabs")				\
	F(tlb_mem_slots, io_tlb_mem, "slots")				\
	F(tlb_mem_defpool, io_tlb_mem, "defpool")			\
	F(tlb_mem_pools, io_tlb_mem, "pools")				\
	F(tlb_pool_start, io_tlb_pool, "start")				\
	F(tlb_pool_nslabs, io_tlb_pool, "nslabs")			\
	F(tlb_pool_slots, io_tlb_pool, "slots")				\
	F(tlb_pool_node, io_tlb_pool, "node")				\
	F(tlb_slot_orig, io_tlb_slot, "orig_addr")			\
	/* coherent buffers and DMA pools: drivers/base/devres.c, */	\
	/* kernel/dma/mapping.c, mm/dmapool.c */			\
	F(device_devres, device, "devres_head")				\
	F(device_dma_pools, device, "dma_pools")			\
	F(devres_entry, devres, "node.entry")				\
	F(devres_node_release, devres, "node.release")			\
	F(devres_release, devres, "release")				\
	F(devres_data, devres, "data")					\
	F(dma_devres_size, dma_devres, "size")				\
	F(dma_devres_handle, dma_devres, "dma_handle")			\
	F(dma_pool_node, dma_pool, "pools")				\
	F(dma_pool_pages, dma_pool, "page_list")			\
	F(dma_pool_allocation, dma_pool, "allocation")			\
	F(dma_pool_name, dma_pool, "name")				\
	F(dma_page_list, dma_page, "page_list")				\
	F(dma_page_dma, dma_page, "dma")				\
	/* virtqueues: include/linux/virtio.h */			\
	F(virtqueue_list, virtqueue, "list")				\
	F(virtqueue_name, virtqueue, "name")				\
	F(virtqueue_index, virtqueue, "index")				\
	F(virtqueue_num_free, virtqueue, "num_free")			\
	/* dma-debug: kernel/dma/debug.c */				\
	F(bucket_list, hash_bucket, "list")				\
	F(dma_debug_list, dma_debug_entry, "list")			\
	F(dma_debug_dev, dma_debug_entry, "dev")			\
	F(dma_debug_addr, dma_debug_entry, "dev_addr")			\
	F(dma_debug_size, dma_debug_entry, "size")			\
	F(dma_debug_type, dma_debug_entry, "type")			\
	F(dma_debug_direction, dma_debug_entry, "direction")		\
	/* page pools: include/net/page_pool/types.h */			\
	F(page_pp, page, "pp")						\
	F(page_dma_addr, page, "dma_addr")				\
	F(page_pool_mapped, page_pool, "dma_mapped")			\
	F(page_pool_order, page_pool, "p.order")			\
	F(page_pool_dev, page_pool, "p.dev")				\
	F(page_pool_dir, page_pool, "p.dma_dir")			\
	F(page_pool_offset, page_pool, "p.offset")			\
	F(page_pool_netdev, page_pool, "slow.netdev")			\
	F(xdp_buff_dma, xdp_buff_xsk, "dma")				\
	/* the clock that NMIs read: kernel/time/timekeeping.c */	\
	F(tk_fast_base, tk_fast, "base")				\
	F(tkr_shift, tk_read_base, "shift")				\
	F(tkr_xtime_nsec, tk_read_base, "xtime_nsec")			\
	F(tkr_base, tk_read_base, "base")				\
	/* the log: kernel/printk/printk_ringbuffer.h, include/linux/dev_printk.h */ \
	F(prb_count_bits, printk_ringbuffer, "desc_ring.count_bits")	\
	F(prb_descs, printk_ringbuffer, "desc_ring.descs")		\
	F(prb_infos, printk_ringbuffer, "desc_ring.infos")		\
	F(prb_head_id, printk_ringbuffer, "desc_ring.head_id.counter")	\
	F(prb_tail_id, printk_ringbuffer, "desc_ring.tail_id.counter")	\
	F(prb_size_bits, printk_ringbuffer, "text_data_ring.size_bits")	\
	F(prb_data, printk_ringbuffer, "text_data_ring.data")		\
	F(prb_desc_state, prb_desc, "state_var.counter")		\
	F(prb_desc_begin, prb_desc, "text_blk_lpos.begin")		\
	F(prb_desc_next, prb_desc, "text_blk_lpos.next")		\
	F(printk_seq, printk_info, "seq")				\
	F(printk_ts, printk_info, "ts_nsec")				\
	F(printk_text_len, printk_info, "text_len")			\
	F(printk_facility, printk_info, "facility")			\
	F(printk_level, printk_info, "level")				\
	F(printk_caller, printk_info, "caller_id")			\
	F(printk_subsystem, printk_info, "dev_info.subsystem")		\
	F(printk_device, printk_info, "dev_info.device")		\
	/* the log before 5.10: kernel/printk/printk.c */		\
	F(printk_log_ts, printk_log, "ts_nsec")				\
	F(printk_log_len, printk_log, "len")				\
	F(printk_log_text_len, printk_log, "text_len")			\
	F(printk_log_dict_len, printk_log, "dict_len")			\
	F(printk_log_facility, printk_log, "facility")			\
	F(printk_log_level, printk_log, "level")			\
	F(printk_log_caller, printk_log, "caller_id")			\
	F(device_driver_data, device, "driver_data")			\
	F(device_bus, device, "bus")					\
	F(bus_type_name, bus_type, "name")				\
	/* the tree of devices: lib/kobject.c, include/linux/device.h */ \
	F(kset_list, kset, "list")					\
	F(kobject_entry, kobject, "entry")				\
	F(device_kobj, device, "kobj")					\
	F(device_parent, device, "parent")				\
	F(device_class, device, "class")				\
	F(class_name, class, "name")					\
	/* network: include/linux/netdevice.h, include/linux/skbuff.h */ \
	F(netdev_dev, net_device, "dev")				\
	F(netdev_name, net_device, "name")				\
	F(netdev_priv, net_device, "priv")				\
	F(netdev_flags, net_device, "flags")				\
	F(netdev_state, net_device, "state")				\
	F(netdev_mtu, net_device, "mtu")				\
	F(netdev_dev_addr, net_device, "dev_addr")			\
	F(netdev_perm_addr, net_device, "perm_addr")			\
	F(netdev_addr_len, net_device, "addr_len")			\
	F(netdev_lower, net_device, "adj_list.lower")			\
	F(adjacent_dev, netdev_adjacent, "dev")				\
	F(adjacent_list, netdev_adjacent, "list")			\
	F(sk_buff_data, sk_buff, "data")				\
	F(resource_start, resource, "start")				\
	F(resource_end, resource, "end")				\
	F(resource_flags, resource, "flags")				\
	F(resource_child, resource, "child")				\
	F(resource_sibling, resource, "sibling")			\
	F(section_mem_map, mem_section, "section_mem_map")

#define AMI_TYPES(T)							\
	T(amd_iommu)							\
	T(amd_iommu_pci_seg)						\
	T(iommu_dev_data)						\
	T(protection_domain)						\
	T(iommu_domain)							\
	T(nested_domain)						\
	T(iommu_dma_cookie)						\
	T(iova_fq_entry)						\
	T(iova_rcache)							\
	T(dma_iova_state)						\
	T(unity_map_entry)						\
	T(irq_remap_table)						\
	T(device)							\
	T(device_driver)						\
	T(iommu_group)							\
	T(pci_dev)							\
	T(pci_bus)							\
	T(pci_sysdata)							\
	T(page)								\
	T(module_memory)						\
	T(kmem_cache_per_node_ptrs)					\
	T(net_device)							\
	T(vmap_node)							\
	T(zone)								\
	T(gendisk)							\
	T(request)							\
	T(bio)								\
	T(scatterlist)							\
	T(bio_vec)							\
	T(blk_mq_tags)							\
	T(sbitmap_word)							\
	T(io_tlb_slot)							\
	T(virtqueue)							\
	T(hash_bucket)							\
	T(prb_desc)							\
	T(printk_info)							\
	T(printk_log)							\
	T(resource)							\
	T(mem_section)

#define AMI_ENUMERATORS(E)						\
	E(MQ_RQ_IN_FLIGHT, mq_rq_state)					\
	E(MQ_RQ_COMPLETE, mq_rq_state)					\
	E(__REQ_INTEGRITY, req_flag_bits)				\
	E(IOMMU_START_STATE, iommu_init_state)				\
	E(IOMMU_INITIALIZED, iommu_init_state)				\
	E(IOMMU_NOT_FOUND, iommu_init_state)				\
	E(IOMMU_INIT_ERROR, iommu_init_state)				\
	E(IOMMU_CMDLINE_DISABLED, iommu_init_state)			\
	E(SYSTEM_HALT, system_states)					\
	E(PD_MODE_NONE, protection_domain_mode)				\
	E(PD_MODE_V2, protection_domain_mode)				\
	E(MIGRATE_PCPTYPES, migratetype)				\
	E(_SLAB_RED_ZONE, _slab_flag_bits)				\
	E(_SLAB_OBJECT_POISON, _slab_flag_bits)				\
	E(PG_slab, pageflags)						\
	E(PG_reserved, pageflags)					\
	E(PGTY_table, pagetype)						\
	E(PGTY_unaccepted, pagetype)

/*
 * What rests on a symbol, in case the dump does not hold its address. Without
 * an ANALYSIS symbol the dump is refused; any other is a finding
 * (lib/state/symbols.c).
 *
 * ANALYSIS	everything
 * STATE	what the IOMMU driver had set
 * LATER	the same, but extracts of older versions do not have it
 * DRIVERS	what devices had been asked to do
 * OWNERS	the owners of pages
 * POLICY	who decided what becomes of devices' DMA; not in older extracts
 * OWNERS_LATER	the same, but extracts of older versions do not have it
 * NOTES	lines of the report
 * NOTES_LATER	the same, and extracts of older versions do not have it
 */
#define AMI_SYMBOLS(Y)							\
	Y(_stext, ANALYSIS)						\
	Y(__start_BTF, ANALYSIS)					\
	Y(__stop_BTF, ANALYSIS)						\
	Y(btf_modules, DRIVERS)						\
	Y(devices_kset, DRIVERS)					\
	Y(net_class, DRIVERS)						\
	Y(init_task, OWNERS)						\
	Y(__start_init_task, OWNERS)					\
	Y(__end_init_task, OWNERS)					\
	Y(__start_init_stack, OWNERS)					\
	Y(__end_init_stack, OWNERS)					\
	Y(node_data, OWNERS)						\
	Y(vmap_area_list, OWNERS)					\
	Y(vmap_nodes, OWNERS)						\
	Y(nr_vmap_nodes, OWNERS)					\
	Y(vmalloc_base, OWNERS)						\
	Y(contig_page_data, OWNERS_LATER)				\
	Y(pcpu_get_vm_areas, OWNERS_LATER)				\
	Y(pcpu_base_addr, OWNERS_LATER)					\
	Y(pcpu_unit_offsets, OWNERS_LATER)				\
	Y(pcpu_unit_size, OWNERS_LATER)					\
	Y(irq_stack_backing_store, OWNERS_LATER)			\
	Y(cached_stacks, OWNERS_LATER)					\
	Y(slab_kset, OWNERS_LATER)					\
	Y(_text, OWNERS)						\
	Y(_etext, OWNERS)						\
	Y(__start_rodata, OWNERS)					\
	Y(__end_rodata, OWNERS)						\
	Y(_sdata, OWNERS)						\
	Y(_end, OWNERS)							\
	Y(_page_poisoning_enabled, OWNERS)				\
	Y(init_on_free, OWNERS)						\
	Y(block_class, DRIVERS)						\
	Y(tk_fast_mono, DRIVERS)					\
	Y(dmam_release, DRIVERS)					\
	Y(dma_entry_hash, DRIVERS)					\
	Y(global_disable, DRIVERS)					\
	Y(page_pools, DRIVERS)						\
	Y(io_tlb_default_mem, DRIVERS)					\
	Y(io_tlb_start, DRIVERS)					\
	Y(io_tlb_nslabs, DRIVERS)					\
	Y(io_tlb_orig_addr, DRIVERS)					\
	Y(iomem_resource, LATER)					\
	Y(mem_section, LATER)						\
	Y(max_pfn, LATER)						\
	Y(crashk_cma_cnt, LATER)					\
	Y(crashk_cma_ranges, LATER)					\
	Y(init_state, LATER)						\
	Y(system_state, LATER)						\
	Y(panic_cpu, LATER)						\
	Y(vmemmap_base, OWNERS)						\
	Y(page_offset_base, ANALYSIS)					\
	Y(__per_cpu_offset, STATE)					\
	Y(__cpu_possible_mask, STATE)					\
	Y(nr_cpu_ids, STATE)						\
	Y(crashk_res, STATE)						\
	Y(crashk_low_res, STATE)					\
	Y(saved_command_line, NOTES)					\
	Y(prb, NOTES)							\
	Y(log_buf, NOTES_LATER)						\
	Y(log_buf_len, NOTES_LATER)					\
	Y(log_first_idx, NOTES_LATER)					\
	Y(log_first_seq, NOTES_LATER)					\
	Y(log_next_seq, NOTES_LATER)					\
	Y(linux_banner, NOTES)						\
	Y(tainted_mask, NOTES)						\
	Y(amd_iommu_list, ANALYSIS)					\
	Y(amd_iommu_pci_seg_list, STATE)				\
	Y(amd_iommu_dev_table, STATE)					\
	Y(amd_iommu_rlookup_table, STATE)				\
	Y(amd_iommu_alias_table, STATE)					\
	Y(irq_lookup_table, STATE)					\
	Y(amd_iommu_last_bdf, STATE)					\
	Y(dev_table_size, STATE)					\
	Y(dev_data_list, STATE)						\
	Y(amd_iommu_unity_map, STATE)					\
	Y(amd_iommu_pgtable, STATE)					\
	Y(amd_iommu_gpt_level, STATE)					\
	Y(amd_iommu_snp_en, STATE)					\
	Y(amd_iommu_efr, STATE)						\
	Y(amd_iommu_efr2, STATE)					\
	Y(amd_iommu_guest_ir, STATE)					\
	Y(amd_iommu_evtlog_size, STATE)					\
	Y(amd_iommu_pprlog_size, STATE)					\
	Y(blocked_domain, STATE)					\
	Y(intel_iommu_enabled, NOTES)					\
	Y(xen_domain_type, LATER)					\
	Y(iommu_def_domain_type, POLICY)				\
	Y(iommu_cmd_line, POLICY)					\
	Y(iommu_dma_strict, POLICY)					\
	Y(amd_iommu_unmap_flush, POLICY)				\
	Y(amd_iommu_np_cache, POLICY)					\
	Y(map_idr, NOTES_LATER)						\
	Y(pci_root_buses, STATE)

#define AMI_FIELD_ID(id, type, path)	AMI_F_##id,
#define AMI_TYPE_ID(id)			AMI_T_##id,
#define AMI_ENUM_ID(id, enumeration)	AMI_E_##id,
#define AMI_SYMBOL_ID(id, rests)	AMI_SYM_##id,

enum ami_field {
	AMI_FIELDS(AMI_FIELD_ID)
	AMI_NR_CORE_FIELDS,		/* those of modules follow */
	AMI_LAST_CORE_FIELD = AMI_NR_CORE_FIELDS - 1,
#define AMI_M(id, module, type, path)	AMI_F_##id,
#include <amdiommu/drivers.def>
	AMI_NR_FIELDS
};
enum ami_type {
	AMI_TYPES(AMI_TYPE_ID)
	AMI_NR_CORE_TYPES,
	AMI_LAST_CORE_TYPE = AMI_NR_CORE_TYPES - 1,
#define AMI_S(id, module, type)		AMI_T_##id,
#include <amdiommu/drivers.def>
	AMI_NR_TYPES
};
enum ami_enumerator { AMI_ENUMERATORS(AMI_ENUM_ID) AMI_NR_ENUMERATORS };
enum ami_symbol { AMI_SYMBOLS(AMI_SYMBOL_ID) AMI_NR_SYMBOLS };

#undef AMI_FIELD_ID
#undef AMI_TYPE_ID
#undef AMI_ENUM_ID
#undef AMI_SYMBOL_ID

#endif
