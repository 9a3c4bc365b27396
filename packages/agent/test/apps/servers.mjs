// Opens the servers that LISTEN names, one after the other, and tells over IPC what each one says of itself.
import http from 'node:http';

const version = process.env.GRAYLANE_VERSION ?? 'bare';
const plans = JSON.parse(process.env.LISTEN);
const servers = [];

async function open(number, options) {
  const server = http.createServer((req, res) => res.end(`${version} server ${number}`));
  servers[number] = server;
  const outcome = await new Promise((resolve) => {
    server.once('error', (error) => resolve({ error: error.code }));
    server.listen(...(Array.isArray(options) ? options : [options]), () => resolve({ address: server.address() }));
  });
  process.send({ number, ...outcome, options });
}

process.on('message', async ({ close, reopen, with: options }) => {
  const number = close ?? reopen;
  await new Promise((resolve) => servers[number].close(resolve));
  process.send({ number, closed: true, address: servers[number].address() });
  if (reopen !== undefined) await open(number, options);
});

for (const [number, options] of plans.entries()) await open(number, options);
