/* Lists that the Hub gives page by page. Internal to this room. */
#ifndef HUB_PAGES_H
#define HUB_PAGES_H

#include "hub/exchange.h"

#define HUB_LIST_PAGE 100 /* what a page is asked to hold */

/*
 * Reads all pages of a list into an array, which the caller frees. The first page of a list whose
 * request has a query is asked for by that query alone: before v2.2 the Hub gives such a list whole
 * and knows no pages. More than `most` pages are HUB_WRONG.
 */
enum hub_outcome hub_read_pages(struct hub *hub, struct arena *arena, struct hub_request *request,
                                int most, cJSON **out, struct lfi_error *error);

#endif
