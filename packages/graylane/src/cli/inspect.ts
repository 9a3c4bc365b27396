// `graylane inspect`: a debugger's way into one running worker. It debugs nothing itself.

import { once } from 'node:events';
import type { Command } from 'commander';
import { closeInspector, openInspector, openTunnel, type Subject, type Tunnel } from '@graylane/pool';
import { exit, Failure } from '../print/failure.ts';
import { contextOf, type Context, type GlobalOptions } from './context.ts';
import { workerOf } from './processes-client.ts';

/** Where debuggers look by themselves. */
const KNOWN_PORT = 9229;
/** A connection that a tunnel has just cut counts until the worker has heard of it. */
const CLOSE_TRIES = 20;

interface Options extends GlobalOptions { readonly close?: boolean; readonly tunnel?: string | true }

export function addInspect(program: Command): void {
  program
    .command('inspect')
    .argument('<worker>', 'id or process id')
    .option('--tunnel [port]', `carry connections from a loopback port that is known (${KNOWN_PORT}) to the worker until this command is ended, and close the inspector then`)
    .option('--close', 'close it again; nobody may be connected any more')
    .description('open the inspector of a worker on a free loopback port, or say where it is open')
    .action(async (id: string, _options: unknown, command: Command) => {
      const options = command.optsWithGlobals<Options>();
      const context = contextOf(options);
      const port = options.tunnel === undefined ? null : portOf(options.tunnel);
      const worker = await workerOf(context, id);
      if (options.close === true) await closeAgain(context, worker);
      else if (port === null) await announce(context, worker);
      else await carry(context, worker, port);
    });
}

function portOf(text: string | true): number {
  const port = text === true ? KNOWN_PORT : Number(text);
  if (Number.isInteger(port) && port >= 0 && port <= 65_535 && text !== '') return port;
  throw new Failure({ code: 'GL0060', message: `--tunnel ${text} is no port`, fix: `write: --tunnel ${KNOWN_PORT}, or 0 for any that is free` }, exit.usage);
}

async function announce({ terminal }: Context, worker: Subject): Promise<void> {
  const { url } = await openInspector(worker);
  if (terminal.json) terminal.object({ url });
  terminal.data(url);
  terminal.say('open chrome://inspect, or connect a debugger to this address');
  terminal.say(`from another machine: ssh -L ${KNOWN_PORT}:${new URL(url).host} HOST, and then localhost:${KNOWN_PORT}`);
  terminal.say(`every user of this machine can connect; when you are done: graylane inspect ${worker.id} --close`);
}

async function carry({ terminal }: Context, worker: Subject, port: number): Promise<void> {
  const ended = Promise.race([once(process, 'SIGINT'), once(process, 'SIGTERM')]);
  const { url, found } = await openInspector(worker);
  const tunnel = await tunnelTo(url, port);
  if (terminal.json) terminal.object({ url: tunnel.url });
  terminal.data(tunnel.url);
  terminal.say('chrome://inspect finds it by itself on the usual port; end this command to close it (Ctrl-C)');
  await ended;
  tunnel.close();
  // Somebody else has opened it, and may be using it.
  if (found) return;
  for (let tries = 0; tries < CLOSE_TRIES; tries += 1) if (await closeInspector(worker)) return;
  throw usedByOthers(worker);
}

async function tunnelTo(url: string, port: number): Promise<Tunnel> {
  try {
    return await openTunnel(url, port);
  } catch (error) {
    throw new Failure({ code: 'GL0065', message: `port ${port} cannot be had for the tunnel`, cause: error instanceof Error ? error.message : String(error), fix: 'name another one: --tunnel PORT, or 0 for any that is free' }, exit.failed, error);
  }
}

async function closeAgain({ terminal }: Context, worker: Subject): Promise<void> {
  if (!await closeInspector(worker)) throw usedByOthers(worker);
  if (terminal.json) terminal.object({ closed: worker.id });
  terminal.data(`the inspector of ${worker.id} is closed`);
}

function usedByOthers({ id }: Subject): Failure {
  return new Failure({ code: 'GL0064', message: `somebody is connected to the inspector of ${id}`, fix: 'disconnect the debugger first: the worker would stand still until then' }, exit.failed);
}
