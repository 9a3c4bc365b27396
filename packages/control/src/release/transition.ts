// The release machine: one function from a state and a command to the next state. Pure: it starts, stores and publishes nothing.

import type { ReleaseSpec } from '@graylane/rules';
import { enterStep, firstPercent, gateAt } from './plan.ts';
import { isOver, stepOf } from './state.ts';
import type { Hold, ReleaseState, Standing } from './state.ts';
import { own } from '../own.ts';

export type Command =
  /** What people say. `step` is the step in hand that the caller saw; a repeated promote of it is harmless. */
  | { readonly verb: 'start' | 'pause' | 'resume' | 'rollback' | 'promote-full'; readonly why: string }
  | { readonly verb: 'promote'; readonly why: string; readonly step: number | null }
  /** What the controller finds out about the turn that it looked at; about a later one it says nothing. */
  | { readonly verb: 'time-passed' | 'go' | 'no-verdict'; readonly why: string; readonly turn: number }
  | { readonly verb: 'harm'; readonly why: string }
  | { readonly verb: 'switched' | 'settled' | 'start-failed'; readonly why: string };

export interface Facts {
  readonly now: number;
  /** What is stable now at the services of the release. */
  readonly stable: Readonly<Record<string, string>>;
  /** The release as the strategy has it; null when it has it no more. */
  readonly spec: ReleaseSpec | null;
}

export type Outcome =
  | { readonly kind: 'moved'; readonly state: ReleaseState; /** Null leaves it. */ readonly percent: number | null }
  /** It had been done before; nothing to do. */
  | { readonly kind: 'already' }
  | { readonly kind: 'refused'; readonly detail: string; readonly fix: string };

const ALREADY: Outcome = { kind: 'already' };

/** A release that the strategy has just got: one with a plan waits for `start`, one without is in force at once. */
export function firstState(spec: ReleaseSpec, now: number, why: string): ReleaseState {
  const planned = (spec.steps?.length ?? 0) > 0;
  return { name: spec.name, spec, turn: 1, attempt: planned ? 0 : 1, since: now, why, standing: planned ? { phase: 'pending' } : { phase: 'progressing', step: 0 } };
}

export function transition(state: ReleaseState, command: Command, facts: Facts): Outcome {
  switch (command.verb) {
    case 'start': return start(state, command.why, facts);
    case 'promote': return promote(state, command.why, command.step, facts);
    case 'promote-full': return promoteFull(state, command.why, facts);
    case 'pause': return pause(state, command.why, facts);
    case 'resume': return resume(state, command.why, facts);
    case 'rollback': return rollback(state, command.why, facts);
    case 'time-passed': return command.turn === state.turn ? timePassed(state, command.why, facts) : ALREADY;
    case 'harm': return isOver(state) || state.standing.phase === 'rolling-back' ? ALREADY : rollback(state, command.why, facts);
    case 'go': case 'no-verdict': return command.turn === state.turn ? atGate(state, command.verb, command.why, facts) : ALREADY;
    case 'switched': return switched(state, command.why, facts);
    case 'settled': return settled(state, command.why, facts);
    case 'start-failed': return startFailed(state, command.why, facts);
  }
}

function start(state: ReleaseState, why: string, facts: Facts): Outcome {
  const { phase } = state.standing;
  if (phase === 'progressing' || phase === 'paused' || phase === 'promoting') return ALREADY;
  if (phase === 'rolling-back') return refused(state, 'is on its way back', 'wait until it is rolled back, then start it again');
  if (facts.spec === null) return refused(state, 'is no longer in the strategy', 'add it to the config file and apply it');
  const entered = enterStep(facts.spec, 0, facts.now, facts.stable);
  return moved({ ...state, spec: facts.spec, attempt: state.attempt + 1 }, entered.standing, why, facts, firstPercent(facts.spec, entered));
}

function promote(state: ReleaseState, why: string, seen: number | null, facts: Facts): Outcome {
  const step = stepOf(state);
  if (seen !== null && seen < step) return ALREADY;
  if (seen !== null && seen > step) return refused(state, `is at step ${step + 1}, before the step ${seen + 1} that you saw`, 'look at it again: graylane status');
  switch (state.standing.phase) {
    case 'pending': return refused(state, 'has not started', `start it first: graylane start ${state.name}`);
    case 'progressing': case 'paused': return goTo(state, step + 1, why, facts);
    case 'promoting': case 'succeeded': return ALREADY;
    case 'rolling-back': case 'rolled-back': return refused(state, 'was rolled back', `start it again first: graylane start ${state.name}`);
  }
}

function promoteFull(state: ReleaseState, why: string, facts: Facts): Outcome {
  switch (state.standing.phase) {
    case 'pending': return refused(state, 'has not started', `start it first: graylane start ${state.name}`);
    case 'progressing': case 'paused': return goTo(state, Math.max(1, state.spec.steps?.length ?? 0), why, facts);
    case 'promoting': case 'succeeded': return ALREADY;
    case 'rolling-back': case 'rolled-back': return refused(state, 'was rolled back', `start it again first: graylane start ${state.name}`);
  }
}

