#!/usr/bin/env python3
"""PII made with jwcrypto, as vectors for tests/security/pii-vectors.json.

pii_vectors.mjs starts this with {"key", "signer", "payloads"} on standard input, JWKs and texts;
what it prints is a list of {"library", "name", "payload", "pii"}. Needs the package jwcrypto.
"""
import json
import sys
from importlib.metadata import version

from jwcrypto import jwe, jwk, jws


def seal(payload, signer, key, kid):
    signed = jws.JWS(payload.encode())
    signed.add_signature(signer, None, json.dumps({"alg": "PS256", "kid": "tpp"}), None)
    header = {"alg": "RSA-OAEP-256", "enc": "A256GCM", **({"kid": kid} if kid else {})}
    sealed = jwe.JWE(signed.serialize(compact=True).encode(), json.dumps(header))
    sealed.add_recipient(key)
    return sealed.serialize(compact=True)


def main():
    asked = json.load(sys.stdin)
    signer = jwk.JWK(**asked["signer"])
    key = jwk.JWK(**asked["key"])
    vectors = []
    for name, payload in asked["payloads"].items():
        for kid in ("new", None):
            vectors.append({
                "library": f"jwcrypto {version('jwcrypto')}",
                "name": f"{name}, {'with' if kid else 'without'} kid",
                "payload": payload,
                "pii": seal(payload, signer, key, kid),
            })
    json.dump(vectors, sys.stdout)


main()
