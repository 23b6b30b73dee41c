/* A scenario that is written in a test. */
#ifndef HF_TESTS_SCENARIO_TEXT_H
#define HF_TESTS_SCENARIO_TEXT_H

#include "trial/trial.h"

/* Loads a scenario that is right, and runs it. */
struct hf__result scenario_text_run(const char *text);

#endif
