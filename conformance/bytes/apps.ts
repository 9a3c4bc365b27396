// The example apps of the byte comparison, and which exchanges each is asked.

import { join } from 'node:path';
import type { Exchange } from './exchange.ts';
import { bodyExchanges, nodeExchanges, plainExchanges, webSocketExchanges } from './script.ts';

export interface App {
  readonly name: string;
  readonly script: string;
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
  shop('fastify'),
  shop('hono'),
  { name: 'websocket', script: join(examples, 'websocket/v1/server.js'), exchanges: [...plainExchanges('/', '/missing'), ...webSocketExchanges()] },
  { name: 'json-server 0.17', script: join(examples, 'json-server/v0/server.js'), exchanges: plainExchanges('/posts', '/missing') },
  { name: 'json-server 1.0', script: join(examples, 'json-server/v1/server.js'), exchanges: plainExchanges('/posts', '/missing') },
];

export const http2App: string = join(examples, 'http2/v1/server.js');
