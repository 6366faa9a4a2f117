/* What the rules of files and of their payments share. */
#ifndef CORE_CHECK_FILES_H
#define CORE_CHECK_FILES_H

#include "check.h"

/* The file that was given, and what the core finds in it. */
struct sample {
    char *bytes; /* to be freed, always */
    size_t len;
    struct lfi_file_terms terms;
    char consent[64]; /* that waits for it */
};

/* The file, with terms that are true, and a consent of its own that waits for it. False: the rule
 * is not checked, or broken. */
bool can_take_file(struct run *run, struct sample *sample);
/* Has the core take it. False: broken. */
bool take_file(struct run *run, const struct sample *sample);

#endif
