// PII of payments as TPPs make it: signed, then encrypted for the bank. Right ones are made by a
// library that shares no code with the server, wrong ones by hand.
import { execFileSync } from 'node:child_process';
import { constants, createCipheriv, generateKeyPairSync, publicEncrypt, randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CompactEncrypt, CompactSign } from 'jose';

const base64url = (bytes) => Buffer.from(bytes).toString('base64url');

export function makeKey() {
    const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    return { privateKey, publicKey, pem: privateKey.export({ type: 'pkcs8', format: 'pem' }) };
}

/** A compact JWS with PS256 of a payload, an object or text. */
export function signPii(payload, key, header = {}) {
    const text = typeof payload === 'string' ? payload : JSON.stringify(payload);
    return new CompactSign(Buffer.from(text))
        .setProtectedHeader({ alg: 'PS256', ...header })
        .sign(key.privateKey);
}

/** A compact JWE with RSA-OAEP-256 and A256GCM of a text. */
export function encryptPii(text, key, header = {}) {
    return new CompactEncrypt(Buffer.from(text))
        .setProtectedHeader({ alg: 'RSA-OAEP-256', enc: 'A256GCM', ...header })
        .encrypt(key.publicKey);
}

/** How a content key is wrapped: as it should be, and as it must not be. */
const wrappers = {
    'oaep-256': (cek, { publicKey: key }) =>
        publicEncrypt({ key, padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash: 'sha256' }, cek),
    'oaep-sha1': (cek, { publicKey: key }) =>
        publicEncrypt({ key, padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash: 'sha1' }, cek),
    pkcs1: (cek, { publicKey: key }) => publicEncrypt({ key, padding: constants.RSA_PKCS1_PADDING }, cek),
    'mgf1-sha1': (cek, { publicKey }) => {
        const folder = mkdtempSync(join(tmpdir(), 'lfi-pii-'));
        try {
            const file = join(folder, 'key.pem');
            writeFileSync(file, publicKey.export({ type: 'spki', format: 'pem' }));
            return execFileSync('openssl', ['pkeyutl', '-encrypt', '-pubin', '-inkey', file,
                '-pkeyopt', 'rsa_padding_mode:oaep', '-pkeyopt', 'rsa_oaep_md:sha256',
                '-pkeyopt', 'rsa_mgf1_md:sha1'], { input: cek });
        } finally {
            rmSync(folder, { recursive: true });
        }
    },
};

/** A JWE with any header text, wrapping, length of IV and length of key: what no library makes. */
export function forgePii(text, key, { header, wrap = 'oaep-256', ivBytes = 12, cekBytes = 32 } = {}) {
    const encoded = base64url(header ?? '{"alg":"RSA-OAEP-256","enc":"A256GCM"}');
    const cek = randomBytes(cekBytes);
    const iv = randomBytes(ivBytes);
    const cipher = createCipheriv('aes-256-gcm', Buffer.concat([cek, Buffer.alloc(32)]).subarray(0, 32), iv);
    cipher.setAAD(Buffer.from(encoded));
    const content = Buffer.concat([cipher.update(text), cipher.final()]);
    const parts = [wrappers[wrap](cek, key), iv, content, cipher.getAuthTag()];
    return [encoded, ...parts.map(base64url)].join('.');
}
