/* Lists that the Hub gives page by page. Internal to this room. */
#ifndef HUB_PAGES_H
#define HUB_PAGES_H

#include "hub/exchange.h"

#define HUB_LIST_PAGE 100 /* what a page is asked to hold */

/* How far a list is read: beyond either, there is an error. */
struct hub_bounds {
    int pages;
    int ms; /* 0: each call has its own limit, all together have none */
};

/*
 * Reads a list page by page: `visit` gets each page's array, of which it may detach items. The
 * first page of a list whose request has a query is asked for by that query alone: before v2.2 the
 * Hub gives such a list whole and knows no pages. More than bounds.pages are HUB_WRONG, more time
 * than bounds.ms is HUB_UNREACHABLE.
 */
enum hub_outcome hub_walk_pages(struct hub *hub, struct hub_request *request,
                                struct hub_bounds bounds, void (*visit)(void *ctx, cJSON *page),
                                void *ctx, struct lfi_error *error);

/* All pages, within `most`, as one array, which the caller frees. */
enum hub_outcome hub_read_pages(struct hub *hub, struct hub_request *request, int most, cJSON **out,
                                struct lfi_error *error);

#endif
