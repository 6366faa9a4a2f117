// link: hub-sim-parts
/* Lines: the name that was submitted, then holders; the first byte says whether of a business. */
#include "name_match.h"
#include "name_words.h"

#include "base/slice.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    struct lfi_slice rest = {(const char *)bytes, len}, submitted, name;
    struct name_holder holders[NAME_HOLDERS];
    struct name_words words;
    size_t count = 0, best;
    bool business = len > 0 && bytes[0] == 'b';
    if (!slice_next(&rest, '\n', &submitted)) {
        return 0;
    }
    while (count < NAME_HOLDERS && slice_next(&rest, '\n', &name)) {
        holders[count++] = (struct name_holder){name, business};
    }
    (void)name_match(submitted, holders, count, &best);

    /* Whatever it is, a name is its own, and its mask fits. */
    struct name_holder self = {submitted, business};
    name_split(&words, submitted, business);
    bool named = words.count > 0;
    if ((name_match(submitted, &self, 1, &best) == NAME_YES) != named) {
        abort();
    }
    struct buf mask;
    buf_init(&mask, 4 * len + NAME_MASK_BYTES);
    name_mask(&self, &mask);
    if (mask.failed) {
        abort();
    }
    buf_free(&mask);
    return 0;
}
