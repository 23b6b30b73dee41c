/* What messages are decoded into is base's arena. */
#ifndef HF_WIRE_ARENA_H
#define HF_WIRE_ARENA_H

#include "base/arena.h"

#endif
