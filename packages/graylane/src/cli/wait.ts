// `graylane status --wait`: for pipelines, until releases have arrived where they are going. It must not push them.

import { setTimeout as delay } from 'node:timers/promises';
import { ApiFailure, type ApiClient } from '@graylane/control';
import { durationMs } from '@graylane/rules';
import type { Api } from '@graylane/wire';
import { exit, Failure, type ExitCode } from '../print/failure.ts';
import { standingText } from '../print/status.ts';
import type { Terminal } from '../print/terminal.ts';

type Release = Api<'Release'>;
/** Of the client, what a waiting command needs. */
export type ReleaseReader = Pick<ApiClient, 'releases' | 'release'>;

export interface WaitOptions {
  /** Null: all that are on their way when the waiting begins. */
  readonly release: string | null;
  /** Null waits as long as it takes. */
  readonly timeoutMs: number | null;
}

type Outcome = 'succeeded' | 'rolled-back' | 'failed' | 'timed-out' | 'nothing-to-wait-for';

const LOOK_EVERY_MS = 250;
/** A supervisor that was killed is back in a few seconds; one that is gone for longer is not coming back by itself. */
const SILENCE_LIMIT_MS = 15_000;

const EXITS: Readonly<Record<Outcome, ExitCode>> = { succeeded: exit.ok, 'nothing-to-wait-for': exit.ok, 'rolled-back': exit.rolledBack, failed: exit.rolledBack, 'timed-out': exit.timedOut };

/** Throws Failure on what is no duration. */
export function timeoutMs(given: string | undefined): number | null {
  if (given === undefined) return null;
  const ms = durationMs(given);
  if (ms !== null) return ms;
  throw new Failure({ code: 'GL0060', message: `--timeout ${given} is not a duration`, fix: 'write it as 90s, 30m or 2h' }, exit.usage);
}

/** Returns the exit code. Tells each step on stderr. Throws ApiFailure for a release that there is not. */
export async function waitUntilSettled(client: ReleaseReader, terminal: Terminal, options: WaitOptions): Promise<ExitCode> {
  const deadline = performance.now() + (options.timeoutMs ?? Infinity);
  const first = await releasesOf(client, options.release);
  const names = new Set(first.filter((release) => options.release !== null || isOnItsWay(release)).map(({ name }) => name));
  const told = new Map<string, string>();
  for (let releases = first; ; releases = await patiently(() => releasesOf(client, options.release), deadline)) {
    const waited = releases.filter(({ name }) => names.has(name));
    for (const release of waited) tell(release, told, terminal);
    const outcome = names.size === 0 ? 'nothing-to-wait-for' : outcomeOf(waited) ?? (performance.now() >= deadline ? 'timed-out' : null);
    if (outcome !== null) return finish(outcome, waited, terminal);
    await delay(Math.min(LOOK_EVERY_MS, Math.max(1, deadline - performance.now())));
  }
}

async function releasesOf(client: ReleaseReader, name: string | null): Promise<readonly Release[]> {
  return name === null ? (await client.releases()).items : [await client.release(name)];
}

/** A plan goes on by itself, a promotion too; a share without a plan waits for a person, who is not this command. */
function isOnItsWay({ phase, steps }: Release): boolean {
  return phase === 'promoting' || phase === 'rolling-back' || ((phase === 'progressing' || phase === 'paused') && steps.length > 0);
}

/** Null while something may still come. */
function outcomeOf(releases: readonly Release[]): Outcome | null {
  if (releases.some(({ hold }) => hold === 'failure')) return 'failed';
  if (!releases.every(({ phase }) => phase === 'succeeded' || phase === 'rolled-back')) return null;
  return releases.some(({ phase }) => phase === 'rolled-back') ? 'rolled-back' : 'succeeded';
}

function tell(release: Release, told: Map<string, string>, terminal: Terminal): void {
  const line = `${release.name}: ${standingText(release)} at ${release.percent} % · ${release.why}`;
  if (told.get(release.name) === line) return;
  told.set(release.name, line);
  terminal.say(line);
  if (release.hold === 'verdict' || release.hold === 'person') terminal.say(`  it waits for a person: graylane promote ${release.name}, or graylane rollback ${release.name}`);
}

function finish(outcome: Outcome, releases: readonly Release[], terminal: Terminal): ExitCode {
  if (terminal.json) terminal.object({ outcome, releases });
  terminal.data(outcome === 'nothing-to-wait-for' ? 'no release is on its way' : releases.map(({ name, phase, why }) => `${name} ${phase}: ${why}`).join('\n'));
  return EXITS[outcome];
}

/** A supervisor that is being restarted is no reason to give up. */
async function patiently<T>(ask: () => Promise<T>, deadline: number): Promise<T> {
  const limit = Math.min(deadline, performance.now() + SILENCE_LIMIT_MS);
  for (;;) {
    try {
      return await ask();
    } catch (error) {
      const isAway = error instanceof ApiFailure && error.exitCode === exit.unreachable;
      if (!isAway || performance.now() >= limit) throw error;
      await delay(LOOK_EVERY_MS);
    }
  }
}
