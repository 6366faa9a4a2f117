/* Where in a JSON text a member stands: for messages, and to hand a part of the text on as it is.
 */
#ifndef CONFIG_LOCATE_H
#define CONFIG_LOCATE_H

#include "base/slice.h"

/*
 * The value at a path such as "$.providers[2].core". When the path leads further than the text,
 * the last value on its way. `json` must have passed the contract check; names in the path have no
 * escapes.
 */
struct lfi_slice config_locate(struct lfi_slice json, const char *path);

#endif
