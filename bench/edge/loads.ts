// Loads of the edge's benchmark: requests over HTTP/1.1 or HTTP/2 by h2load, handshakes by openssl. They know no contestant.

import { spawn } from 'node:child_process';
import { once } from 'node:events';

export interface Done {
  readonly count: number;
  readonly seconds: number;
}

export interface H2loadOptions {
  readonly program: string;
  readonly url: string;
  readonly http1: boolean;
  readonly connections: number;
  readonly seconds: number;
}

/** Each connection has as many requests under way in either protocol: one. */
export async function h2load({ program, url, http1, connections, seconds }: H2loadOptions): Promise<Done> {
  const text = await output(program, [...(http1 ? ['--h1'] : []), '-c', String(connections), '-m', '1', '-D', String(seconds), url]);
  const [, succeeded, failed] = /requests: .*?(\d+) succeeded, (\d+) failed/.exec(text) ?? [];
  if (succeeded === undefined || failed !== '0') throw new Error(`h2load: ${text.slice(-600)}`);
  return { count: Number(succeeded), seconds };
}

/** New sessions only, one after the other in each of `clients` processes. */
export async function handshakes(port: number, clients: number, seconds: number): Promise<Done> {
  const texts = await Promise.all(Array.from({ length: clients }, () => output('openssl', ['s_time', '-connect', `127.0.0.1:${port}`, '-new', '-time', String(seconds)])));
  const counts = texts.map((text) => Number(/(\d+) connections in \d+ real seconds/.exec(text)?.[1] ?? Number.NaN));
  const count = counts.reduce((sum, one) => sum + one, 0);
  if (!(count > 0)) throw new Error(`openssl s_time: ${texts.join('\n').slice(-600)}`);
  return { count, seconds };
}

async function output(command: string, args: readonly string[]): Promise<string> {
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  let text = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => text += chunk.toString());
  await once(child, 'close');
  return text;
}
