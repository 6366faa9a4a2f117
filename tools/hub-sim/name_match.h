/*
 * What the simulated Hub says about a payee's name (confirmation of payee 5): the name that the TPP
 * was given against the holders that the bank returned. The Hub's own way is not published; this is
 * a likely one, in which Arabic and Latin spellings of a name meet too.
 */
#ifndef HUB_SIM_NAME_MATCH_H
#define HUB_SIM_NAME_MATCH_H

#include "base/buf.h"

#define NAME_HOLDERS 16
#define NAME_MASK_BYTES 1024

enum name_verdict { NAME_NO, NAME_PARTIAL, NAME_YES };

struct name_holder {
    struct lfi_slice name;
    bool business;
};

/*
 * The best verdict over all holders, at most NAME_HOLDERS, and whose it is in *best. A text that
 * names several holders ("A and B", "A / B") matches when each part matches another one.
 */
enum name_verdict name_match(struct lfi_slice submitted, const struct name_holder *holders,
                             size_t count, size_t *best);

/*
 * Appends the name as the payer may see it: the last word shows its first letter and a star for
 * each further one; of a business the last word that is not its legal form. Words of one or two
 * letters stay.
 */
void name_mask(const struct name_holder *holder, struct buf *out);

#endif
