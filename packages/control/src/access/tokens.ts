// Tokens for the API on TCP: made once, shown once, stored as a hash. It must not know what a token is used for.

import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import type { Api } from '@graylane/wire';
import type { TokenHolder } from '../api/guard.ts';
import type { Scope } from '../api/routes.ts';
import type { Clock } from '../clock.ts';
import { ControlError } from '../problem.ts';
import { LIST_LIMIT } from '../store/store.ts';
import type { Store } from '../store/store.ts';

interface StoredToken {
  readonly id: string;
  readonly name: string;
  readonly scope: Scope;
  /** SHA-256 of the secret: 256 random bits need no slow hash. */
  readonly hash: string;
  readonly createdAt: number;
  readonly expiresAt: number | null;
}

export const TOKENS_PREFIX = 'token/';
/** For some people, scrapers and pipelines. */
const TOKENS_LIMIT = 256;
/** For each machine of the largest fleet, and another one while it is renewed. */
const NODE_TOKENS_LIMIT = 20_000;
const SECRET_BYTES = 32;
const FORM = /^gl_([0-9a-f]{12})_([\w-]{43})$/;

export interface NewToken {
  readonly name: string;
  readonly scope: Scope;
  /** Null never expires. */
  readonly lifetimeMs: number | null;
}

export class Tokens {
  readonly #store: Store;
  readonly #clock: Clock;

  constructor(store: Store, clock: Clock) {
    this.#store = store;
    this.#clock = clock;
  }

  /** The text is shown here and never again. */
  async create({ name, scope, lifetimeMs }: NewToken): Promise<Api<'NewToken'>> {
    const limit = scope === 'node' ? NODE_TOKENS_LIMIT : TOKENS_LIMIT;
    const alike = (await this.#all()).filter((token) => (token.scope === 'node') === (scope === 'node'));
    if (alike.length >= limit) throw new ControlError('GL3015', { detail: `there are ${limit} tokens ${scope === 'node' ? 'of machines' : 'of people'} already`, fix: 'revoke some: graylane token revoke ID' });
    const id = randomBytes(6).toString('hex');
    const secret = randomBytes(SECRET_BYTES).toString('base64url');
    const createdAt = this.#clock.now();
    const stored: StoredToken = { id, name, scope, hash: hashOf(secret).toString('hex'), createdAt, expiresAt: lifetimeMs === null ? null : createdAt + lifetimeMs };
    await this.#store.commit([{ key: TOKENS_PREFIX + id, revision: 0 }], [{ key: TOKENS_PREFIX + id, value: JSON.stringify(stored) }]);
    return { ...viewOf(stored), token: `gl_${id}_${secret}` };
  }

  async list(): Promise<readonly Api<'Token'>[]> {
    return (await this.#all()).map(viewOf);
  }

  /** Resolves with its name. */
  async revoke(id: string): Promise<string> {
    const entry = await this.#store.get(TOKENS_PREFIX + id);
    if (entry === null) throw new ControlError('GL3014', { detail: `there is no token '${id.slice(0, 40)}'`, fix: 'see graylane token list' });
    await this.#store.commit([], [{ key: TOKENS_PREFIX + id, value: null }]);
    return (JSON.parse(entry.value) as StoredToken).name;
  }

  /** Null for anything but a token that is valid now. */
  async holder(text: string): Promise<TokenHolder | null> {
    const [, id, secret] = FORM.exec(text) ?? [];
    if (id === undefined || secret === undefined) return null;
    const entry = await this.#store.get(TOKENS_PREFIX + id);
    if (entry === null) return null;
    const { name, scope, hash, expiresAt } = JSON.parse(entry.value) as StoredToken;
    if (!timingSafeEqual(hashOf(secret), Buffer.from(hash, 'hex'))) return null;
    return expiresAt !== null && this.#clock.now() >= expiresAt ? null : { name, scope };
  }

  async #all(): Promise<readonly StoredToken[]> {
    const all: StoredToken[] = [];
    for (let after: string | undefined; ; ) {
      const page = await this.#store.list(TOKENS_PREFIX, after === undefined ? {} : { after });
      all.push(...page.map(({ value }) => JSON.parse(value) as StoredToken));
      after = page.at(-1)?.key;
      if (page.length < LIST_LIMIT) return all;
    }
  }
}

function hashOf(secret: string): Buffer {
  return createHash('sha256').update(secret).digest();
}

function viewOf({ id, name, scope, createdAt, expiresAt }: StoredToken): Api<'Token'> {
  return { id, name, scope, createdAt: new Date(createdAt).toISOString(), expiresAt: expiresAt === null ? null : new Date(expiresAt).toISOString() };
}
