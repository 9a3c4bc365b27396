// What the gateway tells an app about the client: X-Forwarded-* and Forwarded (RFC 7239). It strips nothing; the proxy hop has done so.

import { valuesOf } from '@graylane/forward';
import { hostOf } from './ask.ts';
import type { Ask } from './ask.ts';

/** An edge believes nothing that it is told; behind another proxy of ours the chain goes on. */
export type Trust = 'edge' | 'internal';

/** The lines for an HTTP/1.1 message, and the same as fields. */
export interface ForwardedSaid {
  readonly text: string;
  /** Name in lower case, value, name, value… */
  readonly fields: readonly string[];
}

/** What an edge says is the same for each request of a connection to one host, and hosts seldom change on it. */
const said = new WeakMap<object, { readonly host: string; readonly said: ForwardedSaid }>();

export function forwardedBy(ask: Ask, trust: Trust): ForwardedSaid {
  const { connection } = ask;
  const host = hostOf(ask);
  const before = said.get(connection);
  if (before !== undefined && before.host === host && trust === 'edge') return before.said;
  const fields = composed(ask, host, trust);
  const now = { text: textOf(fields), fields: fields.map((text, i) => (i % 2 === 0 ? text.toLowerCase() : text)) };
  if (trust === 'edge') said.set(connection, { host, said: now });
  return now;
}

function composed({ rawHeaders, address: peer, secure }: Ask, host: string, trust: Trust): readonly string[] {
  const address = plainAddress(peer ?? 'unknown');
  const proto = secure ? 'https' : 'http';
  const own = element(address, host, proto);
  if (trust === 'edge') return fieldsOf(address, proto, host, own);
  const before = (name: string): string => valuesOf(rawHeaders, name);
  return fieldsOf(
    joined(before('x-forwarded-for'), address),
    before('x-forwarded-proto') || proto,
    before('x-forwarded-host') || host,
    joined(before('forwarded'), own),
  );
}

function fieldsOf(forText: string, proto: string, host: string, forwarded: string): readonly string[] {
  // A client of HTTP/1.0 need not name a host.
  const hostLine = host === '' ? [] : ['X-Forwarded-Host', host];
  return ['X-Forwarded-For', forText, 'X-Forwarded-Proto', proto, ...hostLine, 'Forwarded', forwarded];
}

function textOf(fields: readonly string[]): string {
  let text = '';
  for (let i = 0; i < fields.length; i += 2) text += `${fields[i]}: ${fields[i + 1]}\r\n`;
  return text;
}

function element(address: string, host: string, proto: string): string {
  const node = address.includes(':') ? `"[${address}]"` : address;
  const hostText = /^[A-Za-z0-9.-]+$/.test(host) ? host : `"${host.replaceAll(/["\\]/g, '')}"`;
  return `for=${node};${host === '' ? '' : `host=${hostText};`}proto=${proto}`;
}

/** An IPv4 client of a dual-stack socket is an IPv4 client. */
export function plainAddress(address: string): string {
  return address.startsWith('::ffff:') && address.includes('.') ? address.slice(7) : address;
}

function joined(before: string, own: string): string {
  return before === '' ? own : `${before}, ${own}`;
}
