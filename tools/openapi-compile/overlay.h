/*
 * Overlays: a later version of documents, said as the differences from the version before.
 *
 *   version: v2.2
 *   over: v2.1
 *   draft: true      (when it is one)
 *   after: FILE      (an overlay of the same version that is applied before, when there is one)
 *   parts: [FILE…]   (files with nothing but more edits, applied after those of this file)
 *   edits:
 *     - in: components/transaction.yaml#/Transaction
 *       require: [transactionInformation]
 *       why: which entry of the standard's list of changes asks for it
 *
 * `in` names a file, relative to the overlay, and a node in it, or with FILE#/ its root. An edit
 * does one or several of
 *
 *   set: VALUE       puts the value in the node's place
 *   add: {NAME: …}   adds members to the mapping, which has none of these names
 *   remove: [NAME…]  takes members from the mapping, or texts from the list
 *   require: [NAME…] adds names to `required` of the schema, which is made when there is none
 *   moved: {NAME: OLDER…}  says of members that it adds what they were before: answers of versions
 *                    before have the value of NAME as OLDER, unless they have an OLDER already
 *
 * in this order. Beside `edits`, `formats: {FORMAT: PATTERN}` gives every text of a format a
 * pattern, unless it has one of its own. A value reads as if it stood in the edited file, its $ref
 * too. An edit that finds nothing, adds what is there or changes nothing is refused: the documents
 * have moved on, and the overlay must follow.
 *
 * What is added to `properties`, or removed from them, is left out of answers in the versions that
 * do not have it, or has its older name there (others.h), so that one record serves all.
 */
#ifndef OPENAPI_OVERLAY_H
#define OPENAPI_OVERLAY_H

#include "source.h"

struct overlay_head {
    struct node at;
    const char *version, *over;
    bool draft;
    struct node formats; /* absent: none */
};

/* Applies a file's edits to the source, which must not have been read from but by overlays. */
struct overlay_head overlay_apply(struct source *source, const char *path);

/*
 * A list of the overlay's edits: 0 is that of its own file, then comes one of each of its parts.
 * `raw` NULL: there are no more.
 */
struct node overlay_edits(struct source *source, struct node overlay, size_t part);

#endif
