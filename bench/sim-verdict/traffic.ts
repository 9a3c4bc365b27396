// Simulated traffic of a canary and its control: users, their requests and errors, in continuous time.
// It must not know any judge; all judges of a scenario see the same traffic.

import type { Random } from './random.ts';

export interface Scenario {
  readonly name: string;
  readonly minutes: number;
  readonly treatedRpm: number;
  readonly controlRpm: number;
  /** Share of control's requests that fail. */
  readonly errorRate: number;
  /** Treated error rate to control's. */
  readonly ratio: number;
  /** Errors of one affected user, on average (geometric), 20 s apart (exponential). */
  readonly errorsPerUser: number;
  /** Standard deviation of the logarithm of load and of error rate, moving in both arms together: AR(1), 0.9 a minute. */
  readonly noise: number;
  /** The same for the treated arm's error rate alone: a canary that is by turns better and worse than stable. */
  readonly ownNoise: number;
  /** Share of minutes in which every treated request fails, whatever the ratio. */
  readonly brokenMinutes: number;
}

export const HEALTHY: Scenario = {
  name: 'healthy', minutes: 360, treatedRpm: 50, controlRpm: 950, errorRate: 0.01, ratio: 1, errorsPerUser: 1, noise: 0, ownNoise: 0, brokenMinutes: 0,
};

/** Slots in which bad requests are counted, for judges of requests. */
export const SLOT_MINUTES: number = 1 / 6;
const GAP_MINUTES = 1 / 3;
const MEMORY = 0.9;

/** One run. The arrays are filled anew by each `generate`; only the first `firsts` entries of `time` and `treated` count. */
export interface Traffic {
  readonly minutes: number;
  /** The share of users that are treated. */
  readonly share: number;
  /** First errors of users: when (minutes) and in which arm (1 treated). */
  firsts: number;
  readonly time: Float64Array;
  readonly treated: Uint8Array;
  /** A minute: new users, requests; a slot of 10 s: bad requests. */
  readonly users: readonly [control: Uint32Array, treated: Uint32Array];
  readonly requests: readonly [control: Uint32Array, treated: Uint32Array];
  readonly bad: readonly [control: Uint32Array, treated: Uint32Array];
}

/** Five times the expected number of errors and then some, so that no noise overruns it. */
export function trafficFor(scenario: Scenario): Traffic {
  const { minutes, treatedRpm, controlRpm } = scenario;
  const expected = minutes * (controlRpm * scenario.errorRate + treatedRpm * Math.min(1, scenario.errorRate * scenario.ratio + scenario.brokenMinutes));
  const room = Math.ceil(expected * 5 * Math.exp(4 * scenario.noise) + 1000);
  const pair = (length: number): [Uint32Array, Uint32Array] => [new Uint32Array(length), new Uint32Array(length)];
  return {
    minutes, share: treatedRpm / (treatedRpm + controlRpm), firsts: 0, time: new Float64Array(room), treated: new Uint8Array(room),
    users: pair(minutes), requests: pair(minutes), bad: pair(Math.ceil(minutes / SLOT_MINUTES)),
  };
}

export function generate(scenario: Scenario, random: Random, traffic: Traffic): void {
  for (const counts of [traffic.users, traffic.requests, traffic.bad]) for (const arm of counts) arm.fill(0);
  traffic.firsts = 0;
  const { noise, ownNoise } = scenario;
  // Start in the stationary state: a release does not begin at an average moment.
  let load = noise * random.normal();
  let errors = noise * random.normal();
  let own = ownNoise * random.normal();
  const kick = Math.sqrt(1 - MEMORY * MEMORY);
  for (let minute = 0; minute < scenario.minutes; minute += 1) {
    // The mean of a log-normal is e^(variance / 2): taken out, so that rates mean what they say.
    const factor = Math.exp(load - noise ** 2 / 2);
    const rate = scenario.errorRate * Math.exp(errors - noise ** 2 / 2);
    const broken = scenario.brokenMinutes > 0 && random.uniform() < scenario.brokenMinutes;
    const treatedRate = broken ? 1 : Math.min(1, rate * scenario.ratio * Math.exp(own - ownNoise ** 2 / 2));
    fillMinute(scenario, random, traffic, minute, [scenario.controlRpm * factor, scenario.treatedRpm * factor], [Math.min(1, rate), treatedRate]);
    load = MEMORY * load + kick * noise * random.normal();
    errors = MEMORY * errors + kick * noise * random.normal();
    own = MEMORY * own + kick * ownNoise * random.normal();
  }
}

function fillMinute(scenario: Scenario, random: Random, traffic: Traffic, minute: number, rpm: readonly [number, number], rates: readonly [number, number]): void {
  const affected = [rpm[0] * rates[0], rpm[1] * rates[1]].map((perMinute) => perMinute / scenario.errorsPerUser);
  for (const arm of [0, 1] as const) {
    const good = rpm[arm] * (1 - rates[arm]);
    add(traffic.requests[arm], minute, random.poisson(good));
    add(traffic.users[arm], minute, random.poisson(good / scenario.errorsPerUser));
  }
  const total = (affected[0] ?? 0) + (affected[1] ?? 0);
  if (total === 0) return;
  for (let at = random.exponential() / total; at < 1; at += random.exponential() / total) {
    const arm = random.uniform() * total < (affected[1] ?? 0) ? 1 : 0;
    first(traffic, minute + at, arm);
    add(traffic.users[arm], minute, 1);
    let when = minute + at;
    for (let error = random.geometric(scenario.errorsPerUser); error > 0 && when < traffic.minutes; error -= 1) {
      add(traffic.bad[arm], Math.floor(when / SLOT_MINUTES), 1);
      add(traffic.requests[arm], Math.floor(when), 1);
      when += random.exponential() * GAP_MINUTES;
    }
  }
}

function first(traffic: Traffic, at: number, arm: 0 | 1): void {
  if (traffic.firsts === traffic.time.length) throw new RangeError('more errors than this run has room for');
  traffic.time[traffic.firsts] = at;
  traffic.treated[traffic.firsts] = arm;
  traffic.firsts += 1;
}

function add(counts: Uint32Array, index: number, more: number): void {
  if (index < counts.length) counts[index] = (counts[index] ?? 0) + more;
}

/** Bad requests of one arm in one minute. */
export function badInMinute(traffic: Traffic, arm: 0 | 1, minute: number): number {
  const slots = Math.round(1 / SLOT_MINUTES);
  let sum = 0;
  for (let slot = minute * slots; slot < (minute + 1) * slots; slot += 1) sum += traffic.bad[arm][slot] ?? 0;
  return sum;
}
