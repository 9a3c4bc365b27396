// A traffic-distribution server on httpxy, the maintained successor of http-proxy.

import { Agent, createServer } from 'node:http';
import { createProxyServer } from 'httpxy';
import { isCanary } from './decide.js';

const { PORT, STABLE, CANARY, PERCENT } = process.env;
const proxy = createProxyServer({ agent: new Agent({ keepAlive: true, maxSockets: 128 }) });
const stable = { target: { socketPath: STABLE, host: 'app' } };
const canary = { target: { socketPath: CANARY, host: 'app' } };

proxy.on('error', (error, request, response) => response.headersSent ? response.destroy() : response.writeHead(502).end());
createServer((request, response) => {
  void proxy.web(request, response, isCanary(request.headers, Number(PERCENT)) ? canary : stable);
}).listen(Number(PORT), '127.0.0.1');
