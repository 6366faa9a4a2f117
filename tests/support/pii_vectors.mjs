// Makes tests/security/pii-vectors.json anew: PII sealed by two libraries that share no code with
// the server, npm's jose and Python's jwcrypto, and the key that opens it, which is made for these
// vectors alone and protects nothing.
//
//   PYTHON=/path/to/python-with-jwcrypto node tests/support/pii_vectors.mjs
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { encryptPii, makeKey, signPii } from './pii.mjs';

const target = new URL('../security/pii-vectors.json', import.meta.url);
const manifest = createRequire(import.meta.url).resolve('jose').replace(/\/jose\/.*/, '/jose/package.json');
const jose = `jose ${JSON.parse(readFileSync(manifest, 'utf8')).version}`;

const account = (Name) => ({ SchemeName: 'IBAN', Identification: 'AE219900000000000000001', Name });
const claims = { iss: 'tpp', sub: 'tpp', aud: ['https://bank.example.com'], iat: 1767225600, exp: 1767225900, jti: 'j' };
const payloads = {
    'a creditor': { Initiation: { CreditorAccount: account({ en: 'Zumurrud Trading' }) }, Risk: {}, ...claims },
    'an Arabic name and an agent': {
        Initiation: {
            CreditorAccount: account({ ar: 'شركة الصقر للتجارة' }),
            CreditorAgent: { SchemeName: 'BICFI', Identification: 'SIDRAEA0XXX' },
        },
    },
    'no claims': { Initiation: { CreditorAccount: account({ en: 'x' }) } },
};

const key = makeKey();
const signer = makeKey();
const jwk = ({ privateKey }) => privateKey.export({ format: 'jwk' });
const texts = Object.fromEntries(Object.entries(payloads).map(([name, payload]) => [name, JSON.stringify(payload)]));
const vectors = [];
for (const [name, payload] of Object.entries(texts)) {
    for (const kid of ['new', undefined]) {
        const pii = await encryptPii(await signPii(payload, signer, { kid: 'tpp' }), key, kid ? { kid } : {});
        vectors.push({ library: jose, name: `${name}, ${kid ? 'with' : 'without'} kid`, payload, pii });
    }
}
const script = new URL('pii_vectors.py', import.meta.url).pathname;
const input = JSON.stringify({ key: jwk(key), signer: jwk(signer), payloads: texts });
vectors.push(...JSON.parse(execFileSync(process.env.PYTHON ?? 'python3', [script], { input, encoding: 'utf8' })));
writeFileSync(target, `${JSON.stringify({ key: jwk(key), vectors }, null, 1)}\n`);
