/*
 * The last words of a program that dies by a fatal signal: one log line that names the signal, what
 * the thread was serving, and the file whose mapping broke (SIGBUS). What the log has queued goes
 * out first. Then the signal does what it would have done.
 */
#ifndef BASE_CRASH_H
#define BASE_CRASH_H

#include "base/log.h"

/* Once, before threads begin. `log` must live as long as the program; NULL: no more lines. */
void crash_prepare(const struct log *log);
/* What the calling thread serves from now on; constants, or NULL. */
void crash_note(const char *provider, const char *operation);

#endif
