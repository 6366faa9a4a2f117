/*
 * What is written when a fatal signal ends the program: one log line that names the signal, what
 * the thread was serving, and the file whose mapping broke (SIGBUS). What the log has queued goes
 * out first. Then the signal does what it would have done.
 */
#ifndef BASE_CRASH_H
#define BASE_CRASH_H

#include "base/log.h"

#include <stdbool.h>

/*
 * No core dump from now on, and no other process of the same user may read this one's memory:
 * secrets of callers and customers are in it (prctl 2, PR_SET_DUMPABLE). False: it failed.
 */
bool crash_forbid_core(void);
/* Once, before threads begin. `log` must live as long as the program; NULL: no more lines. */
void crash_prepare(const struct log *log);
/*
 * Gives the calling thread a stack for its last words, so that one whose own stack is full can
 * still speak. crash_prepare does so for its caller. A thread that began ends before it exits.
 */
void crash_thread_begin(void);
void crash_thread_end(void);
/*
 * What the calling thread serves from now on, or NULL. The texts live until the next note and say
 * nothing about a person.
 */
void crash_note(const char *provider, const char *operation);

#endif
