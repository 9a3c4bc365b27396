// The example apps of the byte comparison, and which exchanges each is asked.

import { join } from 'node:path';
import type { Exchange } from './exchange.ts';
import { bodyExchanges, nodeExchanges, plainExchanges, webSocketExchanges } from './script.ts';

export interface App {
  readonly name: string;
  readonly script: string;
  /** The address that the app listens on, where it names one: it decides how the app sees its clients. */
  readonly host?: string;
  readonly exchanges: readonly Exchange[];
}

const examples = join(import.meta.dirname, '../../examples');

function shop(name: string, more: readonly Exchange[] = []): App {
  return { name, script: join(examples, name, 'v1/server.js'), exchanges: [...plainExchanges('/items', '/missing'), ...bodyExchanges(), ...more] };
}

/** All that speak HTTP/1.1; the one on node:http2 is compared by messages, see http2.ts. */
export const apps: readonly App[] = [
  shop('plain-http', nodeExchanges()),
  shop('koa'),
  shop('express-4'),
  shop('express-5'),
  { ...shop('fastify'), host: '127.0.0.1' },
  shop('hono'),
  { name: 'websocket', script: join(examples, 'websocket/v1/server.js'), exchanges: [...plainExchanges('/', '/missing'), ...webSocketExchanges()] },
  { name: 'json-server 0.17', script: join(examples, 'json-server/v0/server.js'), host: '127.0.0.1', exchanges: plainExchanges('/posts', '/missing') },
  { name: 'json-server 1.0', script: join(examples, 'json-server/v1/server.js'), host: '127.0.0.1', exchanges: plainExchanges('/posts', '/missing') },
];

export const http2App: Pick<App, 'script'> = { script: join(examples, 'http2/v1/server.js') };
