// Reads a set of keys (JWKS, RFC 7517) with which signatures of tokens are checked. It knows no token.

import { createPublicKey, createSecretKey } from 'node:crypto';
import type { JsonWebKey, KeyObject } from 'node:crypto';

/** RFC 7518 §3.1; nothing else is taken, `none` least of all. */
export type Algorithm = 'HS256' | 'RS256' | 'ES256';

export interface TokenKey {
  /** Null where the set does not name it. */
  readonly kid: string | null;
  /** The one algorithm that it is good for: a token does not choose. */
  readonly algorithm: Algorithm;
  readonly key: KeyObject;
}

export interface KeySet {
  readonly keys: readonly TokenKey[];
  /** Why a key was left out. */
  readonly problems: readonly string[];
}

/** An issuer has a few keys, and the next ones. */
const KEYS_LIMIT = 64;
/** RFC 7518 §3.2 and §3.3: shorter ones are no keys. */
const SECRET_MIN_BYTES = 32;
const MODULUS_MIN_BITS = 2048;

/** Throws on what is no set of keys at all. */
export function readKeys(text: string): KeySet {
  const set: unknown = JSON.parse(text);
  const list: unknown = typeof set === 'object' && set !== null ? Reflect.get(set, 'keys') : undefined;
  if (!Array.isArray(list)) throw new TypeError('not a JWKS: it needs a list "keys"');
  const keys: TokenKey[] = [];
  const problems: string[] = [];
  for (const [index, jwk] of list.slice(0, KEYS_LIMIT).entries()) {
    const key = readKey(jwk);
    if (typeof key === 'string') problems.push(`key ${index}: ${key}`);
    else keys.push(key);
  }
  if (list.length > KEYS_LIMIT) problems.push(`only the first ${KEYS_LIMIT} of ${list.length} keys are used`);
  return { keys, problems };
}

/** Or why it is none. */
function readKey(jwk: unknown): TokenKey | string {
  if (!isJwk(jwk)) return 'not an object';
  if (jwk['use'] !== undefined && jwk['use'] !== 'sig') return 'not for signatures';
  const kid = typeof jwk['kid'] === 'string' ? jwk['kid'] : null;
  try {
    const found = jwk.kty === 'oct' ? secretKey(jwk) : publicKey(jwk);
    if (typeof found === 'string') return found;
    if (jwk['alg'] !== undefined && jwk['alg'] !== found.algorithm) return `for ${JSON.stringify(jwk['alg'])}, which is not taken here: use HS256, RS256 or ES256`;
    return { kid, ...found };
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

function isJwk(value: unknown): value is JsonWebKey {
  return typeof value === 'object' && value !== null;
}

type Found = Omit<TokenKey, 'kid'> | string;

function secretKey({ k }: JsonWebKey): Found {
  const secret = Buffer.from(k ?? '', 'base64url');
  return secret.length < SECRET_MIN_BYTES ? `a secret of ${secret.length} bytes is too short, HS256 needs ${SECRET_MIN_BYTES}` : { algorithm: 'HS256', key: createSecretKey(secret) };
}

/** A private key gives its public half. */
function publicKey(jwk: JsonWebKey): Found {
  const key = createPublicKey({ key: jwk, format: 'jwk' });
  const { modulusLength = 0, namedCurve } = key.asymmetricKeyDetails ?? {};
  if (key.asymmetricKeyType === 'rsa') return modulusLength < MODULUS_MIN_BITS ? `an RSA key of ${modulusLength} bits is too short` : { algorithm: 'RS256', key };
  return namedCurve === 'prime256v1' ? { algorithm: 'ES256', key } : 'neither RSA nor of the curve P-256';
}
