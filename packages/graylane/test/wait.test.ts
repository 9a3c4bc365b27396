// `graylane status --wait` against a control plane that says what a test wants: which exit code a pipeline gets, and when.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ApiFailure } from '@graylane/control';
import type { Api } from '@graylane/wire';
import { timeoutMs, waitUntilSettled } from '../src/cli/wait.ts';
import type { ReleaseReader } from '../src/cli/wait.ts';
import { Failure } from '../src/print/failure.ts';
import { openTerminal } from '../src/print/terminal.ts';
import { releaseView } from './support/views.ts';

type Release = Api<'Release'>;
const plan = [{ percent: 5 }, { pause: true }];

check('a release that arrives', [releaseView({ steps: plan }), releaseView({ steps: plan, phase: 'promoting' }), releaseView({ steps: plan, phase: 'succeeded' })], { release: 'r' }, 0, /"outcome":"succeeded"/);
check('a release that goes back', [releaseView({ steps: plan }), releaseView({ steps: plan, phase: 'rolled-back', why: 'errors: 5 %' })], { release: 'r' }, 3, /errors: 5 %/);
check('a release that was rolled back before', [releaseView({ phase: 'rolled-back' })], { release: 'r' }, 3, /rolled-back/);
check('a promotion that fails', [releaseView({ steps: plan, phase: 'promoting' }), releaseView({ steps: plan, phase: 'paused', hold: 'failure' })], { release: 'r' }, 3, /"outcome":"failed"/);
check('a release that waits for a person', [releaseView({ steps: plan, phase: 'paused', hold: 'verdict' })], { release: 'r', timeoutMs: 20 }, 124, /"outcome":"timed-out"/);
check('a share that nobody moves', [releaseView({ steps: [] })], { release: null }, 0, /nothing-to-wait-for/);
check('everything on its way, one of it back', [releaseView({ steps: plan }), releaseView({ steps: plan, phase: 'rolled-back' })], { release: null }, 3, /rolled-back/);

test('a supervisor that is away for a moment is waited for', async () => {
  const away = new ApiFailure({ type: '', title: '', status: 0, code: 'GL3098', detail: 'not running', exitCode: 5 }, 5);
  const said = [releaseView({ steps: plan }), away, away, releaseView({ steps: plan, phase: 'succeeded' })];
  assert.equal((await waited(said, { release: 'r' })).code, 0);
});

test('a timeout is a duration', () => {
  assert.deepEqual([timeoutMs('90s'), timeoutMs('2h'), timeoutMs(undefined)], [90_000, 7_200_000, null]);
  assert.throws(() => timeoutMs('soon'), (error) => error instanceof Failure && error.exitCode === 2);
});

function check(title: string, said: readonly Release[], options: { readonly release: string | null; readonly timeoutMs?: number }, wanted: number, output: RegExp): void {
  test(`${title} ends the waiting with ${wanted}`, async () => {
    const { code, text } = await waited(said, options);
    assert.equal(code, wanted);
    assert.match(text, output);
  });
}

/** Each look gets the next thing that is said; the last one stays. */
async function waited(said: readonly (Release | ApiFailure)[], { release, timeoutMs: limit }: { readonly release: string | null; readonly timeoutMs?: number }): Promise<{ readonly code: number; readonly text: string }> {
  let look = 0;
  const next = (): Promise<Release> => {
    const one = said[Math.min(look, said.length - 1)];
    look += 1;
    return one instanceof ApiFailure ? Promise.reject(one) : Promise.resolve(one ?? releaseView({}));
  };
  const client: ReleaseReader = { release: next, releases: async () => ({ items: [await next()], cursor: null }) };
  const lines: string[] = [];
  const out = { isTTY: false, write: (line: string) => lines.push(line) > 0 } as unknown as NodeJS.WriteStream;
  const terminal = openTerminal({ json: true, verbose: false, environment: {}, stdout: out, stderr: { write: () => true } as unknown as NodeJS.WriteStream });
  return { code: await waitUntilSettled(client, terminal, { release, timeoutMs: limit ?? null }), text: lines.join('') };
}
