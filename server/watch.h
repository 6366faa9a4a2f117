/*
 * Whether the files of a configuration have changed, by their sizes and times. Polled rather than
 * reported by the kernel, so that links, mounted secrets and folders that are replaced as a whole
 * are noticed as well. One thread.
 */
#ifndef SERVER_WATCH_H
#define SERVER_WATCH_H

#include "config/config.h"

struct watch {
    uint64_t taken; /* as they were when they were last read */
    uint64_t seen;  /* as they were when last polled */
};

/* A number that changes with any file: which one it is, its size, its times. */
uint64_t watch_fingerprint(const struct config *config);
/* The files are read now. */
void watch_take(struct watch *watch, uint64_t fingerprint);
/*
 * To be called every second or so: true, once, when the files differ from those read and have not
 * changed since the call before. A certificate and its key are written one after the other.
 */
bool watch_poll(struct watch *watch, const struct config *config);

#endif
