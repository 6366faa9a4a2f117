"""Gets an access token by client_secret_basic with nothing but the standard library; prints it."""
import base64
import http.client
import json
import os
import ssl
import urllib.parse

env = os.environ
issuer = urllib.parse.urlsplit(env["ISSUER"])
context = ssl.create_default_context(cafile=env["CA_FILE"])
context.load_cert_chain(env["CLIENT_CERT"], env["CLIENT_KEY"])


def ask(method, path, body=None, headers=None):
    connection = http.client.HTTPSConnection(issuer.netloc, context=context, timeout=20)
    connection.request(method, path, body, headers or {})
    reply = connection.getresponse()
    text = reply.read().decode()
    if reply.status != 200:
        raise SystemExit(f"{method} {path}: {reply.status} {text}")
    return json.loads(text)


metadata = ask("GET", "/.well-known/oauth-authorization-server")
credentials = ":".join(urllib.parse.quote(env[name], safe="") for name in ("CLIENT_ID", "CLIENT_SECRET"))
token = ask(
    "POST",
    urllib.parse.urlsplit(metadata["token_endpoint"]).path,
    urllib.parse.urlencode({"grant_type": "client_credentials", "scope": env["SCOPE"]}),
    {
        "Authorization": "Basic " + base64.b64encode(credentials.encode()).decode(),
        "Content-Type": "application/x-www-form-urlencoded",
    },
)
print(token["access_token"])
