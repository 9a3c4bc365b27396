// Which tokens are believed: attacks of RFC 8725 by name, keys that change, and what a claim is as text.

import assert from 'node:assert/strict';
import { createHmac, generateKeyPairSync, sign } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { KeptClaims } from '../src/tokens/index.ts';

const folder = mkdtempSync(join(tmpdir(), 'gl-tokens-'));
after(() => rmSync(folder, { recursive: true }));

const SECRET = Buffer.alloc(32, 7);
const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const other = generateKeyPairSync('rsa', { modulusLength: 2048 });
const weak = generateKeyPairSync('rsa', { modulusLength: 1024 });
const jwk = (key: KeyObject, more: object): object => ({ ...key.export({ format: 'jwk' }), ...more });
const SET = { keys: [
  { kty: 'oct', kid: 'h', k: SECRET.toString('base64url') },
  jwk(rsa.publicKey, { kid: 'r', alg: 'RS256', use: 'sig' }),
  jwk(ec.publicKey, { kid: 'e' }),
] };

const NOW_S = 1_800_000_000;
const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
const withSignature = (header: object, claims: object, by: (text: string) => Buffer): string => {
  const text = `${part(header)}.${part(claims)}`;
  return `${text}.${by(text).toString('base64url')}`;
};
const hs = (claims: object, secret: Buffer | string = SECRET, header: object = { alg: 'HS256', kid: 'h' }): string => withSignature(header, claims, (text) => createHmac('sha256', secret).update(text).digest());
const rs = (claims: object, key: KeyObject = rsa.privateKey, header: object = { alg: 'RS256', kid: 'r' }): string => withSignature(header, claims, (text) => sign('sha256', Buffer.from(text), key));
const es = (claims: object, dsaEncoding: 'ieee-p1363' | 'der' = 'ieee-p1363'): string => withSignature({ alg: 'ES256', kid: 'e' }, claims, (text) => sign('sha256', Buffer.from(text), { key: ec.privateKey, dsaEncoding }));

const PLAN = { plan: 'gold' };
let files = 0;

function believer(set: object = SET, more: { readonly issuer?: string; readonly audience?: string } = {}): { claim: (token: string, name?: string) => string | null; faults: string[]; file: string; clock: { ms: number } } {
  const file = join(folder, `${files += 1}.json`);
  writeFileSync(file, JSON.stringify(set));
  const faults: string[] = [];
  const clock = { ms: NOW_S * 1000 };
  const claim = new KeptClaims({ now: () => clock.ms, fault: (what) => faults.push(what) }).of({ keys: file, issuer: more.issuer ?? null, audience: more.audience ?? null });
  return { claim: (token, name = 'plan') => claim(token, name), faults, file, clock };
}

const check = (token: string, expected: string | null, more: { readonly issuer?: string; readonly audience?: string } = {}): void => assert.equal(believer(SET, more).claim(token), expected);

describe('a token is believed', () => {
  test('with HS256', () => check(hs(PLAN), 'gold'));
  test('with RS256', () => check(rs(PLAN), 'gold'));
  test('with ES256', () => check(es(PLAN), 'gold'));
  test('without a name of its key', () => check(rs(PLAN, rsa.privateKey, { alg: 'RS256' }), 'gold'));
  test('in time', () => check(hs({ ...PLAN, exp: NOW_S + 1, nbf: NOW_S - 1 }), 'gold'));
  test('a minute late, for clocks differ', () => check(hs({ ...PLAN, exp: NOW_S - 59 }), 'gold'));
  test('from the issuer that is asked for', () => check(hs({ ...PLAN, iss: 'a' }), 'gold', { issuer: 'a' }));
  test('for the audience, among others', () => check(hs({ ...PLAN, aud: ['x', 'shop'] }), 'gold', { audience: 'shop' }));
});

