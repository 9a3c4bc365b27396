// `graylane test`: saved requests against a strategy, decided and explained by the router itself.

import type { Command } from 'commander';
import { compile, explain, loadRouter, type Explanation, type RequestFields, type Strategy } from '@graylane/rules';
import { readSavedRequests, type SavedRequest } from '../config/saved-requests.ts';
import { readStrategy } from '../config/strategy.ts';
import { explanationText } from '../print/explanation.ts';
import { exit, problemText } from '../print/failure.ts';
import { requireConfig } from './check.ts';
import { contextOf, type Context, type GlobalOptions } from './context.ts';
import { hasId } from './request.ts';
import { liveStrategy } from './live.ts';

interface TestOptions extends GlobalOptions {
  readonly config?: string;
  readonly live?: boolean;
}

/** One expectation that does not hold. */
interface Miss { readonly what: string; readonly expected: string; readonly got: string }

export function addTest(program: Command): void {
  program
    .command('test')
    .argument('<requests>', 'YAML or JSON file: entries such as { request: GET /cart, headers: { x-os: android }, expect: { web: v2 } }')
    .option('-c, --config <file>', 'the strategy; default: the nearest graylane.config.*')
    .option('--live', 'against the live strategy')
    .description('check saved requests for the versions that they should get; exit code 1 with the differing ones, explained')
    .action(async (file: string, _options: unknown, command: Command) => {
      const options = command.optsWithGlobals<TestOptions>();
      const context = contextOf(options);
      const strategy = options.live === true ? (await liveStrategy(context)).strategy : await readStrategy(requireConfig(context.directory, options.config), { runnable: false });
      report(context, judge(strategy, await readSavedRequests(file)));
    });
}

interface Judged { readonly saved: SavedRequest; readonly explanation: Explanation; readonly misses: readonly Miss[] }

function judge(strategy: Strategy, requests: readonly SavedRequest[]): readonly Judged[] {
  let now = 0;
  const started = Date.now();
  // A draw in the middle: a saved request should carry the key that decides it.
  const router = loadRouter(compile(strategy), { generation: 0, random: () => 0.5, now: () => now });
  return requests.map((saved) => {
    now = saved.at ?? started;
    const explanation = explain(router, saved.request satisfies RequestFields);
    return { saved, explanation, misses: missesOf(saved, explanation) };
  });
}

function missesOf({ expect, lane }: SavedRequest, { decision, versions }: Explanation): readonly Miss[] {
  const services = [...expect].flatMap(([service, expected]): Miss[] => {
    const got = Object.hasOwn(versions, service) ? versions[service] ?? '' : 'no such service';
    return got === expected ? [] : [{ what: service, expected, got }];
  });
  const wrongLane = lane !== undefined && lane !== decision.lane;
  return wrongLane ? [...services, { what: 'lane', expected: lane ?? 'stable', got: decision.lane ?? 'stable' }] : services;
}

function report({ terminal }: Context, judged: readonly Judged[]): void {
  const differing = judged.filter(({ misses }) => misses.length > 0);
  if (terminal.json) terminal.object({ ok: differing.length === 0, requests: judged.length, differing: differing.map(({ saved, misses, explanation }) => ({ name: saved.name, place: saved.place, misses, explanation })) });
  for (const { saved, misses, explanation } of differing) {
    const text = misses.map(({ what, expected, got }) => `${what} is ${got}, expected ${expected}`).join('; ');
    terminal.data(`${problemText({ code: 'GL0077', message: `${saved.name}: ${text}`, place: saved.place })}\n${explanationText(explanation, hasId(saved.request)).split('\n').map((line) => `  ${line}`).join('\n')}\n`);
  }
  terminal.data(`${judged.length} requests, ${differing.length} differing`);
  if (differing.length > 0) process.exitCode = exit.failed;
}
