// `graylane server`: the control plane as a service of its own, for machines that join it.

import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { resolve } from 'node:path';
import type { Command } from 'commander';
import { firstStageFrom } from '../config/first-stage.ts';
import { openStore, type EtcdFlags } from '../config/store.ts';
import { readSoundStrategy } from '../config/strategy.ts';
import { tcpApiFrom, type TcpApi, type TcpApiOptions } from '../config/tcp-api.ts';
import { placeOf } from '../place.ts';
import { exit, Failure } from '../print/failure.ts';
import { startServer } from '../server/serve.ts';
import { collect } from './collect.ts';
import { contextOf, type GlobalOptions } from './context.ts';
import { withEtcdFlags } from './etcd-flags.ts';
import { stopSignal } from './stop-signal.ts';

interface ServerFlags extends GlobalOptions, EtcdFlags, TcpApiOptions {
  readonly store: string;
  readonly clientCa?: string;
  readonly replica?: string;
  readonly first?: string;
  readonly firstFor?: string;
}

export function addServer(program: Command): void {
  withEtcdFlags(program
    .command('server')
    .argument('[config]', 'config file: what a store without a strategy begins with')
    .option('--store <address>', 'etcd://host:2379,…/CLUSTER, etcds:// with TLS, or a file', '.graylane/server.db')
    .option('--api <host:port>', 'where machines, people and scrapers reach it', '127.0.0.1:7400')
    .option('--api-name <name>', 'host name under which it is asked for; may be repeated; default: the address itself', collect)
    .option('--api-cert <file>', 'certificate chain (PEM); needed beyond this machine')
    .option('--api-key <file>', 'its key (PEM)')
    .option('--client-ca <file>', 'authority of the machines (PEM): a certificate of it lets a machine join')
    .option('--replica <name>', 'name of this server among the others; default: the host and a number'))
    .option('--first <name=value>', 'machines with this label begin with a new strategy before the others; a rollback is everybody\'s at once')
    .option('--first-for <time>', 'how long before; the others follow if those machines are well then (default: 60s)')
    .description('the control plane of many machines; several servers may share one etcd')
    .action(async (given: string | undefined, _options: unknown, command: Command) => {
      const options = command.optsWithGlobals<ServerFlags>();
      const { directory, environment, terminal } = contextOf(options);
      const stop = stopSignal(terminal);
      const tcpApi = apiOf(options, directory);
      const first = firstStageFrom(options);
      const document = given === undefined ? null : (await readSoundStrategy(configOf(directory, given), { runnable: false })).document;
      const store = await openStore(options.store, options, directory);
      const replica = options.replica ?? `${hostname().split('.')[0] ?? 'server'}-${randomBytes(3).toString('hex')}`;
      const server = await startServer({
        place: placeOf(directory, environment), store, replica, document, tcpApi, environment, first,
        onFault: (what, error) => terminal.say(`! ${what}: ${error instanceof Error ? error.message : String(error)}`),
      });
      const address = `${tcpApi.tls === null ? 'http' : 'https'}://${tcpApi.names[0] ?? tcpApi.host}:${server.port}`;
      if (terminal.json) terminal.object({ ready: true, replica, port: server.port });
      terminal.data(`graylane server ${replica} on ${address}\n  a machine joins:  graylane token create NAME --scope node\n                    graylane up --server ${address} --node NAME --token-file FILE\n  look at them:     graylane nodes`);
      await stop;
      await server.down();
    });
}

function configOf(directory: string, given: string): string {
  const file = resolve(directory, given);
  if (!existsSync(file)) throw new Failure({ code: 'GL0002', message: `there is no ${file}` }, exit.usage);
  return file;
}

function apiOf(options: ServerFlags, directory: string): TcpApi {
  const api = tcpApiFrom(options, directory);
  if (api === null) throw new Failure({ code: 'GL0096', message: 'a server needs an address', fix: 'add --api 127.0.0.1:7400' }, exit.usage);
  if (options.clientCa === undefined) return api;
  if (api.tls === null) throw new Failure({ code: 'GL0096', message: '--client-ca is about TLS, and this server has no certificate', fix: 'add --api-cert and --api-key' }, exit.usage);
  return { ...api, tls: { ...api.tls, clientCa: readFileSync(resolve(directory, options.clientCa), 'utf8') } };
}
