// `graylane down`: asks the supervisor to drain everything and end, and waits until it has.

import { dirname } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Command } from 'commander';
import { countOf } from '../config/options.ts';
import { exit, Failure } from '../print/failure.ts';
import { readProcessFile } from '../up/process-file.ts';
import { contextOf, type GlobalOptions } from './context.ts';
import { answers, locateApi } from './locate.ts';

const POLL_MS = 50;
/** Longer than the default drain and kill timeouts together. */
const DEFAULT_WAIT_S = 60;

export function addDown(program: Command): void {
  program
    .command('down')
    .option('--timeout <seconds>', 'how long to wait for the drain', String(DEFAULT_WAIT_S))
    .description('drain every worker and end the supervisor')
    .action(async (_options: unknown, command: Command) => {
      const options = command.optsWithGlobals<GlobalOptions & { timeout: string }>();
      const context = contextOf(options);
      const waitMs = countOf('--timeout', options.timeout, 0) * 1_000;
      const api = await locateApi(context);
      const pid = readProcessFile(dirname(api));
      if (pid === null) throw new Failure({ code: 'GL0031', message: `the supervisor behind ${api} has left no process id`, fix: 'end it where it was started (Ctrl-C)' });
      process.kill(pid, 'SIGTERM');
      const deadline = performance.now() + waitMs;
      while (isAlive(pid) || (await answers(api))) {
        if (performance.now() > deadline) throw new Failure({ code: 'GL0032', message: `the supervisor (process ${pid}) has not ended after ${options.timeout} s`, fix: 'see graylane workers for what still drains' }, exit.timedOut);
        await delay(POLL_MS);
      }
      if (context.terminal.json) context.terminal.object({ down: true });
      context.terminal.data('down');
    });
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
