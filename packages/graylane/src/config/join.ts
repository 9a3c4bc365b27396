// `--server` and what belongs to it: which servers a machine follows, as whom, and where it meets other machines.

import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { resolve } from 'node:path';
import { isLoopback, type Endpoint, type NodeCredentials, type PoolWish } from '@graylane/control';
import { exit, Failure, type Problem } from '../print/failure.ts';
import type { PassageOptions } from '../server/passage.ts';

export interface JoinFlags {
  readonly server?: readonly string[];
  readonly node?: string;
  readonly label?: readonly string[];
  readonly tokenFile?: string;
  readonly serverCa?: string;
  readonly nodeCert?: string;
  readonly nodeKey?: string;
  readonly run?: readonly string[];
  readonly passage?: string;
  readonly advertise?: string;
  readonly bind?: string;
}

export interface JoinPlan {
  readonly servers: readonly string[];
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly credentials: () => NodeCredentials;
  /** Stable versions run everywhere: a machine with a public port serves them itself. */
  readonly runs: (wish: Pick<PoolWish, 'service' | 'version' | 'role'>) => boolean;
  readonly passage: PassageOptions | null;
  /** The address that public places without one are opened on; null for all. */
  readonly bind: string | null;
}

const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/;

/** Null when nobody asked to join. Throws Failure with everything that is wrong. */
export function joinPlanFrom(flags: JoinFlags, directory: string): JoinPlan | null {
  if (flags.server === undefined) return null;
  const problems: Problem[] = [];
  const servers = flags.server.flatMap((text) => text.split(',')).flatMap((text) => serverOf(text, problems));
  const name = flags.node ?? hostname().split('.')[0] ?? '';
  if (!NAME.test(name)) problems.push({ code: 'GL0084', message: `${JSON.stringify(name)} is no name of a node`, fix: 'letters, digits, ".", "_" and "-": --node web-1' });
  const labels = labelsOf(flags.label ?? [], problems);
  const files = { token: flags.tokenFile, ca: flags.serverCa, cert: flags.nodeCert, key: flags.nodeKey };
  if (files.token === undefined && files.cert === undefined) problems.push({ code: 'GL0084', message: 'a machine joins with a token or a certificate', fix: 'on the server: graylane token create NAME --scope node; here: --token-file FILE' });
  if ((files.cert === undefined) !== (files.key === undefined)) problems.push({ code: 'GL0084', message: 'a certificate and its key belong together', fix: 'give both: --node-cert FILE --node-key FILE' });
  const credentials = (): NodeCredentials => credentialsOf(files, directory);
  if (problems.length === 0) readable(credentials, problems);
  const passage = passageOf(flags, directory, problems);
  const wanted = flags.run?.map((text) => text.split('/'));
  const wrong = wanted?.find((parts) => parts.length !== 2 || parts.includes(''));
  if (wrong !== undefined) problems.push({ code: 'GL0084', message: `--run ${wrong.join('/')} is no version of a service`, fix: 'write --run web/v1' });
  if (problems.length > 0) throw new Failure(problems, exit.usage);
  return { servers, name, labels, credentials, passage, bind: flags.bind ?? null, runs: ({ service, version, role }) => role === 'stable' || (wanted?.some(([of, which]) => of === service && (which === '*' || which === version)) ?? true) };
}

/** Options by which `up` says itself what runs, or where it is asked. */
export interface OwnFlags {
  readonly canary?: string;
  readonly percent?: string;
  readonly cookie?: readonly string[];
  readonly header?: readonly string[];
  readonly port?: readonly string[];
  readonly workers?: string;
  readonly service?: string;
  readonly exposeRoute?: boolean;
  readonly api?: string;
}

/** What is given beside `--server` and would be passed over without a word. `script`: named in place of a config file. */
export function refuseOwn({ canary, percent, cookie, header, port, workers, service, exposeRoute, api }: OwnFlags, script: string | null): void {
  const said = { [script ?? '']: script ?? undefined, '--canary': canary, '--percent': percent, '--cookie': cookie, '--header': header, '--port': port, '--workers': workers, '--service': service, '--expose-route': exposeRoute };
  const problems = Object.entries(said).flatMap(([name, value]): Problem[] => (value === undefined ? [] : [{ code: 'GL0084', message: `${name} says what runs, and with --server the server says that`, fix: 'leave it out; a config file is put in force by: graylane apply FILE' }]));
  if (api !== undefined) problems.push({ code: 'GL0084', message: '--api opens the API of a strategy, and with --server that is the server\'s', fix: 'leave it out, and ask the server: its /metrics are of the whole fleet' });
  if (problems.length > 0) throw new Failure(problems, exit.usage);
}

