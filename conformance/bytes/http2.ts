// Records what an HTTP/2 client gets, message by message: header lists in order, body, trailers. HPACK's bytes are not compared.

import { connect } from 'node:http2';
import type { ClientHttp2Session, IncomingHttpHeaders, OutgoingHttpHeaders } from 'node:http2';

interface Ask {
  readonly name: string;
  readonly headers: OutgoingHttpHeaders;
  readonly body?: string;
}

const get = (name: string, path: string, more: OutgoingHttpHeaders = {}): Ask => ({ name, headers: { ':path': path, ':authority': 'shop.test', ...more } });

const asks: readonly Ask[] = [
  get('GET', '/items'),
  get('HEAD', '/items', { ':method': 'HEAD' }),
  get('not there', '/missing'),
  get('stream', '/stream'),
  get('client', '/client'),
  get('twenty fields', '/items', Object.fromEntries(Array.from({ length: 20 }, (_, n) => [`x-field-${n}`, 'v'.repeat(n)]))),
  { ...get('POST', '/echo', { ':method': 'POST', 'content-type': 'text/plain' }), body: 'hello' },
  { ...get('POST of 200 kB', '/echo', { ':method': 'POST', 'content-type': 'text/plain' }), body: 'b'.repeat(200_000) },
];

/** Long against any healthy exchange. */
const LIMIT_MS = 10_000;

/** Each ask alone, then all of them at once on one connection: name → what came back. */
export async function recordHttp2(origin: string): Promise<ReadonlyMap<string, string>> {
  const session = connect(origin, { rejectUnauthorized: false });
  session.on('error', () => undefined);
  try {
    const recordings = new Map<string, string>();
    for (const ask of asks) recordings.set(ask.name, await answer(session, ask));
    const together = await Promise.all(asks.map((ask) => answer(session, ask)));
    asks.forEach((ask, index) => recordings.set(`${ask.name}, with others in flight`, together[index] ?? ''));
    return recordings;
  } finally {
    session.destroy();
  }
}

function answer(session: ClientHttp2Session, ask: Ask): Promise<string> {
  return new Promise((resolve, reject) => {
    const stream = session.request(ask.headers, { endStream: ask.body === undefined });
    let text = '';
    const timer = setTimeout(() => reject(new Error(`${ask.name}: no answer within ${LIMIT_MS} ms, got ${JSON.stringify(text.slice(0, 200))}`)), LIMIT_MS);
    stream.setEncoding('latin1');
    stream.on('response', (headers) => (text += listed(headers)));
    stream.on('trailers', (headers: IncomingHttpHeaders) => (text += listed(headers)));
    stream.on('data', (chunk) => (text += String(chunk)));
    stream.on('error', (error: NodeJS.ErrnoException) => resolve(`${text}<${error.code ?? error.message}>`));
    stream.on('close', () => {
      clearTimeout(timer);
      resolve(text);
    });
    if (ask.body !== undefined) stream.end(ask.body);
  });
}

function listed(headers: IncomingHttpHeaders): string {
  return Object.entries(headers).map(([name, value]) => `${name}: ${name === 'date' ? '-' : String(value)}\n`).join('');
}
