// The results as Markdown tables and curves.

import type { Curve, Plot } from './plot.ts';
import type { Reach } from './reach.ts';
import { quantileMinutes, shareInterval } from './runs.ts';
import type { Tally } from './runs.ts';

export interface Answer {
  readonly question: { readonly scenario: { readonly name: string }; readonly reach: Reach | null };
  readonly tallies: readonly Tally[];
}

/**
 * Whether the first judge reached what it had to; true where nothing was asked. With few runs a share counts as missed
 * only if its 95 % interval lies above: a short form must not fail by chance.
 */
export function isReached({ question, tallies }: Answer, fewRuns = false): boolean {
  const [first] = tallies;
  const { reach } = question;
  if (first === undefined || reach === null) return true;
  const share = (hits: number): number => (fewRuns ? shareInterval(hits, first.runs)[0] : hits / first.runs);
  switch (reach.kind) {
    case 'false-stops':
      return share(first.stopped) <= reach.atMost;
    case 'false-passes':
      return share(first.passed) <= reach.atMost;
    case 'median-stop': {
      const median = quantileMinutes(first, 0.5);
      return median !== null && median <= reach.minutes;
    }
  }
}

export function falseStopTable(answers: readonly Answer[]): string {
  return table(['traffic', 'judge', 'runs', 'stopped', '95 % interval', 'to reach'], answers.flatMap(({ question, tallies }) => tallies.map((tally, index) => [
    question.scenario.name, tally.judge, count(tally.runs), percent(tally.stopped / tally.runs), interval(tally.stopped, tally.runs), index === 0 ? wanted(question.reach) : '',
  ])));
}

export function detectionTable(answers: readonly Answer[]): string {
  return table(['traffic', 'judge', 'runs', 'stopped', 'median', '90 %', 'to reach'], answers.flatMap(({ question, tallies }) => tallies.map((tally, index) => [
    question.scenario.name, tally.judge, count(tally.runs), percent(tally.stopped / tally.runs), minutes(quantileMinutes(tally, 0.5)), minutes(quantileMinutes(tally, 0.9)), index === 0 ? wanted(question.reach) : '',
  ])));
}

export function goTable(answers: readonly Answer[]): string {
  return table(['traffic', 'runs', 'passed', 'median', 'stopped', 'to reach'], answers.flatMap(({ question, tallies }) => tallies.map((tally) => [
    question.scenario.name, count(tally.runs), percent(tally.passed / tally.runs), minutes(tally.passMinutes[Math.ceil(0.5 * tally.runs) - 1] ?? null), percent(tally.stopped / tally.runs), wanted(question.reach),
  ])));
}

/** One row a judge, one column a traffic: stopped and passed. */
export function comparisonTable(answers: readonly (Answer & { readonly harm: boolean })[]): string {
  const judges = answers[0]?.tallies.map((tally) => tally.judge) ?? [];
  const head = ['judge', ...answers.map(({ question, harm }) => `${question.scenario.name} (${harm ? 'stop it' : 'do not stop it'})`)];
  return table(head, judges.map((judge, index) => [judge, ...answers.map(({ tallies }) => {
    const tally = tallies[index];
    if (tally === undefined) return '';
    const median = tally.stopped * 2 >= tally.runs ? `, median ${minutes(quantileMinutes(tally, 0.5))}` : '';
    return `${percent(tally.stopped / tally.runs)} stopped${median}; ${percent(tally.passed / tally.runs)} passed`;
  })]));
}

export function stopPlot(title: string, xMax: number, yMax: number, limit: Plot['limit'], curves: readonly { readonly name: string; readonly color: string; readonly tally: Tally }[]): Plot {
  return {
    title, xLabel: 'minutes', yLabel: 'stopped releases', xMax, yMax, limit,
    xTicks: Array.from({ length: 7 }, (_, index) => Number(((index * xMax) / 6).toFixed(1))), yTicks: Array.from({ length: 6 }, (_, index) => (index * yMax) / 5),
    curves: curves.map(({ name, color, tally }): Curve => ({ name, color, points: curve(tally, xMax) })),
  };
}

/** At most this many steps a curve: more cannot be seen. */
const STEPS = 200;

function curve(tally: Tally, xMax: number): readonly (readonly [number, number])[] {
  const points: [number, number][] = [[0, 0]];
  let stopped = 0;
  for (let step = 1; step <= STEPS; step += 1) {
    const until = (step * xMax) / STEPS;
    while ((tally.stopMinutes[stopped] ?? Infinity) <= until) stopped += 1;
    points.push([until, stopped / tally.runs]);
  }
  return points;
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  return [head, head.map(() => '---'), ...rows].map((row) => `| ${row.join(' | ')} |`).join('\n');
}

function wanted(reach: Reach | null): string {
  if (reach === null) return '';
  return reach.kind === 'median-stop' ? `median ≤ ${reach.minutes} min` : `${reach.kind === 'false-stops' ? 'stopped' : 'passed'} ≤ ${percent(reach.atMost)}`;
}

function interval(hits: number, runs: number): string {
  const [low, high] = shareInterval(hits, runs);
  return `${percent(low)} to ${percent(high)}`;
}

function minutes(value: number | null): string {
  return value === null ? 'never' : `${value.toFixed(value < 10 ? 2 : 1)} min`;
}

function percent(share: number): string {
  return `${Number((share * 100).toFixed(2))} %`;
}

function count(value: number): string {
  return value.toLocaleString('en');
}
