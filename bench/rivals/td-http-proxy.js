// The traffic-distribution server of the usual tutorials: http-proxy with a keep-alive agent.

import { Agent, createServer } from 'node:http';
import httpProxy from 'http-proxy';
import { isCanary } from './decide.js';

const { PORT, STABLE, CANARY, PERCENT } = process.env;
const proxy = httpProxy.createProxyServer({ agent: new Agent({ keepAlive: true, maxSockets: 128 }) });
const stable = { target: { socketPath: STABLE, host: 'app' } };
const canary = { target: { socketPath: CANARY, host: 'app' } };

proxy.on('error', (error, request, response) => response.headersSent ? response.destroy() : response.writeHead(502).end());
createServer((request, response) => {
  proxy.web(request, response, isCanary(request.headers, Number(PERCENT)) ? canary : stable);
}).listen(Number(PORT), '127.0.0.1');
