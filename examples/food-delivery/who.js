// Orders as four kinds of users and says which version each of them got at each service.

const { ORDER_PORT = '8080' } = process.env;

const users = {
  'on a desk in Shanghai': { 'x-location': 'Shanghai' },
  'on Android in Shanghai': { 'x-phone-os': 'Android', 'x-location': 'Shanghai' },
  'on an iPhone in Beijing': { 'x-phone-os': 'iOS', 'x-location': 'Beijing' },
  'on Android in Beijing': { 'x-phone-os': 'Android', 'x-location': 'Beijing' },
};

for (const [who, headers] of Object.entries(users)) {
  const answer = await fetch(`http://127.0.0.1:${ORDER_PORT}/orders`, { method: 'POST', headers: { ...headers, 'content-type': 'application/json' }, body: '{"dish":"noodles"}' });
  const { chain } = await answer.json();
  const lane = /lane=([^,]+)/.exec(answer.headers.get('graylane-route') ?? '')?.[1] ?? 'stable';
  console.log(`${who.padEnd(24)} ${lane.padEnd(16)} ${chain.join(' → ')}`);
}
