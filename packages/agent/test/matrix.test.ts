// The bundle on every Node that it has to load on: routing, forwarding, listening, draining.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { nodeBinary } from '../../../tools/nodes.ts';
import { exchange, get, json, undated } from './support/exchange.ts';
import { BUNDLE, document, Supervisor } from './support/supervisor.ts';

const releases = document([{ name: 'beta', when: [{ header: { 'x-beta': '1' } }], cache: 'off', versions: { web: 'v2' } }]);

for (const major of ['20', '22', '26']) {
  const node = nodeBinary(major);
  const skip = node === null ? `Node ${major} is not in .cache/nodes: run node tools/nodes.ts` : false;
  const loader = { node: node ?? '', flags: BUNDLE.flags };

  describe(`Node ${major}`, { skip }, () => {
    test('routes, forwards, and shows the client', async (t) => {
      const supervisor = await Supervisor.start();
      t.after(async () => await supervisor.stop());
      const port = supervisor.port();
      await supervisor.worker({ app: 'mirror.mjs', ports: [port], loader });
      await supervisor.worker({ app: 'mirror.mjs', version: 'v2', role: 'canary', ports: [port], loader });
      await supervisor.introduce();
      await supervisor.publish(releases);
      const ask = async (beta: string): Promise<Record<string, unknown>> => {
        const seen = json(await exchange({ port }, get('/a', { 'X-Beta': beta })));
        return { ...seen, remotePort: 0, address: null };
      };
      const [there, here] = [await ask('1'), await ask('0')];
      assert.deepEqual([there['version'], here['version']], ['v2', 'v1']);
      assert.deepEqual(JSON.parse(JSON.stringify(there).replaceAll('"1"', '"0"').replaceAll('v2', 'v1')), here);
    });

    test('forwarded bytes are those of a direct answer', async (t) => {
      const supervisor = await Supervisor.start();
      t.after(async () => await supervisor.stop());
      const port = supervisor.port();
      await supervisor.worker({ app: 'bytes.mjs', ports: [port], loader });
      await supervisor.worker({ app: 'bytes.mjs', version: 'v2', role: 'canary', ports: [port], loader });
      await supervisor.introduce();
      await supervisor.publish(releases);
      for (const path of ['length', 'chunked', 'raw', 'nothing', 'unchanged', 'trailers', 'early', 'events']) {
        const ask = async (beta: string): Promise<string> => undated(await exchange({ port }, get(`/${path}`, { 'X-Beta': beta }, 'keep-alive') + get('/length', { 'X-Beta': beta })));
        assert.equal(await ask('1'), await ask('0'), path);
      }
    });

    test('canary and stable may run on different versions of Node', async (t) => {
      const supervisor = await Supervisor.start();
      t.after(async () => await supervisor.stop());
      const port = supervisor.port();
      await supervisor.worker({ app: 'mirror.mjs', ports: [port] });
      await supervisor.worker({ app: 'mirror.mjs', version: 'v2', role: 'canary', ports: [port], loader });
      await supervisor.introduce();
      await supervisor.publish(releases);
      assert.equal(json(await exchange({ port }, get('/', { 'X-Beta': '1' })))['version'], 'v2');
    });

    test('drains in order', async (t) => {
      const supervisor = await Supervisor.start();
      t.after(async () => await supervisor.stop());
      const port = supervisor.port();
      const worker = await supervisor.worker({ app: 'slow.mjs', ports: [port], loader });
      const answer = exchange({ port }, get('/hold', {}, 'keep-alive'));
      await worker.until('a held request', () => worker.told.some(({ message }) => JSON.stringify(message) === '{"held":1}'));
      worker.send({ kind: 'drain', graceMs: 20_000 });
      worker.send({ kind: 'ping', n: 1 });
      await worker.message('pong');
      worker.child.send({ answer: true });
      assert.match(await answer, /\r\nConnection: close\r\n[^]*v1 held$/);
      await worker.message('drained');
    });
  });
}
