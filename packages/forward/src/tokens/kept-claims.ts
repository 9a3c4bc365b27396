// Keeps what is known of tokens from one strategy to the next, as long as they ask for the same keys. It verifies nothing.

import { Claims } from './claims.ts';
import type { ClaimsOptions } from './claims.ts';

/** Which tokens a strategy believes (rules, SettingsPlan.jwt). */
export type TokenPlan = Pick<ClaimsOptions, 'keys' | 'issuer' | 'audience'>;

export class KeptClaims {
  readonly #options: Pick<ClaimsOptions, 'now' | 'fault'>;
  #plan: TokenPlan | null = null;
  #claims: Claims | null = null;

  constructor(options: Pick<ClaimsOptions, 'now' | 'fault'>) {
    this.#options = options;
  }

  /** As RouterOptions.claim of rules. */
  of(plan: TokenPlan): Claims['claim'] {
    if (this.#claims === null || this.#plan === null || !isSame(this.#plan, plan)) {
      this.#plan = plan;
      this.#claims = new Claims({ ...plan, ...this.#options });
    }
    return this.#claims.claim;
  }
}

function isSame(a: TokenPlan, b: TokenPlan): boolean {
  return a.keys === b.keys && a.issuer === b.issuer && a.audience === b.audience;
}
