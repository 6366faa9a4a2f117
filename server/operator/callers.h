/* Who may call each provider, for the operator: what the configuration says, and no secret of it.
 */
#ifndef OPERATOR_CALLERS_H
#define OPERATOR_CALLERS_H

#include "base/json.h"
#include "config/config.h"

/* Writes the member "caller" of the provider with this index. */
void callers_append(struct json_writer *w, const struct config *config, size_t provider);

#endif
