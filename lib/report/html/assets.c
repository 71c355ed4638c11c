// SPDX-License-Identifier: GPL-2.0-or-later
/* Style and script as in their files; the assembler includes them. */
#define EMBED(name, path)						\
	__asm__(".pushsection .rodata, \"a\"\n"				\
		".globl " #name "\n.hidden " #name "\n"			\
		".globl " #name "_end\n.hidden " #name "_end\n"		\
		#name ":\n.incbin \"" path "\"\n" #name "_end:\n"	\
		".popsection\n")

EMBED(html_style, "lib/report/html/style.css");
EMBED(html_script, "lib/report/html/script.js");
