// Makes tests/unit/payee-verdicts.json anew: verdicts of Confirmation of Payee signed by npm's jose,
// which shares no code with the server. The private keys are thrown away.
//
//   node tests/support/payee_verdict_vectors.mjs
import { writeFileSync } from 'node:fs';
import { CompactSign } from 'jose';
import { makeKey } from './pii.mjs';

const target = new URL('../unit/payee-verdicts.json', import.meta.url);
const kid = 'Sig2';
const hub = makeKey();
const other = makeKey();

function sign(indicator, { key = hub, ...header } = {}) {
    const payload = { iss: 'https://hub.example', message: { Data: { NameMatchIndicator: indicator } } };
    return new CompactSign(Buffer.from(JSON.stringify(payload)))
        .setProtectedHeader({ alg: 'PS256', typ: 'JWT', kid, ...header })
        .sign(key.privateKey);
}

const VERDICTS = { match: 'Yes', part: 'Partial', none: 'No' };
const texts = {};
for (const [name, word] of Object.entries(VERDICTS)) {
    texts[name] = await sign(`ConfirmationOfPayee.${word}`);
    texts[`${name}-other-key`] = await sign(`ConfirmationOfPayee.${word}`, { key: other });
    texts[`${name}-other-kid`] = await sign(`ConfirmationOfPayee.${word}`, { kid: 'Sig9' });
    texts[`${name}-rs256`] = await sign(`ConfirmationOfPayee.${word}`, { alg: 'RS256' });
}
texts.unheard = await sign('ConfirmationOfPayee.Perhaps');
const jwk = { ...hub.publicKey.export({ format: 'jwk' }), kid, use: 'sig' };
writeFileSync(target, `${JSON.stringify({ keys: { keys: [jwk] }, texts }, null, 1)}\n`);
