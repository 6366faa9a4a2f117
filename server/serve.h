/*
 * The running server: everything that a configuration describes, wired together. Start, reload and
 * stop are called by one thread.
 */
#ifndef SERVER_SERVE_H
#define SERVER_SERVE_H

#include "config/material.h"
#include "provider/provider.h"

struct serve;

/* Opens cores and listeners; when it returns 0 the server answers. Takes over `config` always. */
int serve_start(struct serve **out, struct config *config, struct lfi_error *error);
/*
 * Loads everything that can be loaded without serving: certificates, keys, cores with their
 * stores, brands. Warnings go to standard error, a summary to standard output.
 */
int serve_check(const struct config *config, struct lfi_error *error);
/* As serve_check, but prints warnings only. */
int serve_try(const struct config *config, const struct material_warnings *warnings,
              struct material *material, struct lfi_error *error);
/* What a provider's core is opened with. */
struct provider_config serve_provider(const struct config *config, size_t index);
/*
 * Reads the configuration file and all certificates and keys again.
 * A configuration that is wrong, or that changes what needs a restart (config/restart.c), is
 * refused as a whole. The outcome is logged.
 */
void serve_reload(struct serve *serve);
/*
 * To be called every SERVE_POLL_MS. Reads the files of the configuration in force again when it
 * is time for the other of two certificates and, with watchFiles, when a file has changed.
 */
void serve_poll(struct serve *serve);
#define SERVE_POLL_MS 1000
/*
 * Makes /readyz fail, waits for `limits.drainDelayMs`, lets what runs end within `limits.drainMs`,
 * and frees everything. -1: a request did not end, so the program must leave by _exit.
 */
int serve_stop(struct serve *serve);

#endif