function pause(state: ReleaseState, why: string, facts: Facts): Outcome {
  switch (state.standing.phase) {
    case 'progressing': return moved(state, held(state.standing.step, 'person'), why, facts);
    case 'paused': return state.standing.resumeAt === null ? ALREADY : moved(state, held(state.standing.step, 'person'), why, facts);
    case 'promoting':
      if (state.standing.stage === 'preparing') return moved(state, held(stepOf(state), 'person'), why, facts);
      return refused(state, 'is past the point of pausing: the new version is stable', `undo it with: graylane rollback ${state.name}`);
    case 'pending': return refused(state, 'has not started', 'there is nothing to pause');
    case 'succeeded': case 'rolling-back': case 'rolled-back': return refused(state, `is ${state.standing.phase}`, 'there is nothing to pause');
  }
}

function resume(state: ReleaseState, why: string, facts: Facts): Outcome {
  const { standing } = state;
  switch (standing.phase) {
    case 'paused':
      // A gate is entered anew; a pause of the plan is over with it.
      return goTo(state, standing.hold === 'plan' || isPause(state, standing.step) ? standing.step + 1 : standing.step, why, facts);
    case 'progressing': case 'promoting': case 'succeeded': return ALREADY;
    case 'pending': return refused(state, 'has not started', `start it first: graylane start ${state.name}`);
    case 'rolling-back': case 'rolled-back': return refused(state, 'was rolled back', `start it again: graylane start ${state.name}`);
  }
}

function rollback(state: ReleaseState, why: string, facts: Facts): Outcome {
  const { standing } = state;
  switch (standing.phase) {
    case 'pending': case 'progressing': case 'paused': return moved(state, { phase: 'rolled-back' }, why, facts);
    case 'promoting':
      if (standing.stage === 'preparing') return moved(state, { phase: 'rolled-back' }, why, facts);
      return moved(state, { phase: 'rolling-back', stage: 'preparing', previous: standing.previous }, why, facts);
    case 'succeeded':
      if (!isStableNow(state, facts)) return refused(state, 'is no longer what is stable: a later version has taken its place', 'roll back the release that made that one stable');
      return moved(state, { phase: 'rolling-back', stage: 'preparing', previous: standing.previous }, why, facts);
    case 'rolling-back': case 'rolled-back': return ALREADY;
  }
}

function isStableNow({ spec }: ReleaseState, { stable }: Facts): boolean {
  return Object.entries(spec.versions).every(([service, version]) => own(stable, service) === version);
}

/** How long it has waited is measured by the caller, in time that cannot jump. */
function timePassed(state: ReleaseState, why: string, facts: Facts): Outcome {
  const { standing } = state;
  return standing.phase === 'paused' && standing.resumeAt !== null ? goTo(state, standing.step + 1, why, facts) : ALREADY;
}

function atGate(state: ReleaseState, verb: 'go' | 'no-verdict', why: string, facts: Facts): Outcome {
  const { standing } = state;
  if (standing.phase !== 'progressing' || gateAt(state.spec, standing.step) === null) return ALREADY;
  return verb === 'go' ? goTo(state, standing.step + 1, why, facts) : moved(state, held(standing.step, 'verdict'), why, facts);
}

function switched(state: ReleaseState, why: string, facts: Facts): Outcome {
  const { standing } = state;
  if (standing.phase !== 'promoting' && standing.phase !== 'rolling-back') return ALREADY;
  if (standing.stage === 'switching') return ALREADY;
  // What it takes over from is what is stable in this moment: another release may have become so since it began to wait.
  return moved(state, standing.phase === 'promoting' ? { ...standing, stage: 'switching', previous: facts.stable } : { ...standing, stage: 'switching' }, why, facts);
}

function settled(state: ReleaseState, why: string, facts: Facts): Outcome {
  const { standing } = state;
  if (standing.phase === 'promoting' && standing.stage === 'switching') return moved(state, { phase: 'succeeded', previous: standing.previous }, why, facts);
  if (standing.phase === 'rolling-back' && standing.stage === 'switching') return moved(state, { phase: 'rolled-back' }, why, facts);
  return ALREADY;
}

/** The pools that a promotion or a return needs did not start: everything stays as it is, and says why. */
function startFailed(state: ReleaseState, why: string, facts: Facts): Outcome {
  const { standing } = state;
  if (standing.phase === 'promoting' && standing.stage === 'preparing') return moved(state, held(stepOf(state), 'failure'), why, facts);
  if (standing.phase === 'rolling-back' && standing.stage === 'preparing') return moved(state, { phase: 'succeeded', previous: standing.previous }, why, facts);
  return ALREADY;
}

function goTo(state: ReleaseState, step: number, why: string, facts: Facts): Outcome {
  const { standing, percent } = enterStep(state.spec, step, facts.now, facts.stable);
  return moved(state, standing, why, facts, percent);
}

function held(step: number, hold: Hold): Standing {
  return { phase: 'paused', step, hold, resumeAt: null };
}

function isPause(state: ReleaseState, step: number): boolean {
  return state.spec.steps?.[step]?.pause !== undefined;
}

function moved(state: ReleaseState, standing: Standing, why: string, facts: Facts, percent: number | null = null): Outcome {
  return { kind: 'moved', state: { ...state, standing, why, since: facts.now, turn: state.turn + 1 }, percent };
}

function refused(state: ReleaseState, what: string, fix: string): Outcome {
  return { kind: 'refused', detail: `the release '${state.name}' ${what}`, fix };
}
