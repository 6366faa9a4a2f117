// Passkeys in the browser. Octets travel as base64url text.
import { call } from './api.js';

export const canUsePasskeys = 'PublicKeyCredential' in window;

function octets(text) {
  const plain = atob(text.replaceAll('-', '+').replaceAll('_', '/'));
  return Uint8Array.from(plain, (character) => character.charCodeAt(0));
}

function textOf(buffer) {
  return btoa(String.fromCharCode(...new Uint8Array(buffer)))
    .replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
}

function named(ids) {
  return ids.map((id) => ({ type: 'public-key', id: octets(id) }));
}

/**
 * Has a passkey answer the challenge that the server gives at this address: { assertion }, or
 * { view } when the server gave something else, or {} when the customer did not go on.
 */
export async function askPasskey(path, body) {
  const options = await call(path, body);
  if (options.view !== 'passkey-options') return { view: options };
  try {
    const { id, response } = await navigator.credentials.get({
      publicKey: {
        challenge: octets(options.challenge),
        rpId: options.party,
        userVerification: 'required',
        allowCredentials: named(options.known ?? []),
      },
    });
    return {
      assertion: {
        credential: id,
        clientDataJSON: textOf(response.clientDataJSON),
        authenticatorData: textOf(response.authenticatorData),
        signature: textOf(response.signature),
        ...(response.userHandle?.byteLength ? { userHandle: textOf(response.userHandle) } : {}),
      },
    };
  } catch {
    return {};
  }
}

// What the browser says when it made none; else it failed.
const PROBLEMS = { InvalidStateError: 'exists', NotAllowedError: 'notMade', AbortError: 'notMade', NotSupportedError: 'cannot' };

/** Makes a passkey as the server's options say: { creation }, or { problem } when it was not made. */
export async function makePasskey(options, { bank, name }) {
  try {
    const { response } = await navigator.credentials.create({
      publicKey: {
        challenge: octets(options.challenge),
        rp: { id: options.party, name: bank },
        user: { id: octets(options.user), name, displayName: name },
        pubKeyCredParams: options.algorithms.map((alg) => ({ type: 'public-key', alg })),
        excludeCredentials: named(options.known),
        authenticatorSelection: { residentKey: 'required', userVerification: 'required' },
        attestation: 'none',
      },
    });
    return {
      creation: {
        clientDataJSON: textOf(response.clientDataJSON),
        authenticatorData: textOf(response.getAuthenticatorData()),
      },
    };
  } catch (error) {
    return { problem: PROBLEMS[error.name] ?? 'failed' };
  }
}
