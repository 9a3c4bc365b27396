// What a command line says about the server that a machine follows, and about the server itself: understood, or refused with a way out.

import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { firstStageFrom } from '../src/config/first-stage.ts';
import { joinPlanFrom, refuseOwn, type JoinFlags, type OwnFlags } from '../src/config/join.ts';
import { Failure } from '../src/print/failure.ts';

const folder = mkdtempSync(join(tmpdir(), 'graylane-flags-'));
after(() => rmSync(folder, { recursive: true, force: true }));
for (const name of ['token', 'ca.pem', 'cert.pem', 'key.pem']) writeFileSync(join(folder, name), `of ${name}\n`);

const whole: JoinFlags = { server: ['https://one:7400'], node: 'web-1', tokenFile: 'token' };
const shown = { nodeCert: 'cert.pem', nodeKey: 'key.pem', serverCa: 'ca.pem' };

/** Everything that is wrong, a line each, or nothing. */
function wrongIn(run: () => unknown): readonly string[] {
  try {
    run();
    return [];
  } catch (error) {
    assert.ok(error instanceof Failure, String(error));
    for (const { code, fix } of error.problems) assert.ok(fix !== undefined || code === 'GL0002', 'whoever is refused is told what to write');
    return error.problems.map(({ message }) => message);
  }
}

describe('up --server', () => {
  const refused: Readonly<Record<string, readonly [flags: JoinFlags, reasons: readonly RegExp[]]>> = {
    'without a credential': [{ server: ['https://one:7400'], node: 'web-1' }, [/a token or a certificate/]],
    'with a certificate without its key': [{ ...whole, nodeCert: 'cert.pem' }, [/belong together/]],
    'with a token file that is not there': [{ ...whole, tokenFile: 'none' }, [/ENOENT/]],
    'over plain http beyond this machine': [{ ...whole, server: ['http://10.0.0.10:7400'] }, [/unencrypted/]],
    'at what is no address': [{ ...whole, server: ['one:7400'] }, [/no address of a server/]],
    'at an address with a path': [{ ...whole, server: ['https://one:7400/api'] }, [/no address of a server/]],
    'under a name that is none': [{ ...whole, node: 'web 1' }, [/no name of a node/]],
    'with a label that is none': [{ ...whole, label: ['zone'] }, [/is no label/]],
    'with a version of no service': [{ ...whole, run: ['v2'] }, [/no version of a service/]],
    'with a passage and no certificate': [{ ...whole, passage: '10.0.0.21:7500' }, [/show each other certificates/]],
    'with a passage on all addresses that nobody can be told': [{ ...whole, ...shown, passage: '0.0.0.0:7500' }, [/none that others could be told/]],
    'with several faults at once': [{ ...whole, node: '', label: ['x'], run: ['y'] }, [/no name/, /no label/, /no version/]],
  };
  for (const [title, [flags, reasons]] of Object.entries(refused)) {
    test(`${title} is refused`, () => {
      const wrong = wrongIn(() => joinPlanFrom(flags, folder));
      assert.equal(wrong.length, reasons.length, wrong.join('\n'));
      for (const [n, reason] of reasons.entries()) assert.match(wrong[n] ?? '', reason);
    });
  }

  test('several servers may be named in one place or many, and loopback needs no TLS', () => {
    assert.deepEqual(joinPlanFrom({ ...whole, server: ['https://one:7400,https://two:7400', 'http://127.0.0.1:7400'] }, folder)?.servers, ['https://one:7400', 'https://two:7400', 'http://127.0.0.1:7400']);
  });

  test('credentials are read again for each connection', () => {
    const plan = joinPlanFrom({ ...whole, ...shown }, folder);
    assert.equal(plan?.credentials().token, 'of token');
    writeFileSync(join(folder, 'token'), 'another\n');
    assert.deepEqual(plan.credentials(), { token: 'another', ca: 'of ca.pem\n', cert: 'of cert.pem\n', key: 'of key.pem\n' });
    writeFileSync(join(folder, 'token'), 'of token\n');
  });

  test('--run means canaries: stable runs everywhere', () => {
    const runs = joinPlanFrom({ ...whole, run: ['web/v2', 'shop/*'] }, folder)?.runs;
    const of = (service: string, version: string, role: 'stable' | 'canary'): boolean | undefined => runs?.({ service, version, role });
    assert.deepEqual([of('web', 'v1', 'stable'), of('web', 'v2', 'canary'), of('web', 'v3', 'canary'), of('shop', 'v9', 'canary')], [true, true, false, true]);
  });

  const own: Readonly<Record<string, readonly [OwnFlags, string | null]>> = {
    '--canary': [{ canary: './v2.js' }, null], '--percent': [{ percent: '5' }, null], '--cookie': [{ cookie: ['beta=1'] }, null], '--header': [{ header: ['x=1'] }, null], '--port': [{ port: ['80'] }, null],
    '--workers': [{ workers: '2' }, null], '--service': [{ service: 'web' }, null], '--expose-route': [{ exposeRoute: true }, null], '--api': [{ api: '127.0.0.1:7400' }, null], './v1.js': [{}, './v1.js'],
  };
  for (const [name, [flags, script]] of Object.entries(own)) {
    test(`${name} beside it is refused: what would be passed over without a word`, () => assert.deepEqual(wrongIn(() => refuseOwn(flags, script)).map((line) => line.split(' ')[0]), [name]));
  }

  test('a config file beside it is not', () => assert.deepEqual(wrongIn(() => refuseOwn({}, null)), []));
});

describe('server --first', () => {
  const refused: Readonly<Record<string, readonly [Parameters<typeof firstStageFrom>[0], RegExp]>> = {
    'no label': [{ first: 'zone' }, /is no label/], 'no time': [{ first: 'zone=a', firstFor: 'soon' }, /is no time/], 'a time for nobody': [{ firstFor: '60s' }, /is about --first/],
  };
  for (const [title, [flags, reason]] of Object.entries(refused)) test(`${title} is refused`, () => assert.match(wrongIn(() => firstStageFrom(flags)).join('\n'), reason));

  test('is a minute unless it is said, and nobody goes first unless it is said', () => {
    assert.deepEqual([firstStageFrom({ first: 'zone=a' }), firstStageFrom({ first: 'zone=a', firstFor: '10s' }), firstStageFrom({})], [{ label: ['zone', 'a'], forMs: 60_000 }, { label: ['zone', 'a'], forMs: 10_000 }, null]);
  });
});
