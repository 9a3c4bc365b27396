// graylane's own verdict as a judge: the published functions, fed as the release machine feeds them.

import { createVerdict, judge, observe } from '@graylane/verdict';
import type { Observation, State } from '@graylane/verdict';
import { UNDECIDED } from './judge.ts';
import type { Judge } from './judge.ts';
import { SLOT_MINUTES } from './traffic.ts';
import type { Traffic } from './traffic.ts';

export interface Options {
  readonly alpha: number;
  readonly margin: number;
  /** Also ask whether to go on, at the end of each of these minutes. */
  readonly goEveryMinutes?: number;
}

const MINUTE_MS = 60_000;

/**
 * Users as units. A look at every request: evidence of harm can only grow when a treated user turns bad, so that
 * observations end exactly there and no look between them could have stopped the release.
 */
export function byUsers(options: Options): Judge {
  const start = createVerdict({ alpha: options.alpha, guardrails: [{ kind: 'share', name: 'errors', margin: { ratio: options.margin } }] });
  return {
    name: 'graylane, users',
    judge: (traffic) => {
      let state = start;
      const pending = new Pending(traffic);
      let nextGo = options.goEveryMinutes ?? Infinity;
      for (let index = 0; index < traffic.firsts; index += 1) {
        const time = traffic.time[index] ?? 0;
        for (; time >= nextGo; nextGo += options.goEveryMinutes ?? Infinity) {
          state = observe(state, pending.take(nextGo));
          if (judge(state).answer === 'go') return { kind: 'passed', minute: nextGo };
        }
        pending.bad(traffic.treated[index] === 1);
        if (traffic.treated[index] !== 1) continue;
        state = observe(state, pending.take(time));
        if (isStopped(state)) return { kind: 'stopped', minute: time };
      }
      if (options.goEveryMinutes === undefined) return UNDECIDED;
      state = observe(state, pending.take(traffic.minutes));
      return judge(state).answer === 'go' ? { kind: 'passed', minute: traffic.minutes } : UNDECIDED;
    },
  };
}

/** Requests only, with what is believed of how many errors an affected user makes; 1 takes requests for users. */
export function byRequests(options: Options, errorsPerUser: number): Judge {
  const start = createVerdict({ alpha: options.alpha, guardrails: [{ kind: 'share', name: 'errors', counting: 'requests', errorsPerUser, margin: { ratio: options.margin } }] });
  return {
    name: `graylane, requests, ${errorsPerUser} errors a user`,
    judge: (traffic) => {
      let state = start;
      let skipped = 0;
      for (const [slot, treated] of traffic.bad[1].entries()) {
        skipped += traffic.bad[0][slot] ?? 0;
        if (treated === 0) continue;
        const at = slot * SLOT_MINUTES * MINUTE_MS;
        state = observe(state, { at: Math.round(at), share: traffic.share, treated: arm(0, treated), control: arm(0, skipped) });
        skipped = 0;
        if (isStopped(state)) return { kind: 'stopped', minute: (slot + 1) * SLOT_MINUTES };
      }
      return UNDECIDED;
    },
  };
}

/** Reading `crossed` is what `judge` does for harm; it spares the intervals, which nobody reads here. */
function isStopped(state: State): boolean {
  return state.watches.some((watch) => watch.crossed !== null);
}

function arm(units: number, bad: number): Observation['treated'] {
  return { units, bad: { errors: bad } };
}

/** Counts since the last observation; the users of a minute are handed over when it begins. */
class Pending {
  readonly #traffic: Traffic;
  #minute = 0;
  #treatedBad = 0;
  #controlBad = 0;

  constructor(traffic: Traffic) {
    this.#traffic = traffic;
  }

  bad(treated: boolean): void {
    if (treated) this.#treatedBad += 1;
    else this.#controlBad += 1;
  }

  take(minute: number): Observation {
    let treated = 0;
    let control = 0;
    for (; this.#minute < Math.min(minute, this.#traffic.minutes); this.#minute += 1) {
      treated += this.#traffic.users[1][this.#minute] ?? 0;
      control += this.#traffic.users[0][this.#minute] ?? 0;
    }
    const observation = { at: minute * MINUTE_MS, share: this.#traffic.share, treated: arm(treated, this.#treatedBad), control: arm(control, this.#controlBad) };
    this.#treatedBad = 0;
    this.#controlBad = 0;
    return observation;
  }
}
