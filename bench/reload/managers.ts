// The process managers whose reloads are compared: started with the same app, two workers each, and asked to reload.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { accepting, freePort } from '../../conformance/bytes/bare.ts';
import { startUp } from '../../conformance/live/up.ts';

export interface Managed {
  readonly port: number;
  /** Replaces every worker; resolves when the manager says that it is done. Throws when it fails. */
  readonly reload: () => Promise<void>;
  readonly stop: () => Promise<void>;
}

export interface Manager {
  readonly name: string;
  readonly start: () => Promise<Managed>;
}

export const managers: readonly Manager[] = [{ name: 'graylane reload', start: graylane }, { name: 'pm2 reload', start: pm2 }];

const app = join(import.meta.dirname, '../../conformance/chaos/apps/server.cjs');
const WORKERS = 2;

async function graylane(): Promise<Managed> {
  const up = await startUp({ versions: { v1: { script: app, workers: WORKERS } }, exposeRoute: false, host: '127.0.0.1' });
  const reload = async (): Promise<void> => {
    const code = await up.command('reload');
    if (code !== 0) throw new Error(`graylane reload ended with ${code ?? 'a signal'}`);
  };
  return { port: up.port, reload, stop: up.stop };
}

/** In cluster mode, which is the one that can reload; with a home of its own, so that no other daemon is met. */
async function pm2(): Promise<Managed> {
  const home = mkdtempSync(join(tmpdir(), 'glm-'));
  const port = await freePort();
  const env = { ...process.env, PM2_HOME: home, PM2_DISABLE_VERSION_CHECK: 'true', PORT: String(port), GRAYLANE_VERSION: 'v1' };
  const run = async (...args: readonly string[]): Promise<void> => {
    const child = spawn(process.execPath, [join(import.meta.dirname, 'node_modules/pm2/bin/pm2'), ...args], { env, stdio: 'ignore' });
    const [code] = (await once(child, 'close')) as [number | null];
    if (code !== 0) throw new Error(`pm2 ${args.join(' ')} ended with ${code ?? 'a signal'}`);
  };
  const stop = async (): Promise<void> => {
    await run('kill');
    rmSync(home, { recursive: true, force: true });
  };
  try {
    await run('start', app, '--name', 'web', '-i', String(WORKERS));
    await accepting(port, () => null);
    return { port, reload: () => run('reload', 'web'), stop };
  } catch (error) {
    await stop();
    throw error;
  }
}
