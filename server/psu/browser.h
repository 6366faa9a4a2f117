/*
 * Name of the browser and system that sent a request, by its User-Agent: "Chrome, Windows". Shown
 * to customers, who compare two screens; nothing is decided by it. Internal to this room.
 */
#ifndef PSU_BROWSER_H
#define PSU_BROWSER_H

#include "http/message.h"

/* In the request's arena; the absent slice when its User-Agent names nothing known. */
struct lfi_slice browser_name(const struct request *request);

#endif
