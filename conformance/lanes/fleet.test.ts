// Lanes over two machines under two servers: what one machine has stamped the other believes, also while keys and strategies
// are changed by either server. The chain goes from machine a to b and back to a. The clock of b is an hour behind, and the second
// server's an hour ahead.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { whyNoEtcd } from '../../packages/control/test/support/etcd.ts';
import { claimGrounds, type Grounds } from '../fleet/grounds.ts';
import { startWorld, type World } from '../fleet/world.ts';
import { Connection } from '../live/connection.ts';
import type { RunningChain } from './chain.ts';
import { runLanes } from './run.ts';
import { document, prescribed, type ChainPlaces, type Place } from './strategies.ts';

const missing = whyNoEtcd() ?? (spawnSync('openssl', ['version']).status === 0 ? null : 'openssl not installed; on Debian run: sudo apt-get install -y openssl');

const SCRIPT = join(import.meta.dirname, 'service.ts');
const ASK_LIMIT_MS = 30_000;
const HOUR_MS = 3_600_000;
/** A user of the lane alpha, see strategies.ts. */
const USER = 1;

/** The first and the last service on one machine, the middle one on the other. */
function placesOn(grounds: Grounds): ChainPlaces {
  const place = (service: number, on: number): Place => ({ listen: grounds.port(service), host: grounds.machine(on), port: grounds.port(service) });
  return { first: place(0, 0), middle: place(1, 1), last: place(2, 0) };
}

interface Seen {
  readonly lanes: readonly (string | null)[];
  /** What the last service was sent. */
  readonly baggage: string;
}

async function ask(place: { readonly host: string; readonly port: number }, headers: string): Promise<Seen> {
  const connection = new Connection(place.port, ASK_LIMIT_MS, place.host);
  const outcome = await connection.ask(`GET / HTTP/1.1\r\nHost: chain\r\n${headers}\r\n`);
  connection.close();
  if (outcome.kind === 'failed') throw new Error(outcome.why);
  const { routes, baggage } = JSON.parse(outcome.answer.body) as { readonly routes: readonly string[]; readonly baggage: string };
  const own = /graylane-route: (.*)\r\n/i.exec(outcome.answer.head)?.[1] ?? '';
  return { lanes: [own, ...routes].map((route) => /lane=([^,]*)/.exec(route)?.[1] ?? null), baggage };
}

const keyOf = (baggage: string): string => /graylane\.sig=([^.]*)\./.exec(baggage)?.[1] ?? '';
const stampOf = (baggage: string): string => baggage.split(',').filter((member) => member.startsWith('graylane.')).join(',');

