// What may happen to a lane on its way: a hop that is none of ours and drops, carries or spoils `baggage`, and services that
// are killed. Each is what docs/lanes.md says, and is counted.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { Agent, createServer, request, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { setTimeout as delay } from 'node:timers/promises';
import { after, before, describe, it } from 'node:test';
import { Api, type UpWorker } from '../live/api.ts';
import { Connection } from '../live/connection.ts';
import { startChain, type RunningChain } from './chain.ts';
import type { Place } from './strategies.ts';

const ASK_LIMIT_MS = 30_000;
/** Counts are sent once a second, a worker starts in less; the rest is a busy machine's. */
const LIMIT_MS = 20_000;
const LOOK_MS = 50;

/** A request in lane alpha; `Graylane-Route` of each service that it met, '' of one without. */
async function alpha(first: Place): Promise<readonly string[]> {
  const connection = new Connection(first.port, ASK_LIMIT_MS, first.host);
  const outcome = await connection.ask('GET / HTTP/1.1\r\nHost: chain\r\nX-User: u1\r\n\r\n');
  connection.close();
  assert.equal(outcome.kind === 'answered' ? outcome.answer.status : outcome.why, 200);
  if (outcome.kind === 'failed') return [];
  const { routes } = JSON.parse(outcome.answer.body) as { readonly routes: readonly string[] };
  return [/graylane-route: (.*)\r\n/i.exec(outcome.answer.head)?.[1] ?? '', ...routes];
}

const laneOf = (route: string | undefined): string | null => /lane=([^,]*)/.exec(route ?? '')?.[1] ?? null;

/** How often a service said this of a request. */
async function counted(chain: RunningChain, service: string, reason: string): Promise<number> {
  const asked = request({ socketPath: chain.api, path: '/metrics', agent: false });
  asked.end();
  const [answer] = await once(asked, 'response') as [IncomingMessage];
  const lines = (await text(answer)).split('\n').filter((line) => line.startsWith('graylane_route_decisions_total{') && line.includes(`service="${service}"`) && line.includes(`reason="${reason}"`));
  return lines.reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' ') + 1)), 0);
}

async function until(what: string, holds: () => Promise<boolean>): Promise<void> {
  const deadline = performance.now() + LIMIT_MS;
  while (!await holds()) {
    assert.ok(performance.now() < deadline, `${what}: not within ${LIMIT_MS} ms`);
    await delay(LOOK_MS);
  }
}

const untilCounted = (chain: RunningChain, service: string, reason: string): Promise<void> => until(`${reason} of ${service} is counted`, async () => await counted(chain, service, reason) > 0);

describe('a hop in the middle without graylane', () => {
  let chain: RunningChain;
  let hop: Server;
  /** What it makes of the header; null drops it. */
  let baggage: (came: string) => string | null = () => null;
  const agent = new Agent({ keepAlive: true });

  before(async () => {
    hop = createServer((incoming, response) => {
      const { host, port } = chain.places.last;
      const sent = baggage(String(incoming.headers['baggage']));
      request({ host, port, agent, headers: sent === null ? {} : { baggage: sent } }, (reply) => {
        void text(reply).then((body) => {
          const said = JSON.parse(body) as { readonly routes: readonly string[] };
          response.end(JSON.stringify({ ...said, routes: [String(reply.headers['graylane-route'] ?? ''), ...said.routes] }));
        });
      }).end();
    }).listen(0, '127.0.0.1');
    await once(hop, 'listening');
    chain = await startChain(false, (hop.address() as AddressInfo).port);
  });
  after(async () => {
    await chain.stop();
    agent.destroy();
    hop.close();
    hop.closeAllConnections();
  });

  /** The lane in which the last service, behind the hop, got a request of lane alpha. */
  const behind = async (makes: (came: string) => string | null): Promise<string | null> => {
    baggage = makes;
    const [first, other, last] = await alpha(chain.places.first);
    assert.equal(laneOf(first), 'alpha');
    assert.equal(other, '');
    return laneOf(last);
  };

  it('carries the lane, if it but copies the header', async () => {
    assert.equal(await behind((came) => came), 'alpha');
    await untilCounted(chain, 'last', 'stamped');
  });

  it('ends the lane, if it drops the header: the request is selected anew behind it, and counted as such', async () => {
    assert.equal(await behind(() => null), null);
    await untilCounted(chain, 'last', 'not-matched');
  });

  const spoiled: readonly (readonly [what: string, reason: string, makes: (came: string) => string])[] = [
    ['cuts it off', 'stamp-malformed', (came) => came.slice(0, -9)],
    ['sends it twice', 'stamp-repeated', (came) => `${came},${came}`],
    ['names another lane', 'stamp-forged', (came) => came.replace('lane=alpha', 'lane=beta')],
    ['keeps only a part of it', 'stamp-incomplete', (came) => came.split(',').slice(0, 2).join(',')],
  ];
  for (const [what, reason, makes] of spoiled) {
    it(`chooses no lane, if it ${what}`, async () => {
      assert.equal(await behind(makes), null);
      await untilCounted(chain, 'last', reason);
    });
  }
});

describe('a lane whose service is killed', () => {
  let chain: RunningChain;
  before(async () => {
    chain = await startChain(false);
  });
  after(() => chain.stop());

  it('stays the lane at every service, by stable while its version is away, which is counted, and by its version again', async () => {
    const api = new Api(chain.api);
    const served = async (): Promise<string> => {
      const routes = await alpha(chain.places.first);
      assert.deepEqual(routes.map(laneOf), ['alpha', 'alpha', 'alpha'], routes.join('; '));
      return /version=([^,]*)/.exec(routes.at(-1) ?? '')?.[1] ?? '';
    };
    assert.equal(await served(), 'v2');
    const canaries = async (): Promise<readonly UpWorker[]> => (await api.workers()).filter(({ service, version }) => service === 'last' && version === 'v2');
    const [killed] = await canaries();
    assert.ok(killed);
    process.kill(killed.pid, 'SIGKILL');
    // What is in flight in a process dies with it; this is about what comes after.
    await until('the supervisor has seen it', async () => !(await canaries()).some(({ ready, pid }) => ready && pid === killed.pid));
    const met = new Set<string>();
    await until('v2 serves again', async () => {
      met.add(await served());
      return (await canaries()).some(({ ready, pid }) => ready && pid !== killed.pid) && await served() === 'v2';
    });
    api.close();
    assert.deepEqual([...met].filter((version) => version !== 'v1' && version !== 'v2'), []);
    if (met.has('v1')) await untilCounted(chain, 'last', 'unavailable');
  });
});
