/* Assertions that stay on in release builds: a daemon that holds keys must stop
 * rather than guess. */
#ifndef HF_BASE_CHECK_H
#define HF_BASE_CHECK_H

#define HF_MUST_USE      __attribute__((warn_unused_result))
#define HF_NORETURN      __attribute__((noreturn, cold)) /* what leads there stands apart */
#define HF_ALWAYS_INLINE inline __attribute__((always_inline))
#define HF_PRINTF(f, a)  __attribute__((format(printf, f, a)))
#define HF_ARRAY_LEN(a)  (sizeof(a) / sizeof((a)[0]))

/* Reports where and what on standard error, then aborts. Never prints the value of anything. */
HF_NORETURN void hf__assert_failed(const char *file, int line, const char *what);

#define hf_assert(cond)                                                                            \
    do {                                                                                           \
        if (__builtin_expect(!(cond), 0))                                                          \
            hf__assert_failed(__FILE__, __LINE__, #cond);                                          \
    } while (0)

#define hf_unreachable() hf__assert_failed(__FILE__, __LINE__, "unreachable")

#endif