describe('lanes over two machines and two servers', { skip: missing ?? false }, () => {
  let world: World;
  let places: ChainPlaces;
  let chain: Pick<RunningChain, 'places' | 'perHop' | 'publish'>;
  let turn = 0;

  /** By one server and the other in turn. */
  const publish = async (step: number): Promise<number> => {
    turn += 1;
    const { status, body } = await world.api(turn % world.servers.length, 'PUT', '/strategy', document(step, places, SCRIPT, false));
    if (status !== 200) throw new Error(JSON.stringify(body));
    return (body as { readonly generation: number }).generation;
  };
  const rotate = async (server: number): Promise<void> => assert.deepEqual(await world.api(server, 'POST', '/keys/rotation'), { status: 204, body: null });
  const alpha = async (): Promise<Seen> => await ask(places.first, `X-User: u${USER}\r\n`);

  before(async () => {
    const grounds = await claimGrounds();
    places = placesOn(grounds);
    world = await startWorld({ grounds, servers: 2, nodes: [{ name: 'a', run: ['last/v2', 'last/v3'] }, { name: 'b', run: ['middle/v2', 'middle/v3'], skewMs: -HOUR_MS }], serverSkewsMs: [0, HOUR_MS], document: document(0, places, SCRIPT, false) });
    chain = { places, perHop: false, publish };
  });
  after(() => world.end());

  it('a request keeps its lane from machine to machine', async () => {
    assert.deepEqual((await alpha()).lanes, ['alpha', 'alpha', 'alpha']);
    assert.equal(prescribed(0, USER).lane, 'alpha');
  });

  it('no request meets two strategies while either server publishes', async () => {
    const { asked, examples, seconds, generations, ...counts } = await runLanes({ chain, requests: 400, changes: 8, connections: 4 });
    assert.deepEqual(counts, { answered: asked, failed: 0, mixedGenerations: 0, twoLanes: 0, wrongVersions: 0, lostTags: 0 }, examples.join('\n'));
    assert.ok(generations > 6, `${generations} generations in ${seconds} s`);
  });

  it('keys are changed by either server: stamps of the key before hold once, and no longer', async () => {
    await publish(0);
    const { baggage } = await alpha();
    // As if somebody of the fleet had sent it to b: a request of its own would be of no lane.
    const replayed = async (): Promise<string | null> => (await ask(places.middle, `Baggage: ${stampOf(baggage)}\r\n`)).lanes[0] ?? null;
    assert.equal(await replayed(), 'alpha');
    await rotate(0);
    const second = await alpha();
    assert.deepEqual(second.lanes, ['alpha', 'alpha', 'alpha']);
    assert.notEqual(keyOf(second.baggage), keyOf(baggage));
    assert.equal(await replayed(), 'alpha');
    await rotate(1);
    const third = await alpha();
    assert.deepEqual(third.lanes, ['alpha', 'alpha', 'alpha']);
    assert.equal(new Set([baggage, second.baggage, third.baggage].map(keyOf)).size, 3);
    assert.equal(await replayed(), null);
  });

  it('keys are in no environment of a machine\'s processes, and in none of its files', { skip: process.platform === 'linux' ? false : 'environments are read in /proc' }, async () => {
    const secrets = await storedSecrets(world);
    assert.equal(secrets.length, 2);
    const environments = environmentsNaming(join(world.folder, 'r'));
    // Two machines, each with an anchor, a supervisor, a passage and its workers.
    assert.ok(environments.length > 10, `${environments.length} processes`);
    const files = ['a', 'b', join('r', 'a'), join('r', 'b')].flatMap((name) => filesIn(join(world.folder, name)));
    assert.ok(files.some((file) => file.endsWith('orders.json')));
    for (const secret of secrets) {
      assert.deepEqual(environments.filter((text) => text.includes(secret)).length, 0);
      assert.deepEqual(files.filter((file) => readFileSync(file, 'latin1').includes(secret)), []);
    }
  });

  it('machines go on to believe each other when a server is killed', async () => {
    await world.servers[0]?.end('SIGKILL');
    assert.deepEqual((await alpha()).lanes, ['alpha', 'alpha', 'alpha']);
  });
});

/** The keys that are in force, as the store has them. */
async function storedSecrets({ etcd }: World): Promise<readonly string[]> {
  const { kvs } = await etcd.call('/v3/kv/range', { key: btoa('/graylane/fleet/fleet-keys') }) as { readonly kvs: readonly { readonly value: string }[] };
  const { keys } = JSON.parse(atob(kvs[0]?.value ?? '')) as { readonly keys: readonly { readonly secret: string }[] };
  return keys.map(({ secret }) => secret);
}

/** Environments, as they were given, of all processes whose environment names this folder. */
function environmentsNaming(folder: string): readonly string[] {
  return readdirSync('/proc').filter((name) => /^\d+$/.test(name)).flatMap((pid) => {
    try {
      const text = readFileSync(`/proc/${pid}/environ`, 'latin1');
      return text.includes(folder) ? [text] : [];
    } catch {
      // It has ended meanwhile.
      return [];
    }
  });
}

function filesIn(folder: string): readonly string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile()).map(({ parentPath, name }) => join(parentPath, name));
}
