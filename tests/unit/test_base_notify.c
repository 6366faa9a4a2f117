// link: lfi-base
/* What a service manager hears at its socket, a plain one of datagrams. */
#include "base/notify.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

/* A socket of the given name; '@' stands for a name outside the file system. */
static int listen_at(const char *name)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    size_t len = strlen(name);
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

    assert_true(fd >= 0);
    memcpy(address.sun_path, name, len);
    if (name[0] == '@') {
        address.sun_path[0] = '\0';
    }
    assert_int_equal(bind(fd, (const struct sockaddr *)&address,
                          (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len)),
                     0);
    assert_int_equal(setenv("NOTIFY_SOCKET", name, 1), 0);
    return fd;
}

static void assert_heard(int fd, const char *expected)
{
    char heard[64];
    ssize_t len = recv(fd, heard, sizeof(heard), MSG_DONTWAIT);

    assert_int_equal(len, strlen(expected));
    assert_memory_equal(heard, expected, strlen(expected));
}

static void tell_and_hear(const char *name)
{
    int fd = listen_at(name);

    notify_service_manager("READY=1");
    notify_service_manager("WATCHDOG=1");
    notify_service_manager("STOPPING=1");
    assert_heard(fd, "READY=1");
    assert_heard(fd, "WATCHDOG=1");
    assert_heard(fd, "STOPPING=1");
    close(fd);
}

static void states_arrive_at_a_file(void **state)
{
    char folder[] = "/tmp/lfi-notify-XXXXXX";
    char path[64];
    (void)state;

    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof(path), "%s/socket", folder);
    tell_and_hear(path);
    unlink(path);
    rmdir(folder);
}

static void states_arrive_at_an_abstract_name(void **state)
{
    char name[64];
    (void)state;

    snprintf(name, sizeof(name), "@lfi-notify-%d", (int)getpid());
    tell_and_hear(name);
}

static void nobody_who_listens_is_no_failure(void **state)
{
    char too_long[256];
    (void)state;

    memset(too_long, 'x', sizeof(too_long) - 1);
    too_long[sizeof(too_long) - 1] = '\0';
    setenv("NOTIFY_SOCKET", too_long, 1);
    notify_service_manager("READY=1");
    setenv("NOTIFY_SOCKET", "/nowhere/socket", 1);
    notify_service_manager("READY=1");
    unsetenv("NOTIFY_SOCKET");
    notify_service_manager("READY=1");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(states_arrive_at_a_file),
        cmocka_unit_test(states_arrive_at_an_abstract_name),
        cmocka_unit_test(nobody_who_listens_is_no_failure),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
