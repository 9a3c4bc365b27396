// Replaces the processes of a gateway again and again while clients of three kinds ask: over a new connection each time, over kept
// ones, and over HTTP/2. It counts what was lost, and says of each loss how it looked.

import { once } from 'node:events';
import * as http from 'node:http';
import * as http2 from 'node:http2';
import type { AddressInfo } from 'node:net';
import { RunningGateway, freePort } from './running-gateway.ts';

export interface ReloadPlan {
  /** In all, a third of each kind. */
  readonly requests: number;
  /** At least so many while they run. */
  readonly reloads: number;
  readonly workers: number;
}

export interface ReloadResult {
  readonly answered: number;
  readonly lost: readonly string[];
  readonly reloads: number;
  /** GOAWAY that HTTP/2 clients saw. */
  readonly farewells: number;
}

/** Answers take so long that many are under way at any time. */
const APP_MS = 5;
const CLIENTS = 4;

export async function reloadUnderLoad({ requests, reloads, workers }: ReloadPlan): Promise<ReloadResult> {
  const app = http.createServer((_req, res) => void setTimeout(() => res.end('fine'), APP_MS)).listen(0, '127.0.0.1');
  await once(app, 'listening');
  const gateway = new RunningGateway();
  const port = await freePort();
  const upstream = `http://127.0.0.1:${(app.address() as AddressInfo).port}`;
  gateway.write({ services: { web: { stable: 'v1', versions: { v1: { upstreams: [upstream] } } } }, gateway: { workers, listeners: [{ listen: `127.0.0.1:${port}` }], drainTimeout: '10s' } });
  try {
    await gateway.start();
    return await load(gateway, port, requests, reloads);
  } finally {
    await gateway.stop();
    app.closeAllConnections();
    app.close();
  }
}

async function load(gateway: RunningGateway, port: number, requests: number, least: number): Promise<ReloadResult> {
  const tally = { answered: 0, lost: [] as string[], farewells: 0, left: requests, over: false };
  let reloads = 0;
  const note = (kind: string, outcome: string): void => {
    if (outcome === 'fine') tally.answered++;
    else tally.lost.push(`${kind}: ${outcome}`);
  };
  const take = (): boolean => tally.left-- > 0 || reloads < least;
  const reloading = (async () => {
    while (!tally.over) {
      const { code, stderr } = await gateway.run('reload');
      if (code !== 0) throw new Error(stderr);
      reloads++;
    }
  })();
  const kept = new http.Agent({ keepAlive: true });
  const clients = Array.from({ length: CLIENTS }, () => [
    loop(take, async () => note('new', await ask1(port, false))),
    loop(take, async () => note('kept', await ask1(port, kept))),
    http2Loop(port, take, tally, note),
  ]).flat();
  await Promise.all(clients);
  tally.over = true;
  await reloading;
  kept.destroy();
  return { answered: tally.answered, lost: tally.lost, reloads, farewells: tally.farewells };
}

async function loop(take: () => boolean, once: () => Promise<void>): Promise<void> {
  while (take()) await once();
}

function ask1(port: number, agent: http.Agent | false): Promise<string> {
  return new Promise((resolve) => {
    const attempt = (again: boolean): void => {
      const req = http.get({ host: '127.0.0.1', port, agent: agent === false ? new http.Agent({ keepAlive: false }) : agent }, (res) => {
        let text = '';
        res.on('data', (chunk: Buffer) => text += chunk.toString());
        res.on('end', () => resolve(res.statusCode === 200 ? text : `status ${res.statusCode}`));
        res.on('error', (error) => resolve(error.message));
      });
      // An idle connection may close at the very moment of its next use: every client asks again then (RFC 9112 §9.3.1).
      req.on('error', (error: NodeJS.ErrnoException) => req.reusedSocket && error.code === 'ECONNRESET' && again ? attempt(false) : resolve(error.message));
    };
    attempt(true);
  });
}

/** A client by the book: after GOAWAY it opens a new connection, and what was never processed it sends again. */
async function http2Loop(port: number, take: () => boolean, tally: { farewells: number }, note: (kind: string, outcome: string) => void): Promise<void> {
  const open = (): http2.ClientHttp2Session => {
    const session = http2.connect(`http://127.0.0.1:${port}`);
    session.on('error', () => undefined);
    session.on('goaway', () => tally.farewells++);
    return session;
  };
  let session = open();
  while (take()) {
    for (let tries = 0; ; tries++) {
      if (session.closed || session.destroyed) session = open();
      const outcome = await ask2(session);
      if (outcome === 'unprocessed' && tries < 3) continue;
      note('http2', outcome);
      break;
    }
  }
  session.close();
}

const REFUSED = http2.constants.NGHTTP2_REFUSED_STREAM;

function ask2(session: http2.ClientHttp2Session): Promise<string> {
  return new Promise((resolve) => {
    const stream = session.request({ ':path': '/' });
    let [status, text] = [0, ''];
    stream.on('response', (headers) => status = Number(headers[':status']));
    stream.on('data', (chunk: Buffer) => text += chunk.toString());
    stream.on('error', (error: NodeJS.ErrnoException) => resolve(error.code === 'ERR_HTTP2_GOAWAY_SESSION' || stream.rstCode === REFUSED ? 'unprocessed' : error.message));
    stream.on('close', () => resolve(status === 200 && stream.rstCode === 0 ? text : stream.rstCode === REFUSED ? 'unprocessed' : `status ${status}, reset ${stream.rstCode}`));
  });
}
