"""The steps of the TPP guide with nothing but the standard library, and openssl to sign.

Prints the address for the customer, reads the address that the customer came back to, and prints
what the accounts are.
"""
import base64
import hashlib
import http.client
import json
import os
import secrets
import ssl
import subprocess
import time
import urllib.parse
import uuid

env = os.environ
context = ssl.create_default_context(cafile=env["CA_FILE"])
context.load_cert_chain(env["TRANSPORT_CERT"], env["TRANSPORT_KEY"])


def ask(method, url, form=None, token=None):
    address = urllib.parse.urlsplit(url)
    headers = {"x-fapi-interaction-id": str(uuid.uuid4())}
    if form:
        headers["Content-Type"] = "application/x-www-form-urlencoded"
    if token:
        headers["Authorization"] = f"Bearer {token}"
    connection = http.client.HTTPSConnection(address.netloc, context=context, timeout=20)
    connection.request(method, address.path, urllib.parse.urlencode(form) if form else None, headers)
    reply = connection.getresponse()
    text = reply.read().decode()
    if not 200 <= reply.status < 300:
        raise SystemExit(f"{method} {url}: {reply.status} {text}")
    return json.loads(text)


def encode(raw):
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def sign(claims):
    header = {"alg": "PS256", "kid": env["KID"]}
    text = ".".join(encode(json.dumps(part).encode()) for part in (header, claims))
    command = ["openssl", "dgst", "-sha256", "-sign", env["SIGNING_KEY"],
               "-sigopt", "rsa_padding_mode:pss", "-sigopt", "rsa_pss_saltlen:digest"]
    return f"{text}.{encode(subprocess.run(command, input=text.encode(), capture_output=True, check=True).stdout)}"


def authenticated(**form):
    now = int(time.time())
    assertion = sign({"iss": client, "sub": client, "aud": found["issuer"], "jti": str(uuid.uuid4()),
                      "iat": now, "exp": now + 300})
    return {"client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
            "client_assertion": assertion, **form}


client, redirect_uri = env["CLIENT_ID"], env["REDIRECT_URI"]
found = ask("GET", env["DISCOVERY_URL"])
verifier = secrets.token_urlsafe(48)
state = str(uuid.uuid4())
begun = time.time()
pushed = ask("POST", found["pushed_authorization_request_endpoint"], authenticated(request=sign({
    "iss": client, "client_id": client, "aud": found["issuer"], "nbf": begun - 10, "exp": begun + 300,
    "response_type": "code", "redirect_uri": redirect_uri, "scope": "accounts openid", "state": state,
    "nonce": str(uuid.uuid4()), "max_age": 3600, "code_challenge_method": "S256",
    "code_challenge": encode(hashlib.sha256(verifier.encode()).digest()),
    "authorization_details": [{
        "type": "urn:openfinanceuae:account-access-consent:v2.1",
        "consent": {
            "ConsentId": str(uuid.uuid4()),
            "Permissions": ["ReadAccountsBasic", "ReadAccountsDetail", "ReadBalances"],
            "ExpirationDateTime": time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime(begun + 86400)),
            "OpenFinanceBilling": {"UserType": "Retail", "Purpose": "AccountAggregation"},
        },
    }],
})))
query = urllib.parse.urlencode({"client_id": client, "response_type": "code", "scope": "openid",
                                "request_uri": pushed["request_uri"]})
print(f"{found['authorization_endpoint']}?{query}", flush=True)

back = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(input()).query))
assert back["state"] == state and back["iss"] == found["issuer"], back
tokens = ask("POST", found["token_endpoint"], authenticated(
    grant_type="authorization_code", code=back["code"], redirect_uri=redirect_uri, code_verifier=verifier))
tokens = ask("POST", found["token_endpoint"], authenticated(
    grant_type="refresh_token", refresh_token=tokens["refresh_token"]))
base = f"{env['RESOURCES']}/open-finance/v2.1"
accounts = ask("GET", f"{base}/accounts", token=tokens["access_token"])["Data"]["Account"]
balances = [ask("GET", f"{base}/accounts/{account['AccountId']}/balances", token=tokens["access_token"])
            ["Data"]["Balance"] for account in accounts]
print(json.dumps({"expiresIn": tokens["expires_in"], "accounts": accounts, "balances": balances}))
