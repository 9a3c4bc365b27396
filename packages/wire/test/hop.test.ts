import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { hopText, parseHop, parseClient, clientText, type Hop, type Client } from '../src/hop.ts';

const name = fc.stringMatching(/^[A-Za-z0-9][A-Za-z0-9._]{0,20}$/);
const port = fc.integer({ min: 0, max: 65_535 });
const clients: fc.Arbitrary<Client> = fc.record({
  remoteAddress: fc.oneof(fc.ipV4(), fc.ipV6()), remotePort: port, localAddress: fc.oneof(fc.ipV4(), fc.ipV6()), localPort: port,
  encrypted: fc.boolean(), tls: fc.oneof(fc.constant(''), name),
}, { noNullPrototype: true }).map((client) => (client.encrypted ? client : { ...client, tls: '' }));
const routes: fc.Arbitrary<Omit<Hop, 'client' | 'encrypted'>> = fc.record({
  generation: fc.nat(), lane: fc.oneof(fc.constant(''), name), mint: fc.oneof(fc.constant(''), name),
  stamp: fc.oneof(fc.constant(''), name.map((lane) => `graylane.lane=${lane},graylane.gen=1`)),
}, { noNullPrototype: true });

test('what one agent says of an exchange is what the other reads', () => {
  fc.assert(fc.property(clients, routes, (client, route) => {
    const hop = parseHop(hopText(clientText(client), route.generation, route.lane, route.mint, route.stamp));
    assert.deepEqual(hop, { ...route, client: clientText(client), encrypted: client.encrypted });
    assert.deepEqual(parseClient(hop.client), client);
  }));
});

test('a line that no agent wrote is not believed in part', () => {
  for (const text of ['', '127.0.0.1', '1 2 3 4 5 6 7', '1 2 3 4 5 6 7 8 9']) assert.equal(parseHop(text), null, text);
});
