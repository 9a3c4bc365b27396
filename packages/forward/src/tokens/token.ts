// Checks one signed token (JWT, RFC 7519 and RFC 8725) against a set of keys. It keeps nothing.

import { createHmac, timingSafeEqual, verify } from 'node:crypto';
import type { TokenKey } from './keys.ts';

export interface TokenPolicy {
  /** Null takes any. */
  readonly issuer: string | null;
  readonly audience: string | null;
}

export interface Verified {
  readonly claims: Readonly<Record<string, unknown>>;
  /** Seconds since 1970 from when on it holds no more; null for ever. */
  readonly expiresS: number | null;
}

/** The longest that headers carry is about this. */
const TOKEN_LIMIT_BYTES = 16_384;
/** Clocks of issuers differ by less than this. */
const LEEWAY_S = 60;

const SHAPE = /^([\w-]+)\.([\w-]+)\.([\w-]+)$/;

/** Null for whatever is not believed; why does not matter to routing. */
export function verifyToken(token: string, keys: readonly TokenKey[], policy: TokenPolicy, nowS: number): Verified | null {
  if (token.length > TOKEN_LIMIT_BYTES) return null;
  const [, head, body, signature] = SHAPE.exec(token) ?? [];
  if (head === undefined || body === undefined || signature === undefined) return null;
  const header = decode(head);
  // RFC 7515 §4.1.11: who does not understand an extension must refuse it, and this understands none.
  if (header === null || header['crit'] !== undefined) return null;
  const signed = Buffer.from(`${head}.${body}`, 'latin1');
  const bytes = Buffer.from(signature, 'base64url');
  if (!candidates(keys, header).some((key) => isSignedBy(key, signed, bytes))) return null;
  const claims = decode(body);
  return claims !== null && isMeant(claims, policy) && isInTime(claims, nowS) ? { claims, expiresS: numberOf(claims['exp']) } : null;
}

/** The key that the token names, or all nameless ones of its algorithm. */
function candidates(keys: readonly TokenKey[], header: Readonly<Record<string, unknown>>): readonly TokenKey[] {
  const kid = header['kid'] ?? null;
  return keys.filter((key) => key.algorithm === header['alg'] && (kid === null || key.kid === null || key.kid === kid));
}

function isSignedBy({ algorithm, key }: TokenKey, signed: Buffer, signature: Buffer): boolean {
  switch (algorithm) {
    case 'HS256': {
      const expected = createHmac('sha256', key).update(signed).digest();
      return signature.length === expected.length && timingSafeEqual(signature, expected);
    }
    case 'RS256':
      return verify('sha256', signed, key, signature);
    case 'ES256':
      return verify('sha256', signed, { key, dsaEncoding: 'ieee-p1363' }, signature);
  }
}

function isMeant(claims: Readonly<Record<string, unknown>>, { issuer, audience }: TokenPolicy): boolean {
  const { iss, aud } = claims;
  if (issuer !== null && iss !== issuer) return false;
  return audience === null || aud === audience || (Array.isArray(aud) && aud.includes(audience));
}

function isInTime({ exp, nbf }: Readonly<Record<string, unknown>>, nowS: number): boolean {
  // A time that is no number could mean anything.
  if ((exp !== undefined && numberOf(exp) === null) || (nbf !== undefined && numberOf(nbf) === null)) return false;
  return nowS < (numberOf(exp) ?? Infinity) + LEEWAY_S && nowS >= (numberOf(nbf) ?? -Infinity) - LEEWAY_S;
}

function decode(part: string): Readonly<Record<string, unknown>> | null {
  try {
    const value: unknown = JSON.parse(Buffer.from(part, 'base64url').toString());
    return isRecord(value) ? value : null;
  } catch {
    return null;
  }
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function numberOf(value: unknown): number | null {
  return typeof value === 'number' && Number.isFinite(value) ? value : null;
}

/** Whether what was verified once still holds. */
export function stillHolds({ expiresS }: Verified, nowS: number): boolean {
  return expiresS === null || nowS < expiresS + LEEWAY_S;
}
