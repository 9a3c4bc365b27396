// What people read of releases: one line an event, the interval of a verdict, both arms side by side; and that nothing in it
// steers their terminal.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Api } from '@graylane/wire';
import { compile, explain, loadRouter, parseStrategy, type Strategy, type StrategyDocument } from '@graylane/rules';
import { comparisonText } from '../src/print/comparison.ts';
import { explanationText } from '../src/print/explanation.ts';
import { happeningText } from '../src/print/happening.ts';
import { statusText } from '../src/print/status.ts';
import { openTerminal } from '../src/print/terminal.ts';
import { verdictText } from '../src/print/verdict.ts';
import { evidenceView, releaseView } from './support/views.ts';

const event: Api<'Event'> = { seq: 7, at: '2030-01-01T10:20:30.000Z', kind: 'release', subject: 'checkout', from: 'progressing at step 2/4', to: 'rolled-back', who: 'controller', why: 'errors: 14 of 278 users bad against 59 of 5934', revision: 3, generation: 4 };
const hostile = 'x\u001b[2J\r\n\u0007\u009b2J\u202ey';
const status: Api<'Status'> = {
  revision: 3, generation: 4, healthy: true, problems: [], frozen: null, stale: [], next: ['graylane compare r'],
  services: [{ name: 'web', stable: 'v1', versions: [{ version: 'v1', role: 'stable', release: null, workers: 2, ready: 2, requests: 950, share: 95, problem: null, recent: { rps: 15.83, success: 99.4, p50Ms: 3.2, p95Ms: 12, p99Ms: 1_240 } }] }],
  releases: [releaseView({ steps: [{ percent: 5 }, { verdict: { for: '30m' } }], step: 1, verdict: { answer: 'waiting', reasons: ['too little data'], evidence: [evidenceView({ crossed: null })] } })],
};

test('an event is one line with its reason', () => {
  assert.equal(happeningText(event), '2030-01-01 10:20:30  release   checkout      progressing at step 2/4 → rolled-back · controller: errors: 14 of 278 users bad against 59 of 5934');
  assert.match(happeningText({ ...event, from: '', to: 'pending' }), / {2}pending · controller/);
});

test('a verdict shows the interval that says the most', () => {
  assert.equal(verdictText({ answer: 'harm', reasons: [], evidence: [evidenceView({ guardrail: 'slow', crossed: null }), evidenceView()] }), '✗ harm · errors ×5.06 (1.31–12.4)');
  assert.equal(verdictText({ answer: 'waiting', reasons: [], evidence: [evidenceView({ crossed: null, ratio: { estimate: null, low: null, high: null } })] }), '… waiting · errors +4.05 % (0.2 % to 11 %)');
  assert.equal(verdictText(undefined), '–');
});

test('status shows want and got, rates, durations, the verdict and what to do next', () => {
  const text = statusText(status, 500);
  assert.match(text, /web +v1 +stable +2\/2 ready +95 % +950 requests +15\.8\/s +99\.4 % +3\.2 ms · 12 ms · 1\.24 s/);
  assert.match(text, /r +progressing at step 2\/2 +5 % +4\.98 % +50 requests .*… waiting · errors ×5\.06 \(1\.31–12\.4\)/);
  assert.match(text, /\n {2}graylane compare r$/);
});

test('a problem of a version stands once in status, in full below the tables', () => {
  const problem = "version 'v1' of 'web' did not become ready: web.v1.0 ended before it was ready (exit code 1)";
  const services = status.services.map((service) => ({ ...service, versions: service.versions.map((version) => ({ ...version, problem })) }));
  const text = statusText({ ...status, services, problems: [`web v1: ${problem}`] }, 500);
  assert.equal(text.split(problem).length - 1, 1, text);
  assert.match(text, /1\.24 s +✗ see problems\n/);
  assert.ok(statusText({ ...status, services }, 500).includes(problem), 'and nowhere else it stays in its row');
});

test('a comparison puts both arms side by side, with what is allowed', () => {
  const arm = (name: 'treated' | 'control', requests: number, failed: number): Api<'Arm'> => ({ arm: name, users: requests, requests, failed, slow: 0, p50Ms: 3, p95Ms: 9, p99Ms: 20 });
  const text = comparisonText({ release: 'r', phase: 'progressing', live: true, at: '2030-01-01T00:00:00.000Z', arms: [arm('treated', 278, 14), arm('control', 5_934, 59)], verdict: { answer: 'harm', reasons: ['too many errors'], evidence: [evidenceView()] } }, 200);
  assert.match(text, /failed +14 \(5\.04 %\) +59 \(0\.99 %\)/);
  assert.match(text, /errors by user +5\.04 % +0\.99 % +×5\.06 \(1\.31–12\.4\) +×1\.25/);
});

const steering = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202a-\u202e]/;

test('what others wrote steers no terminal, and writes no line of ours', () => {
  const texts = [
    [happeningText({ ...event, subject: hostile, why: hostile, who: hostile }), happeningText(event)],
    [statusText({ ...status, frozen: hostile, problems: [hostile], releases: [releaseView({ why: hostile })] }, 200), statusText({ ...status, frozen: 'x', problems: ['x'], releases: [releaseView({ why: 'x' })] }, 200)],
    [comparisonText({ release: 'r', phase: 'progressing', live: true, at: '', arms: [], verdict: { answer: 'harm', reasons: [hostile], evidence: [] } }, 200), comparisonText({ release: 'r', phase: 'progressing', live: true, at: '', arms: [], verdict: { answer: 'harm', reasons: ['x'], evidence: [] } }, 200)],
  ] as const;
  for (const [text, harmless] of texts) {
    assert.doesNotMatch(text, steering);
    assert.equal(text.split('\n').length, harmless.split('\n').length, text);
  }
});

test('whatever a command prints steers no screen, and reaches a pipe as it is', () => {
  const router = loadRouter(compile(parsed({ services: { web: { stable: 'v1', versions: { v1: {}, v2: {} } } }, releases: [{ name: 'r', when: [{ header: { 'x-city': 'Utrecht' } }], versions: { web: 'v2' } }] })), { generation: 1, random: () => 0.5, now: () => 0 });
  // A header's bytes, one character each, as Node gives them.
  const explained = explanationText(explain(router, { method: 'GET', target: '/', rawHeaders: ['X-City', Buffer.from('北京\u009b2J<b>').toString('latin1')] }), true);
  assert.match(explained, /x-city is "北京\u009b2J<b>"/, 'as it was meant');
  const printed = (isTTY: boolean): string => {
    const lines: string[] = [];
    const out = { isTTY, columns: 80, write: (line: string) => lines.push(line) > 0 } as unknown as NodeJS.WriteStream;
    const terminal = openTerminal({ json: false, verbose: false, environment: {}, stdout: out, stderr: out });
    terminal.data(`${terminal.clear}${terminal.bold('r')} ${explained}`);
    return lines.join('');
  };
  assert.equal(printed(false), `r ${explained}\n`);
  assert.match(printed(true), /^\u001b\[2J\u001b\[H\u001b\[1mr\u001b\[22m /);
  assert.doesNotMatch(printed(true).replace('\u001b[2J\u001b[H\u001b[1mr\u001b[22m', ''), steering);
});

function parsed(document: StrategyDocument): Strategy {
  const result = parseStrategy(document);
  assert.ok(result.ok);
  return result.strategy;
}
