// Every decision that needs no fresh id, made once: deciding hands out the same objects again and again.

import type { Arm, Decision, Reason } from '../contract.ts';

const NONE: readonly string[] = [];

const stable = (reason: Reason): Decision => ({ lane: null, reason, mint: null, arm: null, armOf: null, controlOf: NONE });

export const NO_RELEASE: Decision = stable('no-release');
export const NOT_MATCHED: Decision = stable('not-matched');
export const OVERRIDE_STABLE: Decision = stable('override');
const FOLLOWED_STABLE: Decision = stable('stamped');

/** Lanes on stamps are those of the last few strategies; beyond it decisions are made anew. */
const FOLLOWED_LIMIT = 20_000;

/** Combinations of control arms kept; beyond them decisions are made anew. */
const CONTROLS_LIMIT = 1_024;

interface Controls { readonly decision: Decision; readonly next: Map<number, Controls> }

interface Wins { readonly treated: Readonly<Record<'matched' | 'bucket', Decision>>; readonly neither: Readonly<Record<'matched' | 'bucket', Decision>>; readonly pinned: Decision; readonly override: Decision }

export class Decisions {
  /** Made when first needed: most releases of a long list are not asked for between two strategies. */
  readonly #wins: (Wins | undefined)[];
  readonly #names: readonly string[];
  readonly #followed = new Map<string, Decision>();
  readonly #controls: Controls = { decision: NOT_MATCHED, next: new Map() };
  #kept = 0;

  constructor(names: readonly string[]) {
    this.#names = names;
    this.#wins = new Array<Wins | undefined>(names.length);
  }

  #of(release: number): Wins {
    return this.#wins[release] ??= winsOf(this.#names[release] ?? '');
  }

  /** Any lane, also one that this strategy does not have. */
  follow(lane: string): Decision {
    if (lane === '') return FOLLOWED_STABLE;
    const known = this.#followed.get(lane);
    if (known !== undefined) return known;
    const followed: Decision = { ...FOLLOWED_STABLE, lane };
    if (this.#followed.size < FOLLOWED_LIMIT) this.#followed.set(lane, followed);
    return followed;
  }

  pinned(release: number): Decision {
    return this.#of(release).pinned;
  }

  override(release: number): Decision {
    return this.#of(release).override;
  }

  /** `counted` is false when a later release would take the request too: it is in neither arm then. */
  won(release: number, reason: 'matched' | 'bucket', counted: boolean): Decision {
    return this.#of(release)[counted ? 'treated' : 'neither'][reason];
  }

  /** Out of every release it matched: the control of all of them. */
  control(releases: Int32Array, count: number): Decision {
    let node = this.#controls;
    for (let i = 0; i < count; i++) {
      const release = releases[i] ?? 0;
      let next = node.next.get(release);
      if (next === undefined) {
        next = { decision: controlOf([...node.decision.controlOf, this.#names[release] ?? '']), next: new Map() };
        if (this.#kept < CONTROLS_LIMIT) {
          node.next.set(release, next);
          this.#kept += 1;
        }
      }
      node = next;
    }
    return node.decision;
  }
}

function winsOf(lane: string): Wins {
  const win = (reason: Reason, arm: Arm | null): Decision => ({ lane, reason, mint: null, arm, armOf: arm === null ? null : lane, controlOf: NONE });
  return {
    treated: { matched: win('matched', 'treated'), bucket: win('bucket', 'treated') },
    neither: { matched: win('matched', null), bucket: win('bucket', null) },
    pinned: win('pinned', 'pinned'),
    override: win('override', null),
  };
}

function controlOf(names: readonly string[]): Decision {
  return { lane: null, reason: 'out-by-bucket', mint: null, arm: 'control', armOf: names[0] ?? null, controlOf: names };
}
