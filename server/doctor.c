#include "doctor.h"

#include "base/array.h"
#include "base/clock.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define LISTENERS 3
#define LINES_KEPT 256 /* to print no line twice */

/* How often a check runs. */
enum repeat { ONCE, EACH_LISTENER, EACH_PROVIDER };

static const struct check {
    const char *name;
    enum repeat repeat;
    void (*run)(struct doctor_job *job);
} checks[] = {
    {"files", ONCE, doctor_check_files},         {"chains", ONCE, doctor_check_chains},
    {"names", ONCE, doctor_check_names},         {"listener", EACH_LISTENER, doctor_check_listener},
    {"state", ONCE, doctor_check_state},         {"core", EACH_PROVIDER, doctor_check_core},
    {"key store", ONCE, doctor_check_key_store}, {"issuer", EACH_PROVIDER, doctor_check_issuer},
    {"hub", EACH_PROVIDER, doctor_check_hub},    {"clock", ONCE, doctor_check_clock},
    {"versions", ONCE, doctor_check_versions},   {"configuration", ONCE, doctor_check_rest},
};

struct doctor {
    struct config strict;
    struct doctor_findings findings;
    enum doctor_grade worst;
    bool hangs; /* a check was given up: its thread still uses all this */
    int64_t deadline_us;
    pthread_mutex_t lock; /* guards what follows */
    pthread_cond_t ended;
    const struct run *current; /* whose lines count; NULL: none */
    char *lines[LINES_KEPT];
    size_t line_count;
};

struct run {
    struct doctor_job job; /* first: report gets its address */
    struct doctor *doctor;
    const struct check *check;
    bool done;
};

/* --- lines ------------------------------------------------------------------------------------ */

static bool was_told(const struct doctor *doctor, const char *line)
{
    for (size_t i = 0; i < doctor->line_count; i++) {
        if (strcmp(doctor->lines[i], line) == 0) {
            return true;
        }
    }
    return false;
}

static void print(struct doctor *doctor, enum doctor_grade grade, const char *line)
{
    static const char *const words[] = {"ok  ", "warn", "FAIL"};

    if (was_told(doctor, line)) {
        return;
    }
    if (doctor->line_count < LINES_KEPT && (doctor->lines[doctor->line_count] = strdup(line))) {
        doctor->line_count++;
    }
    printf("%s  %s\n", words[grade], line);
    (void)fflush(stdout);
    doctor->worst = grade > doctor->worst ? grade : doctor->worst;
}

static void report(const struct doctor_job *job, enum doctor_grade grade, const char *line)
{
    const struct run *run = (const struct run *)job;

    pthread_mutex_lock(&run->doctor->lock);
    if (run->doctor->current == run) {
        print(run->doctor, grade, line);
    }
    pthread_mutex_unlock(&run->doctor->lock);
}

/* --- running ---------------------------------------------------------------------------------- */

static void *run_check(void *ctx)
{
    struct run *run = ctx;

    run->check->run(&run->job);
    pthread_mutex_lock(&run->doctor->lock);
    run->done = true;
    pthread_cond_signal(&run->doctor->ended);
    pthread_mutex_unlock(&run->doctor->lock);
    return NULL;
}

static struct timespec moment(int64_t monotonic_us)
{
    return (struct timespec){.tv_sec = monotonic_us / 1000000,
                             .tv_nsec = (long)(monotonic_us % 1000000 * 1000)};
}

/* Waits until the check has ended or its time is over. */
static bool wait_for(struct doctor *doctor, struct run *run)
{
    int64_t until_us = clock_monotonic_us() + (int64_t)DOCTOR_CHECK_MS * 1000;
    const struct timespec until =
        moment(until_us < doctor->deadline_us ? until_us : doctor->deadline_us);

    pthread_mutex_lock(&doctor->lock);
    while (!run->done &&
           pthread_cond_timedwait(&doctor->ended, &doctor->lock, &until) != ETIMEDOUT) {
    }
    bool done = run->done;
    doctor->current = NULL;
    if (!done) {
        const bool of_provider = run->check->repeat == EACH_PROVIDER;
        char line[DOCTOR_LINE_BYTES];
        snprintf(
            line, sizeof(line),
            "%s%s%s: does not end in time: what it looks at hangs (a disk, a core, the network)",
            run->check->name, of_provider ? " " : "",
            of_provider ? doctor->strict.providers[run->job.index].id : "");
        print(doctor, DOCTOR_FAIL, line);
    }
    pthread_mutex_unlock(&doctor->lock);
    return done;
}

static void run_one(struct doctor *doctor, const struct check *check, size_t index)
{
    struct run *run = calloc(1, sizeof(*run));
    pthread_t thread;

    if (!run) {
        doctor->worst = DOCTOR_FAIL;
        return;
    }
    *run = (struct run){.job = {&doctor->strict, index, &doctor->findings, report},
                        .doctor = doctor,
                        .check = check};
    doctor->current = run;
    if (pthread_create(&thread, NULL, run_check, run) != 0) {
        doctor_report(&run->job, DOCTOR_FAIL, check->name, "not checked: no thread");
        free(run);
    } else if (wait_for(doctor, run)) {
        pthread_join(thread, NULL);
        free(run);
    } else {
        pthread_detach(thread); /* keeps `run` */
        doctor->hangs = true;
        atomic_store(&doctor->findings.broken, true);
    }
}

static size_t times(const struct doctor *doctor, enum repeat repeat)
{
    switch (repeat) {
    case EACH_LISTENER:
        return LISTENERS;
    case EACH_PROVIDER:
        return doctor->strict.provider_count;
    default:
        return 1;
    }
}

static void run_all(struct doctor *doctor)
{
    for (size_t i = 0; i < ARRAY_LEN(checks); i++) {
        for (size_t index = 0; index < times(doctor, checks[i].repeat); index++) {
            if (clock_monotonic_us() < doctor->deadline_us) {
                run_one(doctor, &checks[i], index);
            } else {
                printf("FAIL  %s: not checked: the time for all checks is over\n", checks[i].name);
                doctor->worst = DOCTOR_FAIL;
            }
        }
    }
}

static void init(struct doctor *doctor, const struct config *config)
{
    pthread_condattr_t attributes;

    doctor->strict = *config;
    doctor->strict.development = false; /* what has expired is wrong here too */
    doctor->findings.clock_ahead_s = DOCTOR_UNKNOWN;
    doctor->deadline_us = clock_monotonic_us() + (int64_t)DOCTOR_ALL_MS * 1000;
    pthread_mutex_init(&doctor->lock, NULL);
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&doctor->ended, &attributes);
    pthread_condattr_destroy(&attributes);
}

int doctor_run(const char *config_path)
{
    struct doctor *doctor = calloc(1, sizeof(*doctor));
    struct lfi_error error = {""};
    struct config *config = NULL;

    if (!doctor || config_load(&config, config_path, &error) != 0) {
        printf("FAIL  configuration: %s\n", doctor ? error.message : "out of memory");
        free(doctor);
        return DOCTOR_FAIL;
    }
    init(doctor, config);
    run_all(doctor);
    int status = (int)doctor->worst;
    if (doctor->hangs) {
        (void)fflush(stdout);
        _exit(status);
    }
    for (size_t i = 0; i < doctor->line_count; i++) {
        free(doctor->lines[i]);
    }
    pthread_cond_destroy(&doctor->ended);
    pthread_mutex_destroy(&doctor->lock);
    free(doctor);
    config_free(config);
    return status;
}
