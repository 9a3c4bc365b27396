// One service of the chain: asks the next one and says what it was told. It knows nothing of graylane but the header that
// responses carry.

import { Agent, createServer, request, type IncomingMessage } from 'node:http';
import { text } from 'node:stream/consumers';

/** What comes back up the chain. */
interface Said {
  /** `Graylane-Route` of each service behind this one. */
  readonly routes: readonly string[];
  /** `baggage` as the last service got it. */
  readonly baggage: string;
}

const { PORT = '3000', HOST = '', NEXT = '', CARRY = '' } = process.env;
const agent = new Agent({ keepAlive: true, maxSockets: 64 });

const server = createServer((incoming, response) => {
  void answer(incoming).then((said) => {
    const body = JSON.stringify(said);
    response.writeHead(200, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) });
    response.end(body);
  }, (error: unknown) => {
    response.writeHead(502, { 'content-length': 0, 'x-why': String(error).replaceAll(/[^ -~]/g, ' ') });
    response.end();
  });
});
// A caller that reuses a connection must not meet the moment in which it is closed.
server.keepAliveTimeout = 120_000;
server.listen({ port: Number(PORT), ...(HOST === '' ? {} : { host: HOST }) });

async function answer(incoming: IncomingMessage): Promise<Said> {
  if (NEXT === '') return { routes: [], baggage: incoming.headers['baggage']?.toString() ?? '' };
  // Without graylane's help the header that rules read has to be carried by hand.
  const user = incoming.headers['x-user'];
  const headers = CARRY !== '' && typeof user === 'string' ? { 'x-user': user } : {};
  const reply = await new Promise<IncomingMessage>((resolve, reject) => {
    request(NEXT, { agent, headers }, resolve).on('error', reject).end();
  });
  const said: unknown = JSON.parse(await text(reply));
  if (!isSaid(said)) throw new Error(`${reply.statusCode ?? 0}`);
  return { routes: [String(reply.headers['graylane-route'] ?? ''), ...said.routes], baggage: said.baggage };
}

function isSaid(value: unknown): value is Said {
  return typeof value === 'object' && value !== null && 'routes' in value && 'baggage' in value;
}
