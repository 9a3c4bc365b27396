// Before anything is timed: what a contestant answers must be right, or its figures mean nothing.

import { Agent, request } from 'node:http';
import { Random } from '../conformance/live/random.ts';

interface Reply { readonly status: number; readonly headers: Readonly<Record<string, unknown>>; readonly body: string }

/** Enough to tell a share of 5 % from 6 %. */
const SAMPLES = 4_000;
/** Standard deviations that a right share may be off: one false alarm in 1.7 million. */
const SIGMAS = 5;
const BODY = 'x'.repeat(50_000);

/** Throws with what was wrong. `percent` is null where there is no canary. */
export async function checkEcho(port: number, percent: number | null, seed: number): Promise<void> {
  const agent = new Agent({ keepAlive: true, maxSockets: 8 });
  const ask = (method: string, headers: Record<string, string>, body?: string): Promise<Reply> => reply(agent, port, method, headers, body);
  try {
    await expectEcho(ask);
    if (percent === null) return;
    await expectBuild(ask, { cookie: 'a=1; beta=1; uid=u5' }, 'v2');
    await expectBuild(ask, { 'x-beta': '1', cookie: 'uid=u5' }, 'v2');
    await expectShare(ask, percent, seed);
  } finally {
    agent.destroy();
  }
}

type Ask = (method: string, headers: Record<string, string>, body?: string) => Promise<Reply>;

async function expectEcho(ask: Ask): Promise<void> {
  const { status, headers, body } = await ask('POST', { 'x-echo': 'as sent', 'content-type': 'text/plain', cookie: 'beta=1' }, BODY);
  if (status !== 200 || body !== BODY || headers['x-echo'] !== 'as sent') {
    throw new Error(`the echo is not what was sent: status ${status}, ${body.length} bytes of ${BODY.length}, x-echo ${String(headers['x-echo'])}`);
  }
}

async function expectBuild(ask: Ask, headers: Record<string, string>, build: string): Promise<void> {
  const { status, body } = await ask('GET', headers);
  if (status !== 200 || body !== `${build}\n`) throw new Error(`${JSON.stringify(headers)} should reach ${build}, got status ${status}, ${JSON.stringify(body)}`);
}

async function expectShare(ask: Ask, percent: number, seed: number): Promise<void> {
  const random = new Random(seed);
  let canary = 0;
  for (let sample = 0; sample < SAMPLES; sample++) {
    const { status, body } = await ask('GET', { cookie: `uid=u${random.below(100_000)}` });
    if (status !== 200) throw new Error(`status ${status}`);
    if (body === 'v2\n') canary++;
  }
  const share = percent / 100;
  const allowed = SIGMAS * Math.sqrt(SAMPLES * share * (1 - share));
  if (Math.abs(canary - SAMPLES * share) > allowed) throw new Error(`${canary} of ${SAMPLES} went to the canary, not ${percent} % ± ${Math.round(allowed)} (seed ${seed})`);
}

function reply(agent: Agent, port: number, method: string, headers: Record<string, string>, body: string | undefined): Promise<Reply> {
  return new Promise((resolve, reject) => {
    const outgoing = request({ agent, port, host: '127.0.0.1', method, headers, path: '/' }, (response) => {
      let text = '';
      response.setEncoding('latin1');
      response.on('data', (chunk) => (text += String(chunk)));
      response.on('end', () => resolve({ status: response.statusCode ?? 0, headers: response.headers, body: text }));
      response.on('error', reject);
    });
    outgoing.on('error', reject);
    outgoing.end(body);
  });
}
