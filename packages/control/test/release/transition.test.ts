// The release machine as a table: from where, by which command, to where; and what holds in every sequence of commands.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { ReleaseSpec } from '@graylane/rules';
import { isLive, stepOf } from '../../src/release/state.ts';
import type { ReleaseState } from '../../src/release/state.ts';
import { firstState, transition } from '../../src/release/transition.ts';
import type { Command, Facts, Outcome } from '../../src/release/transition.ts';

const spec: ReleaseSpec = {
  name: 'r', when: [{}], versions: { web: 'v2' },
  steps: [{ percent: 5 }, { pause: '10m' }, { percent: 20 }, { verdict: { for: '30m' } }, { percent: 50 }, { pause: true }],
};
const NOW = 1_000_000;

describe('a release', () => {
  check('with a plan waits for its start', [], 'pending');
  check('starts at its first percentage and pauses as planned', ['start'], 'paused 1 plan until +10m at 5 %');
  check('goes on when the pause is over', ['start', 'time-passed'], 'progressing 3 at 20 %');
  check('goes on from a gate with a clear yes', ['start', 'time-passed', 'go'], 'paused 5 plan at 50 %');
  check('is held at a gate without a clear answer', ['start', 'time-passed', 'no-verdict'], 'paused 3 verdict');
  check('enters a gate anew when a person resumes it', ['start', 'time-passed', 'no-verdict', 'resume'], 'progressing 3');
  check('passes a gate that a person promotes', ['start', 'time-passed', 'no-verdict', 'promote'], 'paused 5 plan at 50 %');
  check('is promoted after its last step', ['start', 'promote', 'promote', 'promote'], 'promoting preparing');
  check('can be promoted at once', ['start', 'promote-full'], 'promoting preparing');
  check('succeeds once switched and settled', ['start', 'promote-full', 'switched', 'settled'], 'succeeded');
  check('is held with its canary in force when the new pools do not start', ['start', 'promote-full', 'start-failed'], 'paused 6 failure');
  check('tries to promote again when it is resumed after that', ['start', 'promote-full', 'start-failed', 'resume'], 'promoting preparing');
  check('rolls back from pending', ['rollback'], 'rolled-back');
  check('rolls back from a pause', ['start', 'rollback'], 'rolled-back');
  check('rolls back from a promotion that has not switched', ['start', 'promote-full', 'rollback'], 'rolled-back');
  check('rolls back after the switch by starting the previous version first', ['start', 'promote-full', 'switched', 'rollback'], 'rolling-back preparing');
  check('rolls back after success', ['start', 'promote-full', 'switched', 'settled', 'rollback', 'switched', 'settled'], 'rolled-back');
  check('stays succeeded when the previous version does not start', ['start', 'promote-full', 'switched', 'settled', 'rollback', 'start-failed'], 'succeeded');
  check('starts again from the first step after a rollback', ['start', 'time-passed', 'rollback', 'start'], 'paused 1 plan until +10m at 5 %');
  check('is ended by harm wherever it is', ['start', 'time-passed', 'harm'], 'rolled-back');
  check('is paused by a person and resumed at the same gate', ['start', 'time-passed', 'pause', 'resume'], 'progressing 3');

  checkRefused('cannot be promoted before it started', [], 'promote', /has not started/);
  checkRefused('cannot be paused once the new version is stable', ['start', 'promote-full', 'switched'], 'pause', /past the point/);
  checkRefused('cannot be promoted after a rollback', ['rollback'], 'promote', /was rolled back/);

  it('takes a repeated promote of the step that was seen as done', () => {
    const started = after(['start']);
    const once = transition(started, { verb: 'promote', why: 'x', step: 1 }, facts());
    assert.ok(once.kind === 'moved');
    assert.deepEqual(transition(once.state, { verb: 'promote', why: 'x', step: 1 }, facts()), { kind: 'already' });
    assert.equal(transition(started, { verb: 'promote', why: 'x', step: 3 }, facts()).kind, 'refused');
  });

  it('does nothing on what the controller found out about an earlier turn', () => {
    const started = after(['start']);
    assert.deepEqual(transition(started, { verb: 'time-passed', why: 'late', turn: started.turn - 1 }, facts()), { kind: 'already' });
  });

  it('is not rolled back to what was stable before another release took its place', () => {
    const succeeded = after(['start', 'promote-full', 'switched', 'settled']);
    assert.equal(transition(succeeded, { verb: 'rollback', why: 'x' }, { ...facts(), stable: { web: 'v3' } }).kind, 'refused');
  });

  it('without a plan is in force at once and is promoted by hand', () => {
    const state = firstState({ name: 'r', when: [{}], versions: { web: 'v2' } }, NOW, 'added');
    assert.equal(text({ kind: 'moved', state, percent: null }), 'progressing 0');
    assert.equal(text(transition(state, { verb: 'promote', why: 'x', step: null }, facts())), 'promoting preparing');
    assert.equal(text(transition(state, { verb: 'promote-full', why: 'x' }, facts())), 'promoting preparing');
  });

  it('keeps its promises in any sequence of commands', () => {
    fc.assert(fc.property(fc.array(fc.constantFrom(...VERBS), { maxLength: 40 }), (verbs) => {
      let state = firstState(spec, NOW, 'added');
      for (const verb of verbs) {
        const outcome = apply(state, verb);
        if (outcome.kind !== 'moved') continue;
        const next = outcome.state;
        assert.equal(next.turn, state.turn + 1);
        assert.ok(stepOf(next) >= 0 && stepOf(next) <= (spec.steps?.length ?? 0));
        // Nobody is in a lane whose release was rolled back, and a way back leads nowhere but back.
        if (next.standing.phase === 'rolled-back') assert.equal(isLive(next), false);
        if (state.standing.phase === 'rolling-back') assert.ok(['rolling-back', 'rolled-back', 'succeeded'].includes(next.standing.phase));
        if (next.standing.phase === 'succeeded' && state.standing.phase !== 'rolling-back') assert.equal(state.standing.phase, 'promoting');
        state = next;
      }
    }));
  });
});

