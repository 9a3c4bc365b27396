// What this process believes of signed tokens: nothing, until a strategy names keys. It knows no request.

import type { KeptClaims } from '@graylane/forward/tokens';
import type { RouterOptions, SettingsPlan } from '@graylane/rules';
import { loadPart } from './part.ts';

export class TokenClaims {
  readonly #now: () => number;
  readonly #fault: (place: string, fault: unknown) => void;
  #kept: KeptClaims | null = null;

  /** `now` in milliseconds since 1970. */
  constructor(now: () => number, fault: (place: string, fault: unknown) => void) {
    this.#now = now;
    this.#fault = fault;
  }

  /** Undefined where no token is believed: tags from tokens are absent then. */
  of(plan: SettingsPlan['jwt']): RouterOptions['claim'] {
    if (plan === undefined || plan === null) return undefined;
    try {
      this.#kept ??= new (loadPart('tokens').KeptClaims)({ now: this.#now, fault: (what) => this.#fault('tokens', what) });
      return this.#kept.of(plan);
    } catch (fault) {
      this.#fault('tokens', fault);
      return undefined;
    }
  }
}
