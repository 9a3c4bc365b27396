// The questions of the simulation: which traffic, which judges, how many runs, and what has to come out.

import { byRequests, byUsers } from './graylane.ts';
import type { Judge } from './judge.ts';
import { argo } from './peers/argo.ts';
import { flagger } from './peers/flagger.ts';
import { kayenta } from './peers/kayenta.ts';
import { zTest } from './peers/z-test.ts';
import type { Reach } from './reach.ts';
import { kayentaJudge, metricJudge } from './series.ts';
import type { SeriesJudge, SeriesQuestion, SeriesScenario } from './series.ts';
import { HEALTHY } from './traffic.ts';
import type { Scenario } from './traffic.ts';

export interface Question {
  readonly scenario: Scenario;
  readonly judges: readonly Judge[];
  /** Runs of the full suite; the short form makes fewer. */
  readonly runs: number;
  /** What the first judge has to reach, or null where the answer is only recorded. */
  readonly reach: Reach | null;
}

/** All of alpha on one guardrail, with the margin that graylane has by default. */
const DEFAULT = { alpha: 0.01, margin: 0.25 };
/** No margin, so that equal rates are the limit itself: where a false stop is likeliest. */
const STRICT = { alpha: 0.01, margin: 0 };
/** One of two guardrails that share alpha. */
const HALF = { alpha: 0.005, margin: 0.25 };

const named = (judge: Judge, name: string): Judge => ({ ...judge, name });
const users = (options: { readonly alpha: number; readonly margin: number }): Judge => named(byUsers(options), `users, α ${100 * options.alpha} %, margin ${100 * options.margin} %`);
const requests = (options: { readonly alpha: number; readonly margin: number }, perUser: number): Judge =>
  named(byRequests(options, perUser), perUser === 1 ? 'requests taken for users' : `requests, ${perUser} errors a user assumed`);

const NOISE = 0.5;
const harmless: readonly Scenario[] = [
  { ...HEALTHY, name: 'independent errors' },
  { ...HEALTHY, name: 'AR(1) noise of load and errors, both arms', noise: NOISE },
  { ...HEALTHY, name: 'users with 2 errors on average', errorsPerUser: 2 },
  { ...HEALTHY, name: 'users with 5 errors on average', errorsPerUser: 5 },
];

/** Equal rates for six hours: at most one release in a hundred may be stopped, looked at with every request. */
export const HARMLESS: readonly Question[] = harmless.map((scenario) => ({ scenario, judges: [users(STRICT), users(DEFAULT)], runs: 20_000, reach: { kind: 'false-stops', atMost: 0.01 } }));

/** The same where users are not known. The first judge is the one that assumes what is true. */
export const HARMLESS_REQUESTS: readonly Question[] = harmless.map((scenario) => ({
  scenario, judges: [requests(STRICT, scenario.errorsPerUser), ...[1, 2, 5].filter((perUser) => perUser !== scenario.errorsPerUser).map((perUser) => requests(STRICT, perUser))],
  runs: 2_000, reach: { kind: 'false-stops', atMost: 0.01 },
}));

/** Outside of what the theory covers, and recorded therefore: a canary that is by turns worse and better than stable. */
export const OWN_NOISE: readonly Question[] = [0.2, 0.5].map((ownNoise) => ({
  scenario: { ...HEALTHY, name: `AR(1) noise of the canary's own errors, deviation ${ownNoise}`, ownNoise }, judges: [users(DEFAULT), users(STRICT)], runs: 2_000, reach: null,
}));

const worse: readonly (readonly [Scenario, number])[] = [
  [{ ...HEALTHY, name: '1 → 5 % of requests', ratio: 5, minutes: 120 }, 5],
  [{ ...HEALTHY, name: '0.1 → 1 % of requests', errorRate: 0.001, ratio: 10, minutes: 240 }, 12],
  [{ ...HEALTHY, name: '1 → 100 %, 5 + 95 rpm', ratio: 100, treatedRpm: 5, controlRpm: 95, minutes: 30 }, 1],
];

/** Harm: half of the releases have to be stopped by then. */
export const HARMFUL: readonly Question[] = worse.map(([scenario, minutes]) => ({ scenario, judges: [users(DEFAULT), users(HALF), users(STRICT)], runs: 4_001, reach: { kind: 'median-stop', minutes } }));

/** What clusters cost: the same requests fail, but fewer users are affected. */
export const HARMFUL_CLUSTERS: readonly Question[] = [1, 2, 5].map((errorsPerUser) => ({
  scenario: { ...HEALTHY, name: `1 → 5 %, users with ${errorsPerUser} errors`, ratio: 5, minutes: 240, errorsPerUser }, judges: [users(DEFAULT), requests(DEFAULT, 2), requests(DEFAULT, 5)], runs: 1_001, reach: null,
}));

