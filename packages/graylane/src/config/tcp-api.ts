// `--api HOST:PORT` and what belongs to it: where the API is opened on TCP, under which names, with which certificate.

import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { isLoopback, type TlsFiles } from '@graylane/control';
import { exit, Failure, type Problem } from '../print/failure.ts';

export interface TcpApiOptions {
  readonly api?: string;
  readonly apiName?: readonly string[];
  readonly apiCert?: string;
  readonly apiKey?: string;
}

export interface TcpApi {
  readonly host: string;
  /** 0 takes any. */
  readonly port: number;
  /** Host names under which it may be asked for; any other one is a DNS rebinding. */
  readonly names: readonly string[];
  readonly tls: TlsFiles | null;
}

/** Null when nobody asked for it. Throws Failure with everything that is wrong. */
export function tcpApiFrom({ api, apiName, apiCert, apiKey }: TcpApiOptions, directory: string): TcpApi | null {
  const problems: Problem[] = [];
  if (api === undefined) {
    if (apiName !== undefined || apiCert !== undefined || apiKey !== undefined) problems.push({ code: 'GL0096', message: '--api-name, --api-cert and --api-key say how the API is opened on TCP, but not where', fix: 'add --api 127.0.0.1:7400' });
    return whole(null, problems);
  }
  const address = addressOf(api);
  if (address === null) {
    problems.push({ code: 'GL0096', message: `--api ${JSON.stringify(api)} is no address`, fix: 'write it as 127.0.0.1:7400 or [::1]:7400' });
    return whole(null, problems);
  }
  const tls = tlsFrom(apiCert, apiKey, directory, problems);
  const { host, port } = address;
  if (tls === null && problems.length === 0 && !isLoopback(host)) {
    problems.push({ code: 'GL0097', message: `the API is not opened on ${host} without TLS: tokens would travel for everybody to read`, fix: 'open it on 127.0.0.1, or add --api-cert and --api-key' });
  }
  const names = apiName ?? (isLoopback(host) ? ['127.0.0.1', 'localhost', '[::1]'] : isAny(host) ? [] : [host.includes(':') ? `[${host}]` : host]);
  if (names.length === 0) problems.push({ code: 'GL0097', message: `${host} is every address of this machine, and no name under which the API is asked for`, fix: 'say the names: --api-name graylane.example.com' });
  return whole({ host, port, names: names.map((name) => name.toLowerCase()), tls }, problems);
}

function whole(api: TcpApi | null, problems: readonly Problem[]): TcpApi | null {
  if (problems.length > 0) throw new Failure(problems, exit.usage);
  return api;
}

function addressOf(text: string): { readonly host: string; readonly port: number } | null {
  const parts = /^(?:\[([0-9A-Fa-f:.]+)\]|([A-Za-z0-9.-]+)):(\d{1,5})$/.exec(text);
  const host = parts?.[1] ?? parts?.[2];
  const port = Number(parts?.[3]);
  return host === undefined || port > 65_535 ? null : { host, port };
}

function isAny(host: string): boolean {
  return host === '0.0.0.0' || host === '::';
}

function tlsFrom(cert: string | undefined, key: string | undefined, directory: string, problems: Problem[]): TlsFiles | null {
  if (cert === undefined && key === undefined) return null;
  if (cert === undefined || key === undefined) {
    problems.push({ code: 'GL0096', message: 'a certificate and its key belong together', fix: 'give both: --api-cert FILE --api-key FILE' });
    return null;
  }
  const [certText, keyText] = [cert, key].map((file) => textOf(resolve(directory, file), problems));
  return certText === undefined || keyText === undefined ? null : { cert: certText, key: keyText };
}

function textOf(file: string, problems: Problem[]): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    problems.push({ code: 'GL0002', message: `${file} cannot be read`, cause: error instanceof Error ? error.message : String(error) });
    return '';
  }
}
