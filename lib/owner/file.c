// SPDX-License-Identifier: GPL-2.0-or-later
/* Page cache: which file. */
#include <inttypes.h>
#include <stdio.h>

#include "owner.h"

/* The name of one dentry of the inode; "": none. */
static void name_of(struct ami_owners *o, uint64_t inode, char *name,
		    size_t size)
{
	enum ami_field alias = ami_has(o->kernel, AMI_F_dentry_alias) ?
			       AMI_F_dentry_alias : AMI_F_dentry_d_alias;
	uint64_t node, dentry, text;

	name[0] = '\0';
	if (!ami_has(o->kernel, alias) ||
	    ami_get(o->kernel, inode, AMI_F_inode_dentry, &node) !=
	    AMI_MEM_OK || !node)
		return;
	dentry = ami_container(o->kernel, node, alias);
	if (ami_get(o->kernel, dentry, AMI_F_dentry_name, &text) !=
	    AMI_MEM_OK ||
	    ami_read_string(o->kernel, text, name, size) != AMI_MEM_OK)
		name[0] = '\0';
}

static void describe_inode(struct ami_owners *o, const struct page_view *v,
			   char *text, size_t size)
{
	uint64_t inode, number = 0, sb;
	char name[64], where[32] = "?";

	if (ami_get(o->kernel, v->mapping, AMI_F_address_space_host, &inode) !=
	    AMI_MEM_OK || !inode)
		return;
	ami_get(o->kernel, inode, AMI_F_inode_ino, &number);
	if (ami_get(o->kernel, inode, AMI_F_inode_sb, &sb) == AMI_MEM_OK)
		ami_read_string(o->kernel, ami_addr(o->kernel, sb,
						    AMI_F_super_block_id),
				where, sizeof(where));
	name_of(o, inode, name, sizeof(name));
	snprintf(text, size, "page cache of %s, inode %" PRIu64 "%s%s", where,
		 number, *name ? ", " : "", name);
}

/* Names of files do not go into extracts. */
void owner_describe_file(struct ami_owners *o, const struct page_view *v, char *text,
			 size_t size)
{
	struct ami_dump *dump = ami_kernel_dump(o->kernel);

	ami_dump_record_pause(dump, true);
	describe_inode(o, v, text, size);
	ami_dump_record_pause(dump, false);
}
