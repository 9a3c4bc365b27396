// A verified claim routes like any other tag; a token that does not hold is as if it were not there.

import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { exchange, get, json } from './support/exchange.ts';
import { document, Supervisor } from './support/supervisor.ts';

const SECRET = Buffer.alloc(32, 3);

function token(claims: object, secret: Buffer = SECRET): string {
  const text = [{ alg: 'HS256' }, claims].map((part) => Buffer.from(JSON.stringify(part)).toString('base64url')).join('.');
  return `${text}.${createHmac('sha256', secret).update(text).digest('base64url')}`;
}

describe('a release for those whose token says plan: gold', () => {
  let supervisor: Supervisor;
  let port: number;
  before(async () => {
    supervisor = await Supervisor.start();
    port = supervisor.port();
    await supervisor.worker({ app: 'mirror.mjs', ports: [port] });
    await supervisor.worker({ app: 'mirror.mjs', version: 'v2', role: 'canary', ports: [port] });
    await supervisor.introduce();
    const keys = join(supervisor.folder, 'jwks.json');
    writeFileSync(keys, JSON.stringify({ keys: [{ kty: 'oct', k: SECRET.toString('base64url') }] }));
    const releases = [{ name: 'gold', when: [{ tag: { plan: 'gold' } }], cache: 'off' as const, versions: { web: 'v2' } }];
    await supervisor.publish(document(releases, { jwt: { keys, issuer: 'id' }, tags: { plan: [{ jwt: { claim: 'plan' } }, { jwt: { claim: 'plan', cookie: 'session' } }] } }));
  });
  after(async () => await supervisor.stop());

  const check = async (headers: Readonly<Record<string, string>>, version: string): Promise<void> => {
    assert.equal(json(await exchange({ port }, get('/', headers)))['version'], version);
  };

  test('in the Authorization header', async () => await check({ Authorization: `Bearer ${token({ plan: 'gold', iss: 'id' })}` }, 'v2'));
  test('in a cookie', async () => await check({ Cookie: `session=${token({ plan: 'gold', iss: 'id' })}` }, 'v2'));
  test('another plan stays on stable', async () => await check({ Authorization: `Bearer ${token({ plan: 'free', iss: 'id' })}` }, 'v1'));
  test('a token of somebody else stays on stable', async () => await check({ Authorization: `Bearer ${token({ plan: 'gold', iss: 'id' }, Buffer.alloc(32, 4))}` }, 'v1'));
  test('a token of another issuer stays on stable', async () => await check({ Authorization: `Bearer ${token({ plan: 'gold', iss: 'elsewhere' })}` }, 'v1'));
  test('the app sees the token as it came', async () => {
    const sent = `Bearer ${token({ plan: 'gold', iss: 'id' })}`;
    const seen = json(await exchange({ port }, get('/', { Authorization: sent })))['headers'] as Record<string, string>;
    assert.equal(seen['authorization'], sent);
  });
});
