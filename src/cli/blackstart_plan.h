#ifndef HF_CLI_BLACKSTART_PLAN_H
#define HF_CLI_BLACKSTART_PLAN_H

/* holdfast blackstart plan REQUEST...; the exit status. It decides nothing: share holders check by
 * themselves whom they answer. */
int hf__blackstart_plan(int count, char **paths);

#endif
