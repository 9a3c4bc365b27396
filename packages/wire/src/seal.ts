// Seals short texts with the fleet's keys and checks such seals: who made a text, and until when it holds. Pure: the code
// that computes HMAC-SHA-256 is given in, and so is the time. What the texts mean is for others.

export interface SealKey {
  /** Names the key in a seal: 1 to 16 of `A-Z a-z 0-9 _ -`. */
  readonly kid: string;
  /** 32 random bytes, base64url without padding. */
  readonly secret: string;
}

/** Two keys hold while one replaces the other. */
export interface KeyRing {
  /** The `kid` that seals are made with. */
  readonly sign: string;
  readonly keys: readonly SealKey[];
  /** How far the fleet's clock is ahead of this host's, in milliseconds: seals end by the fleet's. */
  readonly aheadMs?: number;
}

/** A ring has one key, or two during a rotation; more is a fault of its maker. */
export const KEYS_LIMIT = 2;

/** HMAC-SHA-256 of the ASCII text `text` under the base64url secret, in base64url without padding (43 characters). */
export type Mac = (secret: string, text: string) => string;

export type SealRefusal = 'malformed' | 'unknown-key' | 'expired' | 'forged';

/** Clocks of one fleet differ by less than this. */
export const LEEWAY_S = 60;

const SEAL = /^([A-Za-z0-9_-]{1,16})\.(\d{1,11})\.([A-Za-z0-9_-]{43})$/;

export class Seals {
  readonly #mac: Mac;
  readonly #now: () => number;
  #keys: readonly SealKey[] = [];
  /** The key that seals are made with; asked for with every request. */
  #signing: SealKey | undefined;
  #epoch = 0;
  #aheadMs = 0;

  /** `now` in milliseconds since 1970. */
  constructor(mac: Mac, now: () => number) {
    this.#mac = mac;
    this.#now = now;
  }

  replace(ring: KeyRing): void {
    this.#keys = ring.keys.slice(0, KEYS_LIMIT);
    this.#signing = this.#key(ring.sign);
    this.#aheadMs = ring.aheadMs ?? 0;
    this.#epoch += 1;
  }

  /** Rises with each new ring: what was remembered under the old one is void. */
  get epoch(): number {
    return this.#epoch;
  }

  /** False before the first key has come. */
  get ready(): boolean {
    return this.#signing !== undefined;
  }

  nowS(): number {
    return Math.floor((this.#now() + this.#aheadMs) / 1000);
  }

  /** `kid.expires.mac` over the purpose and all fields, or null without a key. A field holds no line feed. */
  seal(purpose: string, fields: readonly string[], expiresS: number): string | null {
    const key = this.#signing;
    if (key === undefined) return null;
    return `${key.kid}.${expiresS}.${this.#mac(key.secret, sealedText(purpose, key.kid, String(expiresS), fields))}`;
  }

  /** When the seal ends (seconds since 1970), or why it does not hold. `graceS`: for so long after its end it holds here. */
  check(purpose: string, fields: readonly string[], seal: string, graceS: number = 0): number | SealRefusal {
    const [, kid, expires, mac] = SEAL.exec(seal) ?? [];
    if (kid === undefined || expires === undefined || mac === undefined) return 'malformed';
    const key = this.#key(kid);
    if (key === undefined) return 'unknown-key';
    if (!sameText(mac, this.#mac(key.secret, sealedText(purpose, kid, expires, fields)))) return 'forged';
    const expiresS = Number(expires);
    return this.holds(expiresS, graceS) ? expiresS : 'expired';
  }

  /** Whether what ends then still holds, by clocks that differ a little. */
  holds(expiresS: number, graceS: number = 0): boolean {
    return this.nowS() <= expiresS + graceS + LEEWAY_S;
  }

  #key(kid: string): SealKey | undefined {
    return this.#keys.find((key) => key.kid === kid);
  }
}

function sealedText(purpose: string, kid: string, expires: string, fields: readonly string[]): string {
  return [purpose, kid, expires, ...fields].join('\n');
}

/** Takes as long for the first difference as for the last. */
function sameText(a: string, b: string): boolean {
  if (a.length !== b.length) return false;
  let difference = 0;
  for (let i = 0; i < a.length; i++) difference |= a.charCodeAt(i) ^ b.charCodeAt(i);
  return difference === 0;
}