describe('a token is not believed', () => {
  for (const [why, token, more] of [
    ['signed by nobody', `${part({ alg: 'none' })}.${part(PLAN)}.`],
    ['signed by nobody, with bytes', `${part({ alg: 'none' })}.${part(PLAN)}.AAAA`],
    ['signed by somebody else', rs(PLAN, other.privateKey)],
    ['signed with a public key as if it were a secret', hs(PLAN, rsa.publicKey.export({ type: 'spki', format: 'pem' }), { alg: 'HS256', kid: 'r' })],
    ['whose algorithm is not its key\'s', hs(PLAN, SECRET, { alg: 'RS256', kid: 'h' })],
    ['of an algorithm that is not taken', hs(PLAN, SECRET, { alg: 'HS512', kid: 'h' })],
    ['whose key is unknown', hs(PLAN, SECRET, { alg: 'HS256', kid: 'x' })],
    ['with an extension that nobody understands', hs(PLAN, SECRET, { alg: 'HS256', kid: 'h', crit: ['b64'], b64: false })],
    ['with an ES256 signature in DER', es(PLAN, 'der')],
    ['with an empty signature', `${hs(PLAN).split('.').slice(0, 2).join('.')}.`],
    ['cut in the middle', hs(PLAN).slice(0, -4)],
    ['with other claims under the same signature', [hs(PLAN).split('.')[0], part({ plan: 'free' }), hs(PLAN).split('.')[2]].join('.')],
    ['that has ended', hs({ ...PLAN, exp: NOW_S - 61 })],
    ['that has not begun', hs({ ...PLAN, nbf: NOW_S + 61 })],
    ['whose end is no number', hs({ ...PLAN, exp: '9999999999' })],
    ['of another issuer', hs({ ...PLAN, iss: 'b' }), { issuer: 'a' }],
    ['without an issuer', hs(PLAN), { issuer: 'a' }],
    ['for another audience', hs({ ...PLAN, aud: 'blog' }), { audience: 'shop' }],
    ['that is none', 'x'],
    ['longer than headers are', hs({ plan: 'x'.repeat(20_000) })],
    ['whose claims are a list', withSignature({ alg: 'HS256', kid: 'h' }, [], (text) => createHmac('sha256', SECRET).update(text).digest())],
  ] as const) test(why, () => check(token, null, more));
});

describe('a claim as text', () => {
  const claims = { flag: true, age: 7, roles: ['a', 'b'], nested: { a: 1 }, mixed: [{}], none: null, 'https://x/tier': 'pro' };
  for (const [name, expected] of [['flag', 'true'], ['age', '7'], ['roles', 'a b'], ['nested', null], ['mixed', null], ['none', null], ['missing', null], ['https://x/tier', 'pro'], ['toString', null], ['__proto__', null]] as const) {
    test(`${name}: ${expected ?? 'absent'}`, () => assert.equal(believer().claim(hs(claims), name), expected));
  }
});

describe('keys', () => {
  test('exchanged in the file are seen within ten seconds, and the old ones end', () => {
    const { claim, file, clock } = believer();
    const next = rs(PLAN, other.privateKey, { alg: 'RS256', kid: 'n' });
    assert.deepEqual([claim(hs(PLAN)), claim(next)], ['gold', null]);
    writeFileSync(file, JSON.stringify({ keys: [jwk(other.publicKey, { kid: 'n' })] }));
    clock.ms += 9_000;
    assert.deepEqual([claim(hs(PLAN)), claim(next)], ['gold', null]);
    clock.ms += 1_000;
    assert.deepEqual([claim(hs(PLAN)), claim(next)], [null, 'gold']);
  });
  test('go on while the file is broken, and that is said', () => {
    const { claim, file, clock, faults } = believer();
    assert.equal(claim(hs(PLAN)), 'gold');
    writeFileSync(file, '{"keys": [');
    clock.ms += 10_000;
    assert.equal(claim(hs(PLAN)), 'gold');
    assert.match(faults.join(), /\.json: /);
  });
  test('a token that was good ends on time, verified before or not', () => {
    const { claim, clock } = believer();
    const token = hs({ ...PLAN, exp: NOW_S + 5 });
    assert.equal(claim(token), 'gold');
    clock.ms += 66_000;
    assert.equal(claim(token), null);
  });
  test('without a file nothing is believed', () => {
    const { claim, file, faults } = believer();
    rmSync(file);
    assert.equal(claim(hs(PLAN)), null);
    assert.match(faults.join(), /ENOENT/);
  });
  for (const [why, key, problem] of [
    ['a short secret', { kty: 'oct', k: 'c2hvcnQ' }, /5 bytes is too short/],
    ['a short RSA key', jwk(weak.publicKey, {}), /1024 bits is too short/],
    ['a key for encryption', jwk(rsa.publicKey, { use: 'enc' }), /not for signatures/],
    ['a key for another algorithm', jwk(rsa.publicKey, { alg: 'PS256' }), /PS256", which is not taken/],
    ['a curve that is not P-256', jwk(generateKeyPairSync('ec', { namedCurve: 'P-384' }).publicKey, {}), /P-256/],
  ] as const) {
    test(`${why} is left out, and the others are used`, () => {
      const { claim, faults } = believer({ keys: [key, ...SET.keys] });
      assert.equal(claim(hs(PLAN)), 'gold');
      assert.match(faults.join(), problem);
    });
  }
});
