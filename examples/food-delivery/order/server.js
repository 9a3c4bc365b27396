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

// Something to look at, for who comes by an override link.
app.get('/', (request, reply) => reply.type('text/html').send(`<!doctype html><title>Food delivery</title>
<button onclick="fetch('/orders', { method: 'POST' }).then((answer) => answer.json()).then(({ chain }) => { out.textContent = chain.join(' → '); })">Order noodles</button>
<p id="out">By which versions it went is said here.</p>`));

await app.listen({ port: Number(PORT), host: '127.0.0.1' });
