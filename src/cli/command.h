/* The operator's commands: each takes its own words, argv[0] being its name, and returns the exit
 * status. */
#ifndef HF_CLI_COMMAND_H
#define HF_CLI_COMMAND_H

/*
 * holdfast quote show|verify: what a quote says, and what is to be thought of it. 0: valid, and
 * accepted where a policy is given; 1: refused; 2: usage, or something that cannot be read.
 */
int hf_cli_quote(int argc, char **argv);

#endif
