/*
 * Browsers in which a login's password was right before. Each holds a cookie that says so, sealed,
 * with a name of its own; the server keeps nothing. Wrong tries of such a browser are counted apart
 * from those of unknown ones. Internal to this room.
 */
#ifndef PSU_KNOWN_BROWSER_H
#define PSU_KNOWN_BROWSER_H

#include "http/message.h"
#include "psu/actor.h"

/* The browser's name when it is known for this login, in the arena; else absent. */
struct lfi_slice known_browser_find(struct actor actor, const struct request *request,
                                    struct lfi_slice login);
/* From now on it is known for this login, and for no other. */
void known_browser_keep(struct actor actor, struct lfi_slice login, struct reply *reply);

#endif
