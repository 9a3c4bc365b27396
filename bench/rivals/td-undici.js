// A traffic-distribution server on undici's pools, written with care: streamed both ways, hop-by-hop fields removed.

import { createServer } from 'node:http';
import { Pool } from 'undici';
import { isCanary } from './decide.js';

const { PORT, STABLE, CANARY, PERCENT } = process.env;
const CONNECTIONS = 128;
const stable = new Pool('http://app', { socketPath: STABLE, connections: CONNECTIONS });
const canary = new Pool('http://app', { socketPath: CANARY, connections: CONNECTIONS });
const HOP_BY_HOP = new Set(['connection', 'keep-alive', 'proxy-connection', 'te', 'trailer', 'transfer-encoding', 'upgrade', 'expect']);

createServer((request, response) => {
  const pool = isCanary(request.headers, Number(PERCENT)) ? canary : stable;
  const hasBody = request.headers['content-length'] !== undefined || request.headers['transfer-encoding'] !== undefined;
  const options = { method: request.method, path: request.url, headers: endToEnd(request.rawHeaders), body: hasBody ? request : null };
  pool.stream(options, ({ statusCode, headers }) => {
    for (const name of HOP_BY_HOP) delete headers[name];
    return response.writeHead(statusCode, headers);
  }).catch(() => response.headersSent ? response.destroy() : response.writeHead(502).end());
}).listen(Number(PORT), '127.0.0.1');

function endToEnd(rawHeaders) {
  const kept = [];
  for (let at = 0; at < rawHeaders.length; at += 2) {
    if (!HOP_BY_HOP.has(rawHeaders[at].toLowerCase())) kept.push(rawHeaders[at], rawHeaders[at + 1]);
  }
  return kept;
}
