// Asks as four kinds of users and says which version each of them got at each service.

const { ORDER_PORT = '8080' } = process.env;
const ANDROID = 'Mozilla/5.0 (Linux; Android 16; Pixel 10) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Mobile Safari/537.36';
const DESK = 'Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0';

const users = {
  'at a desk in Lisbon': { 'user-agent': DESK, 'x-city': 'Lisbon' },
  'on Android in Lisbon': { 'user-agent': ANDROID, 'x-city': 'Lisbon' },
  'at a desk in Atlantis': { 'user-agent': DESK, 'x-city': 'Atlantis' },
  'on Android in Atlantis': { 'user-agent': ANDROID, 'x-city': 'Atlantis' },
};

for (const [who, headers] of Object.entries(users)) {
  const answer = await fetch(`http://127.0.0.1:${ORDER_PORT}/`, { headers });
  const lane = /lane=([^,]+)/.exec(answer.headers.get('graylane-route') ?? '')?.[1] ?? 'stable';
  console.log(`${who.padEnd(23)} ${lane.padEnd(9)} ${(await answer.json()).join(' → ')}`);
}
