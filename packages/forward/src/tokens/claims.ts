// Answers what a verified token says, for whoever routes: keys from a file that may change, each token verified once.

import { readFileSync, statSync } from 'node:fs';
import { readKeys } from './keys.ts';
import type { TokenKey } from './keys.ts';
import { stillHolds, verifyToken } from './token.ts';
import type { TokenPolicy, Verified } from './token.ts';

export interface ClaimsOptions extends TokenPolicy {
  /** Path of the JWKS. */
  readonly keys: string;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** The file, or a key in it, is of no use. */
  readonly fault: (what: string) => void;
}

/** Tokens of users that are here at the moment; a hundred bytes to some kilobytes each. */
const TOKENS_LIMIT = 1_024;
/** How old a look at the file may be: so long an exchanged key goes on to be believed. */
const LOOK_MS = 10_000;

export class Claims {
  readonly #options: ClaimsOptions;
  #keys: readonly TokenKey[] = [];
  #stamp = '';
  #lookedAt = -Infinity;
  #tokens = new Map<string, Verified | null>();

  constructor(options: ClaimsOptions) {
    this.#options = options;
  }

  /** As RouterOptions.claim of rules: text of a claim of a token that holds, or null. Bound, so that it can be handed on. */
  readonly claim = (token: string, name: string): string | null => {
    const verified = this.#verified(token);
    return verified === null || !Object.hasOwn(verified.claims, name) ? null : textOf(verified.claims[name]);
  };

  #verified(token: string): Verified | null {
    const now = this.#options.now();
    if (now - this.#lookedAt >= LOOK_MS || now < this.#lookedAt) this.#look(now);
    const known = this.#tokens.get(token);
    if (known !== undefined) return known !== null && stillHolds(known, now / 1000) ? known : null;
    const verified = verifyToken(token, this.#keys, this.#options, now / 1000);
    // All at once: a token that comes again is verified again.
    if (this.#tokens.size >= TOKENS_LIMIT) this.#tokens = new Map();
    this.#tokens.set(token, verified);
    return verified;
  }

  #look(now: number): void {
    this.#lookedAt = now;
    const { keys: file, fault } = this.#options;
    try {
      const { mtimeMs, size, ino } = statSync(file);
      const stamp = `${mtimeMs} ${size} ${ino}`;
      // A token that is not valid yet may be so now.
      for (const [token, verified] of this.#tokens) if (verified === null) this.#tokens.delete(token);
      if (stamp === this.#stamp) return;
      const { keys, problems } = readKeys(readFileSync(file, 'utf8'));
      this.#keys = keys;
      this.#stamp = stamp;
      this.#tokens = new Map();
      for (const problem of problems) fault(`${file}: ${problem}`);
    } catch (error) {
      // The keys that were there go on: a file that is being written is not a revocation.
      fault(`${file}: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
}

/** Lists as OAuth's `scope` writes them; an object is no text. */
function textOf(claim: unknown): string | null {
  if (Array.isArray(claim)) return claim.every(isPlain) ? claim.join(' ') : null;
  return isPlain(claim) ? String(claim) : null;
}

function isPlain(value: unknown): value is string | number | boolean {
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean';
}