const ASK_MINUTES = 10;
const going = (options: { readonly alpha: number; readonly margin: number }): Judge => named(byUsers({ ...options, goEveryMinutes: ASK_MINUTES }), 'graylane');

/** Going on. The first two are at both margins at once, where passing is wrong: at most one in twenty. */
export const GOING_ON: readonly Question[] = [
  { scenario: { ...HEALTHY, name: '4 → 5 % (ratio 1.25, both margins exceeded)', errorRate: 0.04, ratio: 1.25 }, judges: [going(DEFAULT)], runs: 250, reach: { kind: 'false-passes', atMost: 0.05 } },
  { scenario: { ...HEALTHY, name: '2 → 2.5 % (both margins exactly)', errorRate: 0.02, ratio: 1.25 }, judges: [going(DEFAULT)], runs: 250, reach: { kind: 'false-passes', atMost: 0.05 } },
  { scenario: { ...HEALTHY, name: 'healthy at 0.1 %, 50 + 950 rpm', errorRate: 0.001 }, judges: [going(DEFAULT)], runs: 300, reach: null },
  { scenario: { ...HEALTHY, name: 'healthy at 1 %, 50 + 950 rpm' }, judges: [going(DEFAULT)], runs: 300, reach: null },
  { scenario: { ...HEALTHY, name: 'healthy at 1 %, 500 + 500 rpm', treatedRpm: 500, controlRpm: 500 }, judges: [going(DEFAULT)], runs: 300, reach: null },
];

const peers: readonly Judge[] = [
  going(DEFAULT), zTest(), kayenta(60),
  flagger({ minPercent: 99, threshold: 1, steps: 10 }), flagger({ minPercent: 99, threshold: 5, steps: 10 }), argo({ minShare: 0.95, failureLimit: 3, count: 10 }),
];

/** The same traffic past the judges of others. `harm` says what the right answer is. */
export const COMPARED: readonly (Question & { readonly harm: boolean })[] = [
  compared({ name: 'healthy, 1 %' }, false),
  compared({ name: 'healthy, 0.5 %, 50 + 250 rpm', errorRate: 0.005, controlRpm: 250 }, false),
  compared({ name: 'healthy, AR(1) noise in both arms', noise: NOISE }, false),
  compared({ name: 'an outage behind both arms: 1 % in mean, noise 1.2', noise: 1.2 }, false),
  compared({ name: '1 → 5 %', ratio: 5 }, true),
  compared({ name: '0.1 → 0.9 %', errorRate: 0.001, ratio: 9 }, true),
  compared({ name: 'all requests fail in 40 % of minutes', brokenMinutes: 0.4 }, true),
];

function compared(change: Partial<Scenario> & Pick<Scenario, 'name'>, harm: boolean): Question & { readonly harm: boolean } {
  return { scenario: { ...HEALTHY, ...change }, judges: peers, runs: 300, reach: null, harm };
}

const level: SeriesScenario = { name: 'equal arms', minutes: 360, ratio: 1, memory: 0, shared: 0 };
const NONE: Reach = { kind: 'false-stops', atMost: 0.01 };

/** Numbers that are reported for an arm each minute, deviating by 10 %, and latencies. */
export const SERIES: readonly SeriesQuestion[] = [
  { of: 'value', scenario: level, runs: 500, reach: NONE },
  { of: 'value', scenario: { ...level, name: 'equal arms, each AR(1) 0.9 by itself', memory: 0.9 }, runs: 500, reach: NONE },
  { of: 'value', scenario: { ...level, name: 'equal arms, AR(1) in both together, deviation 50 %', shared: 0.5 }, runs: 500, reach: NONE },
  { of: 'value', scenario: { ...level, name: '1.25 times: at the limit', ratio: 1.25 }, runs: 500, reach: NONE },
  { of: 'value', scenario: { ...level, name: '1.5 times', ratio: 1.5 }, runs: 300, reach: null },
  { of: 'value', scenario: { ...level, name: 'twice', ratio: 2 }, runs: 300, reach: null },
  { of: 'latency', scenario: { ...level, name: 'equal latencies', minutes: 120 }, runs: 150, reach: NONE },
  { of: 'latency', scenario: { ...level, name: 'equal latencies, AR(1) in both together, deviation 30 %', minutes: 120, shared: 0.3 }, runs: 150, reach: NONE },
  { of: 'latency', scenario: { ...level, name: 'latencies 1.25 times: at the limit', minutes: 120, ratio: 1.25 }, runs: 150, reach: NONE },
  { of: 'latency', scenario: { ...level, name: 'latencies 1.5 times', minutes: 120, ratio: 1.5 }, runs: 200, reach: null },
  { of: 'latency', scenario: { ...level, name: 'latencies twice', minutes: 120, ratio: 2 }, runs: 200, reach: null },
];

/** For values; latencies have only our own. */
export const SERIES_JUDGES: readonly SeriesJudge[] = [metricJudge(0.25), metricJudge(0), kayentaJudge(60)];
