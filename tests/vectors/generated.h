/* A program whose output is kept in the tree: it prints it, writes it, or checks that the file is
 * what it says. */
#ifndef HF_TESTS_GENERATED_H
#define HF_TESTS_GENERATED_H

#include "base/buf.h"

/*
 * The whole of such a program's main. No argument: prints text. `--write FILE`: replaces the file.
 * `--check FILE`: compares, and names the first line that differs. Returns the exit status. text:
 * freed.
 */
int generated_main(int argc, char **argv, struct hf_buf *text);

#endif
