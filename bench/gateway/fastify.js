// @fastify/http-proxy before the stable version, with its defaults but for the upstream's Unix socket and its connections.

import httpProxy from '@fastify/http-proxy';
import Fastify from 'fastify';

const { PORT, STABLE } = process.env;
const server = Fastify();
server.register(httpProxy, { upstream: `unix+http://${encodeURIComponent(STABLE)}/`, undici: { connections: 128, pipelining: 1 } });
await server.listen({ port: Number(PORT), host: '127.0.0.1' });
