/* The checkers of DESIGN 8. They share no code with the engine. */
#include "inside.h"

void hf__checkers_add(struct hf_world *w)
{
    (void)w;
}
