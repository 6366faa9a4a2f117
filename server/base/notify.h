/* What systemd wants to be told by a service of Type=notify. */
#ifndef BASE_NOTIFY_H
#define BASE_NOTIFY_H

/* "READY=1", "STOPPING=1", "WATCHDOG=1". Nothing without NOTIFY_SOCKET. Never waits. Any thread. */
void notify_service_manager(const char *state);

#endif
