// The keys of stamps and overrides: made here, kept in the store, changed for new ones in an order in which no data plane
// ever meets a seal that it cannot check. It must not know how keys reach data planes.

import { createHmac, randomBytes } from 'node:crypto';
import { OVERRIDE_LIFETIME_LIMIT_S, Seals, writeOverride, type Api, type KeyRing, type Mac, type SealKey } from '@graylane/wire';
import type { Cancel, Clock } from '../clock.ts';
import { ControlError } from '../problem.ts';
import type { Store } from '../store/store.ts';

export interface DeliveredKeys {
  readonly ring: KeyRing;
  /** Override tokens are about. */
  readonly overrides: boolean;
}

export interface FleetKeysOptions {
  readonly store: Store;
  readonly clock: Clock;
  /** Resolves true when every data plane has them, false when some had not said so in time. */
  readonly deliver: (keys: DeliveredKeys) => Promise<boolean>;
  readonly onFault: (what: string, error: unknown) => void;
}

interface StoredKeys {
  /** The one that seals; the other one, if any, is the former one, or the next one on its way to all. */
  readonly sign: string;
  readonly keys: readonly (SealKey & { readonly madeAt: number })[];
  /** Milliseconds since 1970 at which the last override token ends; 0 when none was made. */
  readonly overridesUntil: number;
}

export const KEYS_KEY = 'fleet-keys';
const SECRET_BYTES = 32;
/** As long as the longest override: what a key sealed before it was replaced holds until it is replaced again. */
const ROTATE_AFTER_MS: number = OVERRIDE_LIFETIME_LIMIT_S * 1000;
/** Between two looks whether it is time, and whether the laggards of a rotation have come up. */
const LOOK_MS = 60_000;
/** Links that have ended are still told so for a while. */
const LINKS_REMEMBERED_MS: number = 30 * 86_400_000;
/** Two writers each lose at most a few times in a row; more is a loop. */
const ATTEMPTS = 20;

const mac: Mac = (secret, text) => createHmac('sha256', Buffer.from(secret, 'base64url')).update(text, 'latin1').digest('base64url');

export class FleetKeys {
  readonly #options: FleetKeysOptions;
  readonly #seals: Seals;
  #cancel: Cancel = () => undefined;
  #stopped = false;

  constructor(options: FleetKeysOptions) {
    this.#options = options;
    this.#seals = new Seals(mac, () => options.clock.now());
  }

  /** Makes the first key where there is none, hands out what there is, and from then on changes keys when it is time. */
  async start(): Promise<void> {
    await this.#hand(await this.#change((stored) => stored));
    this.#schedule();
  }

  /** Somebody else has written: hands out what there is now. */
  async refresh(): Promise<void> {
    await this.#hand(await this.#change((stored) => stored));
  }

  stop(): void {
    this.#stopped = true;
    this.#cancel();
  }

  /** A new key now: first everybody knows it, then it seals. False while somebody does not have it yet; it is tried again. */
  async rotate(): Promise<boolean> {
    const { clock } = this.#options;
    const announced = await this.#change((stored) => {
      const signing = signingKey(stored);
      return nextKey(stored) === null ? { ...stored, keys: [signing, freshKey(clock.now())] } : stored;
    });
    if (!await this.#hand(announced)) return false;
    await this.#hand(await this.#change(promoted));
    return true;
  }

  /** A token for `lane` ('' is stable) that ends after so many seconds. */
  async override(lane: string, seconds: number): Promise<Api<'Override'>> {
    if (seconds > OVERRIDE_LIFETIME_LIMIT_S) throw new ControlError('GL3012', { detail: 'an override lasts 30 days at most', fix: 'ask for less: --for 7d' });
    const nowS = Math.floor(this.#options.clock.now() / 1000);
    const expiresS = nowS + Math.ceil(seconds);
    const before = await this.#change((stored) => stored);
    const stored = await this.#change((now) => ({ ...now, overridesUntil: Math.max(now.overridesUntil, expiresS * 1000) }));
    // Data planes look for tokens only once there are some.
    if (!this.#about(before)) await this.#hand(stored);
    const token = writeOverride(this.#seals, lane, expiresS);
    if (token === null) throw new ControlError('GL3020', { detail: 'there is no key yet', fix: 'try again in a moment' });
    return { lane, token, expires: new Date(expiresS * 1000).toISOString() };
  }

  #schedule(): void {
    if (!this.#stopped) this.#cancel = this.#options.clock.after(LOOK_MS, () => void this.#look());
  }

  async #look(): Promise<void> {
    try {
      const stored = await this.#change((now) => now);
      const isOld = this.#options.clock.now() - signingKey(stored).madeAt > ROTATE_AFTER_MS;
      if (isOld || nextKey(stored) !== null) await this.rotate();
    } catch (error) {
      this.#options.onFault('change of keys', error);
    }
    this.#schedule();
  }

  async #hand(stored: StoredKeys): Promise<boolean> {
    const ring: KeyRing = { sign: stored.sign, keys: stored.keys.map(({ kid, secret }) => ({ kid, secret })) };
    this.#seals.replace(ring);
    return this.#options.deliver({ ring, overrides: this.#about(stored) });
  }

  #about({ overridesUntil }: StoredKeys): boolean {
    return overridesUntil + LINKS_REMEMBERED_MS > this.#options.clock.now();
  }

  async #change(edit: (stored: StoredKeys) => StoredKeys): Promise<StoredKeys> {
    const { store, clock } = this.#options;
    for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
      const entry = await store.get(KEYS_KEY);
      const before = entry === null ? null : (JSON.parse(entry.value) as StoredKeys);
      const after = edit(before ?? firstKeys(clock.now()));
      if (after === before) return after;
      const { ok } = await store.commit([{ key: KEYS_KEY, revision: entry?.revision ?? 0 }], [{ key: KEYS_KEY, value: JSON.stringify(after) }]);
      if (ok) return after;
    }
    throw new ControlError('GL3003', { detail: `the keys changed ${ATTEMPTS} times while this change was made`, fix: 'try again' });
  }
}

function firstKeys(nowMs: number): StoredKeys {
  const first = freshKey(nowMs);
  return { sign: first.kid, keys: [first], overridesUntil: 0 };
}

function freshKey(nowMs: number): StoredKeys['keys'][number] {
  return { kid: randomBytes(6).toString('base64url'), secret: randomBytes(SECRET_BYTES).toString('base64url'), madeAt: nowMs };
}

function signingKey({ sign, keys }: StoredKeys): StoredKeys['keys'][number] {
  const key = keys.find(({ kid }) => kid === sign);
  if (key === undefined) throw new Error('the stored keys name a key that is not among them');
  return key;
}

/** The order of making: what stands behind the one that seals is on its way in, what stands before it on its way out. */
function promoted(stored: StoredKeys): StoredKeys {
  const next = nextKey(stored);
  return next === null ? stored : { ...stored, sign: next.kid };
}

/** A key that was made after the one that seals: it waits until everybody has it. */
function nextKey(stored: StoredKeys): StoredKeys['keys'][number] | null {
  const signing = signingKey(stored);
  return stored.keys[stored.keys.indexOf(signing) + 1] ?? null;
}
