/*
 * Log lines on standard error, as logfmt or JSON: a line is a time, a level, an event's name and
 * typed fields. There is no field for a secret.
 */
#ifndef HF_DAEMON_LOG_H
#define HF_DAEMON_LOG_H

#include "base/buf.h"

enum hf__level { HF__DEBUG, HF__INFO, HF__WARNING, HF__ERROR };

/* A line under construction. */
struct hf__line {
    struct hf_buf buf;
    bool json;
};

/* What is set once, at the start, for the whole process. */
void hf__log_setup(bool json, int level);
/* Whether lines of this level are written. */
bool hf__log_wanted(int level);

/*
 * From here on lines go through a buffer and a thread, and logging never waits. Called when the
 * process forks no more and its system calls are filtered. HF_ENOMEM.
 */
HF_MUST_USE int hf__log_start(void);
/* Writes out what is buffered, for at most so long. What is logged afterwards is written at once,
 * or dropped where the reader took nothing. */
void hf__log_stop(uint32_t ms_max);
/* Lines for which the buffer had no room. */
uint64_t hf__log_lost(void);

/* Begins a line. wall_ms: Unix time. */
void hf__line_begin(struct hf__line *l, bool json, uint64_t wall_ms, int level, const char *event);
/* value: terminated; quoted and escaped as the format wants. NULL: the field is left out. */
void hf__line_text(struct hf__line *l, const char *name, const char *value);
/* Adds a field with a number. */
void hf__line_uint(struct hf__line *l, const char *name, uint64_t value);
/* Adds a field with bytes in hexadecimal. */
void hf__line_hex(struct hf__line *l, const char *name, struct hf_bytes value);
/* An error's name and sentence; nothing for 0. */
void hf__line_error(struct hf__line *l, int error);
/* Ends the line; its bytes are in l->buf, which the caller ends. */
void hf__line_end(struct hf__line *l);

/* The same, for lines that are written: begin returns false when the level is not wanted. */
bool hf__log_begin(struct hf__line *l, int level, const char *event);
/* Lines of one event that others cause, in the time that runs. */
struct hf__log_rate {
    const char *event; /* of those that were held back */
    int level;
    uint32_t lines;
    uint64_t since_ms;
    uint64_t held_back; /* since the last that was written */
};
/*
 * As hf__log_begin, and false too when so many came of late that this one is held back: those are
 * counted, and the next line says how many. event: a literal.
 */
bool hf__log_begin_rated(struct hf__line *l, struct hf__log_rate *r, uint64_t now_ms, int level,
                         const char *event);
/* Holds one back, whatever the rate. */
void hf__log_hold_back(struct hf__log_rate *r, int level, const char *event);
/* Begins a line that says how many were held back, where the time that ran is over and no line has
 * said it; at_once: however long ago that was. */
bool hf__log_begin_held_back(struct hf__line *l, struct hf__log_rate *r, uint64_t now_ms,
                             bool at_once);
/* Writes the line; it must have been begun. */
void hf__log_write(struct hf__line *l);
/* A whole line, an error; where standard error is the journal's (systemd.exec(5), JOURNAL_STREAM)
 * the journal shows it on every terminal, the console too. */
void hf__log_alarm(const char *event, const char *text, int error);
/* A whole line. text may be NULL; error may be 0. */
void hf__log(int level, const char *event, const char *text, int error);

#endif
