// `npm run sim:verdict`: how often the verdict is wrong and how soon it is right, beside the judges of others.
// Writes the results into docs/verdict.md, between its two marks, and the curves beside it. `--short` makes a twentieth of
// the runs and writes nothing; `--seed N` draws other traffic. Exit 1 when a figure is not reached.

import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { comparisonTable, detectionTable, falseStopTable, goTable, isReached, stopPlot } from './sim-verdict/page.ts';
import type { Answer } from './sim-verdict/page.ts';
import { svg } from './sim-verdict/plot.ts';
import { simulate } from './sim-verdict/runs.ts';
import { zTest } from './sim-verdict/peers/z-test.ts';
import { COMPARED, GOING_ON, HARMFUL, HARMFUL_CLUSTERS, HARMLESS, HARMLESS_REQUESTS, OWN_NOISE, SERIES, SERIES_JUDGES } from './sim-verdict/suite.ts';
import type { Question } from './sim-verdict/suite.ts';
import { simulateLatency, simulateSeries } from './sim-verdict/series.ts';
import type { SeriesQuestion } from './sim-verdict/series.ts';

const SEED = 20_261_122;
const SHORT = 20;

const { values: flags } = parseArgs({ options: { short: { type: 'boolean', default: false }, seed: { type: 'string', default: String(SEED) } } });
const seed = Number(flags.seed);
if (!Number.isSafeInteger(seed)) throw new RangeError(`--seed must be a whole number, not ${flags.seed}`);
console.log(`seed ${seed}`);

let asked = 0;
const runsOf = (question: { readonly runs: number }): number => Math.ceil(question.runs / (flags.short ? SHORT : 1));

function ask(question: Question): Answer {
  return told(question, (from) => simulate(question.scenario, question.judges, runsOf(question), from));
}

function askSeries(question: SeriesQuestion): Answer {
  const { scenario } = question;
  return told(question, (from) => (question.of === 'latency' ? [simulateLatency(scenario, runsOf(question), from)] : simulateSeries(scenario, SERIES_JUDGES, runsOf(question), from)));
}

function told(question: Answer['question'], simulated: (from: number) => Answer['tallies']): Answer {
  asked += 1;
  const started = performance.now();
  const tallies = simulated(seed + asked);
  const answer = { question, tallies };
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  console.log(`${isReached(answer, flags.short) ? 'ok  ' : 'MISS'} ${question.scenario.name} (${seconds} s)`);
  for (const tally of tallies) console.log(`       ${tally.judge}: ${tally.stopped} stopped, ${tally.passed} passed of ${tally.runs}`);
  return answer;
}

const harmless = HARMLESS.map(ask);
const harmlessRequests = HARMLESS_REQUESTS.map(ask);
const ownNoise = OWN_NOISE.map(ask);
const harmful = HARMFUL.map(ask);
const clusters = HARMFUL_CLUSTERS.map(ask);
const going = GOING_ON.map(ask);
const compared = COMPARED.map((question) => ({ ...ask(question), harm: question.harm }));
const series = SERIES.map(askSeries);
const [independent] = HARMLESS;
const dashboards = independent === undefined ? [] : [ask({ ...independent, judges: [zTest()], runs: 2_000, reach: null })];

const all = [...harmless, ...harmlessRequests, ...ownNoise, ...harmful, ...clusters, ...going, ...compared, ...series];
const missed = all.filter((answer) => !isReached(answer, flags.short));
if (missed.length > 0) process.exitCode = 1;
console.log(`${all.length - missed.length} of ${all.length} as they should be, seed ${seed}, ${(process.cpuUsage().user / 1e6).toFixed(0)} s of one core`);
if (!flags.short) write();

function write(): void {
  const docs = join(import.meta.dirname, '../docs');
  mkdirSync(join(docs, 'verdict'), { recursive: true });
  writeFileSync(join(docs, 'verdict/false-stops.svg'), svg(stopPlot('Harmless releases that were stopped', 360, 0.4, { y: 0.01, name: 'α = 1 %' }, [
    ...dashboards.flatMap(({ tallies }) => tallies).map((tally) => ({ name: 'z-test, each minute', color: '#c2410c', tally })),
    ...harmless.flatMap(({ tallies }, index) => tallies.slice(0, 1).map((tally) => ({ name: ['independent', 'AR(1) noise', '2 errors a user', '5 errors a user'][index] ?? '', color: ['#1d4ed8', '#0891b2', '#15803d', '#7c3aed'][index] ?? '#000', tally }))),
  ])));
  writeFileSync(join(docs, 'verdict/detection.svg'), svg(stopPlot('Harmful releases that were stopped', 30, 1, { y: 0.5, name: 'half' }, harmful.flatMap(({ question, tallies }, index) => tallies.slice(0, 1).map((tally) => ({
    name: question.scenario.name, color: ['#1d4ed8', '#c2410c', '#15803d'][index] ?? '#000', tally,
  }))))));
  const page = join(docs, 'verdict.md');
  const begin = '<!-- simulated: begin -->';
  const end = '<!-- simulated: end -->';
  const text = readFileSync(page, 'utf8');
  const from = text.indexOf(begin);
  const to = text.indexOf(end);
  if (from < 0 || to < from) throw new Error(`docs/verdict.md has lost its marks ${begin} and ${end}`);
  writeFileSync(page, `${text.slice(0, from + begin.length)}\n${results()}\n${text.slice(to)}`);
  console.log('written: docs/verdict.md, docs/verdict/false-stops.svg, docs/verdict/detection.svg');
}

function results(): string {
  return [
    `Seed ${seed}. Traffic unless said otherwise: 50 requests a minute (rpm) canary and 950 control, 1 % of control's requests fail, six hours.`,
    '### Harmless releases that are stopped', 'Looked at with every request, all of α = 1 % on one guardrail, equal rates in both arms. Margin 0 makes equal rates the limit itself, where a false stop is likeliest; 25 % is the default.', falseStopTable(harmless),
    '![False stops over time](verdict/false-stops.svg)',
    '### The same where users are not known', 'Requests are all there is, and the errors of one user belong together. Assuming fewer errors a user than there are is what goes wrong.', falseStopTable(harmlessRequests),
    '### Outside of the theory', "Here the canary's own error rate wanders around stable's. It is not harmless at every moment, only on average, and no α is promised; the margin absorbs some of it.", falseStopTable(ownNoise),
    '### Harmful releases', 'The null ratio is 1.25 unless the margin says otherwise. Control and canary rates and their load are in the first column.', detectionTable(harmful),
    '![Time to a stop](verdict/detection.svg)',
    '### What clusters cost', 'The same share of requests fails, but by fewer users.', detectionTable(clusters),
    '### Going on', 'Asked every 10 minutes for six hours, goAlpha = 5 %, margins 25 % and 0.5 percentage points.', goTable(going),
    '### Reported numbers and latencies', 'A value of each arm a minute, deviating by 10 % of its level, and the 95th percentile of log-normal latencies at 50 and 950 rpm. A metric guardrail needs ten blocks for its surest answer; with autocorrelated arms its α is kept by the margin, not by theory.', detectionTable(series),
    '### Beside the judges of others', 'The same traffic for all, 360 minutes at most. Kayenta: one analysis of the first hour; Flagger: a check a minute, 10 successful ones promote; Argo: 10 measurements. Thresholds are set by people, and theirs are the examples of the projects\' pages: a 99 % minimum has no room at a 1 % error rate, which is why the second column is there.', comparisonTable(compared),
  ].join('\n\n');
}
