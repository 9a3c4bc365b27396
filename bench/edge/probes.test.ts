// What the table asks of others holds for the gateway itself, every line of it.

import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { makeCertificate, noOpenssl } from '../../conformance/gateway/certificate.ts';
import { startServer } from '../server.ts';
import { startApps } from './apps.ts';
import { ASKED, sidesOf } from './features.ts';
import { probe } from './probes.ts';
import { startOf } from './rivals.ts';

void test('the gateway does all that its table asks for', { skip: noOpenssl, timeout: 60_000 }, async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'gle-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const { certFile, keyFile } = makeCertificate(folder, 'site', ['site.test', 'h2.test']);
  const apps = await startApps();
  t.after(apps.close);
  const rival = 'graylane gateway';
  const sides = await sidesOf({ folder, certificate: { cert: certFile, key: keyFile } }, rival, apps);
  const server = await startServer(sides.doors.plain, [startOf(rival, sides)]);
  t.after(() => server.stop());
  for (const name of ASKED) assert.equal(await probe(name, { rival, doors: sides.doors, seen: apps.seen }), true, name);
});
