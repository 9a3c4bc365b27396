// Takes orders and asks the restaurant. It knows nothing of releases.

import { join } from 'node:path';
import Fastify from 'fastify';
import { openStore } from '../store.js';

const { PORT = '8080', RESTAURANT = 'http://127.0.0.1:8081' } = process.env;
const store = openStore(process.env.ORDER_STORE ?? join(import.meta.dirname, '../data/orders.jsonl'));
const app = Fastify();

app.post('/orders', async (request) => {
  const { dish = 'noodles' } = request.body ?? {};
  const answer = await fetch(`${RESTAURANT}/meals`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ dish }) });
  const { chain, ...meal } = await answer.json();
  const order = { dish, ...meal, chain: ['order v1', ...chain] };
  store.add(order);
  return order;
});

await app.listen({ port: Number(PORT), host: '127.0.0.1' });
