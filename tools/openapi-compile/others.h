/*
 * Members that a schema has in another version of the documents and lacks in this one, so that they
 * can be left out of answers: what a later version adds to `properties`, and what an earlier one
 * had there. Of those that the later version has moved, this one's name is known.
 */
#ifndef OPENAPI_OTHERS_H
#define OPENAPI_OTHERS_H

#include "set.h"

/* Notes them in the models of all versions, which have not read a schema yet. */
void others_find(struct set *set, const char *const *overlays, size_t count);
/* Whether a value that fits the schema may have such a member at any depth. */
bool others_are_in(struct schema *schema);
/* Whether it may have a text that is tolerant (x-lfi-tolerant). */
bool others_tolerant_in(struct schema *schema);

/* Finds `later` of the texts in answers of all versions, whose documents were read. */
void others_find_later(struct set *set);
/* Whether it may have a text with `later`. */
bool others_later_in(struct schema *schema);

#endif