function serverOf(text: string, problems: Problem[]): string[] {
  const url = URL.parse(text);
  if (url === null || !/^https?:$/.test(url.protocol) || url.pathname !== '/') problems.push({ code: 'GL0084', message: `${JSON.stringify(text)} is no address of a server`, fix: 'write https://host:7400' });
  else if (url.protocol === 'http:' && !isLoopback(url.hostname.replaceAll(/[[\]]/g, ''))) problems.push({ code: 'GL0084', message: `${text} would carry a token and the fleet's keys unencrypted`, fix: `use https://${url.host}` });
  else return [`${url.protocol}//${url.host}`];
  return [];
}

function labelsOf(pairs: readonly string[], problems: Problem[]): Record<string, string> {
  const labels: [string, string][] = [];
  for (const pair of pairs) {
    const match = /^([A-Za-z0-9][A-Za-z0-9._/-]{0,62})=([A-Za-z0-9._-]{0,63})$/.exec(pair);
    if (match?.[1] !== undefined && match[2] !== undefined) labels.push([match[1], match[2]]);
    else problems.push({ code: 'GL0084', message: `--label ${pair} is no label`, fix: 'write --label zone=a' });
  }
  return Object.fromEntries(labels);
}

/** Read for each connection, so that a token or certificate can be renewed in its file. */
function credentialsOf(files: { readonly token: string | undefined; readonly ca: string | undefined; readonly cert: string | undefined; readonly key: string | undefined }, directory: string): NodeCredentials {
  const text = (file: string): string => readFileSync(resolve(directory, file), 'utf8');
  return {
    ...(files.token === undefined ? {} : { token: text(files.token).trim() }),
    ...(files.ca === undefined ? {} : { ca: text(files.ca) }),
    ...(files.cert === undefined || files.key === undefined ? {} : { cert: text(files.cert), key: text(files.key) }),
  };
}

function readable(read: () => unknown, problems: Problem[]): void {
  try {
    read();
  } catch (error) {
    problems.push({ code: 'GL0002', message: error instanceof Error ? error.message : String(error) });
  }
}

function passageOf({ passage, advertise, nodeCert, nodeKey, serverCa }: JoinFlags, directory: string, problems: Problem[]): PassageOptions | null {
  if (passage === undefined) return null;
  const listen = endpointOf(passage);
  const reached = advertise === undefined ? listen : endpointOf(advertise);
  if (listen === null || reached === null) {
    problems.push({ code: 'GL0084', message: `${passage} is no address for other machines`, fix: 'write --passage 10.0.0.7:7500' });
    return null;
  }
  if (advertise === undefined && /^(0\.0\.0\.0|::)$/.test(listen.host)) problems.push({ code: 'GL0084', message: `${listen.host} is every address of this machine, and none that others could be told`, fix: 'say which: --advertise 10.0.0.7:7500' });
  if (nodeCert === undefined || nodeKey === undefined || serverCa === undefined) {
    problems.push({ code: 'GL0084', message: 'machines show each other certificates', fix: 'give --node-cert, --node-key and the authority of all: --server-ca' });
    return null;
  }
  const [cert = '', key = '', ca = ''] = [nodeCert, nodeKey, serverCa].map((file) => {
    try {
      return readFileSync(resolve(directory, file), 'utf8');
    } catch (error) {
      problems.push({ code: 'GL0002', message: error instanceof Error ? error.message : String(error) });
      return '';
    }
  });
  return { listen, advertise: reached, tls: { cert, key, ca } };
}

function endpointOf(text: string): Endpoint | null {
  const parts = /^(?:\[([0-9A-Fa-f:.]+)\]|([A-Za-z0-9.-]+)):(\d{1,5})$/.exec(text);
  const host = parts?.[1] ?? parts?.[2];
  const port = Number(parts?.[3]);
  return host === undefined || port < 1 || port > 65_535 ? null : { host, port };
}
