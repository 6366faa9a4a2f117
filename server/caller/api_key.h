/* What a provider of mode api-key is configured with. All is borrowed. */
#ifndef CALLER_API_KEY_H
#define CALLER_API_KEY_H

/* file NULL: the provider has another mode. */
struct api_keys {
    const char *file; /* of its keys, as salted hashes (secrets.h) */
    const char
        *prefix; /* what the header's value begins with, a blank included; "": the key alone */
};

#endif
