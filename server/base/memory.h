/*
 * The process's memory. What a burst of requests allocated lies scattered between what stays, and
 * malloc keeps such pages when they are freed: given back here once they are many.
 */
#ifndef BASE_MEMORY_H
#define BASE_MEMORY_H

#include <stdbool.h>
#include <stddef.h>

struct memory_use {
    size_t resident_bytes;
    size_t own_bytes; /* of these, no pages of files */
};

/* False when it cannot be told. Any thread. */
bool memory_look(struct memory_use *out);

/* What one thread remembers between its calls; all 0 at first. */
struct memory_keeper {
    size_t kept_bytes; /* own memory after the last time */
    bool again;        /* that time much came back, and more may have been freed since */
};

/* Gives what malloc holds free back to the system when the process's own memory has grown by 2 MiB
 * since the last time, or that time gave back as much. Takes some milliseconds, in which threads
 * that allocate may wait. Returns whether it was due. */
bool memory_give_back(struct memory_keeper *keeper);

#endif
