#include "base/memory.h"

#include <malloc.h>
#include <stdio.h>
#include <unistd.h>

#define WORTH_BYTES ((size_t)2 * 1024 * 1024) /* less is not worth the page faults */

bool memory_look(struct memory_use *out)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    size_t resident = 0, of_files = 0;
    FILE *file = fopen("/proc/self/statm", "re");

    if (!file) {
        return false;
    }
    bool known = fscanf(file, "%*u %zu %zu", &resident, &of_files) == 2 && resident >= of_files;
    fclose(file);
    *out = (struct memory_use){resident * page, (resident - of_files) * page};
    return known;
}

bool memory_give_back(struct memory_keeper *keeper)
{
    struct memory_use before, after;

    if (!memory_look(&before)) {
        return false;
    }
    if (before.own_bytes < keeper->kept_bytes) {
        keeper->kept_bytes = before.own_bytes;
    }
    if (!keeper->again && before.own_bytes - keeper->kept_bytes < WORTH_BYTES) {
        return false;
    }
    (void)malloc_trim(0);
    if (memory_look(&after)) {
        keeper->again = after.own_bytes + WORTH_BYTES <= before.own_bytes;
        keeper->kept_bytes = after.own_bytes;
    }
    return true;
}