type Word = Command['verb'];
const VERBS: readonly Word[] = ['start', 'promote', 'promote-full', 'pause', 'resume', 'rollback', 'time-passed', 'harm', 'go', 'no-verdict', 'switched', 'settled', 'start-failed'];

function check(title: string, verbs: readonly Word[], wanted: string): void {
  it(title, () => {
    let last: Outcome = { kind: 'moved', state: firstState(spec, NOW, 'added'), percent: null };
    for (const verb of verbs) {
      assert.ok(last.kind === 'moved', `before ${verb}`);
      last = apply(last.state, verb);
    }
    assert.equal(text(last), wanted);
  });
}

function checkRefused(title: string, verbs: readonly Word[], verb: Word, wanted: RegExp): void {
  it(title, () => {
    const outcome = apply(after(verbs), verb);
    assert.ok(outcome.kind === 'refused');
    assert.match(outcome.detail, wanted);
    assert.notEqual(outcome.fix, '');
  });
}

function after(verbs: readonly Word[]): ReleaseState {
  let state = firstState(spec, NOW, 'added');
  for (const verb of verbs) {
    const outcome = apply(state, verb);
    assert.ok(outcome.kind === 'moved', verb);
    state = outcome.state;
  }
  return state;
}

function apply(state: ReleaseState, verb: Word): Outcome {
  const why = `by ${verb}`;
  const stable = state.standing.phase === 'succeeded' ? state.spec.versions : { web: 'v1' };
  const command: Command = verb === 'promote' ? { verb, why, step: null } : verb === 'time-passed' || verb === 'go' || verb === 'no-verdict' ? { verb, why, turn: state.turn } : { verb, why };
  return transition(state, command, { ...facts(), stable });
}

function facts(): Facts {
  return { now: NOW, spec, stable: { web: 'v1' } };
}

function text(outcome: Outcome): string {
  if (outcome.kind !== 'moved') return outcome.kind;
  const { standing } = outcome.state;
  const percent = outcome.percent === null ? '' : ` at ${outcome.percent} %`;
  switch (standing.phase) {
    case 'progressing': return `progressing ${standing.step}${percent}`;
    case 'paused': return `paused ${standing.step} ${standing.hold}${standing.resumeAt === null ? '' : ` until +${(standing.resumeAt - NOW) / 60_000}m`}${percent}`;
    case 'promoting': case 'rolling-back': return `${standing.phase} ${standing.stage}`;
    case 'pending': case 'succeeded': case 'rolled-back': return standing.phase;
  }
}
