/* lfi-server key: looks after a file of callers' secrets (caller/secrets.h). */
#ifndef SERVER_KEY_COMMAND_H
#define SERVER_KEY_COMMAND_H

#define KEY_COMMAND_USAGE 2 /* the arguments are not understood; nothing was said of it yet */

/* argv[0] is "key". 0 done, 1 failed: standard error has the reason. */
int key_command(int argc, char **argv);

#endif
