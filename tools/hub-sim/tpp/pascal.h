/*
 * From the bank's records to the standard's of TPPs: camelCase becomes PascalCase, and where that
 * is not all, a rule says what happens. Empty texts are dropped: TPPs' texts have a character.
 */
#ifndef HUB_SIM_TPP_PASCAL_H
#define HUB_SIM_TPP_PASCAL_H

#include "base/json.h"

enum pascal_change {
    PASCAL_RENAME,
    PASCAL_DROP,
    PASCAL_KEEP,   /* the value is nobody's business here: handed on as it is */
    PASCAL_NUMBER, /* a text that is a number; one that is none is dropped */
    PASCAL_FIRST,  /* of a list */
    PASCAL_WRAP,   /* in an object, as its one member `to` */
};

struct pascal_rule {
    const char *path; /* of the member below the record: "balance.balanceType" */
    enum pascal_change change;
    const char *to; /* NULL: the usual name */
};

/* `rules` end with one without a path. The caller ends the result with cJSON_Delete. */
cJSON *pascal_convert(const cJSON *record, const struct pascal_rule *rules);

#endif
