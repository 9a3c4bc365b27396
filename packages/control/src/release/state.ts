// Where a release stands, as one tagged union: what is in force follows from the phase and nothing else.
// It must not know how a state is reached (transition.ts) or stored.

import type { ReleaseSpec } from '@graylane/rules';
import type { Api } from '@graylane/wire';

export type Phase = Api<'Release'>['phase'];

/** Who holds a paused release: its own plan, a person, a verdict that is no verdict, or a promotion that failed. */
export type Hold = 'plan' | 'person' | 'verdict' | 'failure';

/** Before the published strategy names the new stable version, and after. */
export type Stage = 'preparing' | 'switching';

export type Standing =
  | { readonly phase: 'pending' }
  | { readonly phase: 'progressing'; readonly step: number }
  /** `resumeAt` in milliseconds since 1970; null waits for a person. */
  | { readonly phase: 'paused'; readonly step: number; readonly hold: Hold; readonly resumeAt: number | null }
  /** `previous` is what was stable before, by service. */
  | { readonly phase: 'promoting'; readonly stage: Stage; readonly previous: Readonly<Record<string, string>> }
  | { readonly phase: 'succeeded'; readonly previous: Readonly<Record<string, string>> }
  /** Back to `previous` after a promotion: those pools have to start first. */
  | { readonly phase: 'rolling-back'; readonly stage: Stage; readonly previous: Readonly<Record<string, string>> }
  | { readonly phase: 'rolled-back' };

export interface ReleaseState {
  readonly name: string;
  /** The definition that this state is about; the strategy loses it with a promotion. */
  readonly spec: ReleaseSpec;
  /** Rises with each transition. */
  readonly turn: number;
  /** Rises with each start: what was measured of an earlier attempt says nothing about this one. */
  readonly attempt: number;
  /** When the phase or step began, milliseconds since 1970. */
  readonly since: number;
  readonly why: string;
  readonly standing: Standing;
}

/** Whether requests can enter the lane, and its versions need workers. */
export function isLive({ standing }: ReleaseState): boolean {
  switch (standing.phase) {
    case 'progressing': case 'paused': return true;
    case 'promoting': return standing.stage === 'preparing';
    case 'pending': case 'succeeded': case 'rolling-back': case 'rolled-back': return false;
  }
}

/** Whether nothing more happens to it by itself or by a plan. */
export function isOver({ standing }: ReleaseState): boolean {
  return standing.phase === 'succeeded' || standing.phase === 'rolled-back';
}

/** The step in hand; past the last one when all are done. */
export function stepOf({ standing, spec }: ReleaseState): number {
  switch (standing.phase) {
    case 'pending': return 0;
    case 'progressing': case 'paused': return standing.step;
    case 'promoting': case 'succeeded': case 'rolling-back': return spec.steps?.length ?? 0;
    case 'rolled-back': return 0;
  }
}
