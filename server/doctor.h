/*
 * lfi-server --doctor: everything that --check looks at, and what only shows at run time. One line
 * a check on standard output: "ok", "warn" or "FAIL", what was looked at, what is so and what to
 * do. What is alike of several is one line; the last one counts. Nothing is changed; it may run
 * beside the server.
 *
 * Each check runs in a thread of its own and is given up after DOCTOR_CHECK_MS, all after
 * DOCTOR_ALL_MS: a core or a disk that hangs is a finding.
 */
#ifndef SERVER_DOCTOR_H
#define SERVER_DOCTOR_H

#include "config/config.h"

#include <stdatomic.h>

#define DOCTOR_CHECK_MS 12000 /* more than a call to the Hub or to a core may take */
#define DOCTOR_ALL_MS 60000
#define DOCTOR_TEXT_BYTES 600

/* Prints all lines. The exit status: 0 all ok, 1 something warns, 2 something fails. */
int doctor_run(const char *config_path);

/* --- for its checks --------------------------------------------------------------------------- */

enum doctor_grade { DOCTOR_OK, DOCTOR_WARN, DOCTOR_FAIL };

#define DOCTOR_UNKNOWN INT64_MIN

/* What later checks need to know of earlier ones. */
struct doctor_findings {
    atomic_bool broken;            /* the configuration as a whole cannot work */
    _Atomic int64_t clock_ahead_s; /* of the Hub's clock, to ours; DOCTOR_UNKNOWN */
};

/* One check under way. */
struct doctor_job {
    const struct config *config; /* as if outside development */
    size_t index;                /* of the provider or listener, when it runs for each */
    struct doctor_findings *findings;
    /* Keeps a finding, unless the check was given up meanwhile. */
    void (*report)(const struct doctor_job *job, enum doctor_grade grade, const char *name,
                   const char *text);
};

/* Printed as "GRADE NAME: TEXT", once. In doctor_report.c. */
void doctor_report(struct doctor_job *job, enum doctor_grade grade, const char *name,
                   const char *format, ...) __attribute__((format(printf, 4, 5)));
/* ", after 340 ms" for what took long since then, else "". */
#define DOCTOR_TIME_BYTES 32
const char *doctor_delay(int64_t began_us, char out[static DOCTOR_TIME_BYTES]);

/* doctor_files.c */
void doctor_check_files(struct doctor_job *job);
void doctor_check_chains(struct doctor_job *job);
void doctor_check_names(struct doctor_job *job);
/* doctor_checks.c */
void doctor_check_listener(struct doctor_job *job);
void doctor_check_state(struct doctor_job *job);
void doctor_check_core(struct doctor_job *job);
void doctor_check_rest(struct doctor_job *job);
/* doctor_versions.c */
void doctor_check_versions(struct doctor_job *job);
/* doctor_peers.c */
void doctor_check_key_store(struct doctor_job *job);
void doctor_check_issuer(struct doctor_job *job);
void doctor_check_hub(struct doctor_job *job);
void doctor_check_clock(struct doctor_job *job);

#endif
