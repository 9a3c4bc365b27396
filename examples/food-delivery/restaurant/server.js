// Cooks, and asks for somebody to deliver. One program for all its versions: they differ by their environment.

import { request } from 'node:http';
import { join } from 'node:path';
import Koa from 'koa';
import { openStore } from '../store.js';

const { PORT = '8081', VERSION = 'v1', MENU = 'plain', DELIVERY = 'http://127.0.0.1:8082' } = process.env;
const store = openStore(process.env.RESTAURANT_STORE ?? join(import.meta.dirname, '../data/meals.jsonl'));
const app = new Koa();

app.use(async (context) => {
  if (context.path === '/address') {
    context.body = { address: '1 Station Road', chain: [`restaurant ${VERSION}`] };
    return;
  }
  const { chain, ...courier } = await post(`${DELIVERY}/trips`, { from: 'restaurant' });
  const meal = { menu: MENU, ...courier, chain: [`restaurant ${VERSION}`, ...chain] };
  store.add(meal);
  context.body = meal;
});

app.listen(Number(PORT), '127.0.0.1');

/** With node:http, as the older of two services would. */
function post(url, body) {
  return new Promise((resolve, reject) => {
    const outgoing = request(url, { method: 'POST', headers: { 'content-type': 'application/json' } }, (answer) => {
      let text = '';
      answer.setEncoding('utf8');
      answer.on('data', (chunk) => { text += chunk; });
      answer.on('end', () => resolve(JSON.parse(text)));
    });
    outgoing.on('error', reject);
    outgoing.end(JSON.stringify(body));
  });
}
