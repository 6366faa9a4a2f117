#include "caller/client.h"

const char *const client_method_names[CLIENT_METHODS + 1] = {
    [CLIENT_SECRET_BASIC] = "client_secret_basic",
    [CLIENT_SECRET_POST] = "client_secret_post",
    [CLIENT_PRIVATE_KEY_JWT] = "private_key_jwt",
    [CLIENT_TLS] = "tls_client_auth",
};
