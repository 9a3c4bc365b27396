// Keys of stamps and overrides: made once, changed in an order that no data plane notices.

import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { describe, it } from 'node:test';
import { openOverride, Stamps, parseBaggage, type Mac } from '@graylane/wire';
import { FleetKeys, type DeliveredKeys } from '../../src/access/fleet-keys.ts';
import { openSqliteStore } from '../../src/store/sqlite/sqlite-store.ts';
import type { Store } from '../../src/store/store.ts';
import { FakeClock } from '../fake-clock.ts';

const mac: Mac = (secret, text) => createHmac('sha256', Buffer.from(secret, 'base64url')).update(text, 'latin1').digest('base64url');
const DAY_MS = 86_400_000;

interface Setting {
  readonly clock: FakeClock;
  readonly store: Store;
  readonly keys: FleetKeys;
  readonly handed: DeliveredKeys[];
  everybody: boolean;
  readonly restart: () => Promise<FleetKeys>;
}

function inFleet(name: string, body: (setting: Setting) => Promise<void>): void {
  it(name, async () => {
    const clock = new FakeClock();
    const store = await openSqliteStore({ file: ':memory:', clock });
    const handed: DeliveredKeys[] = [];
    const make = (): FleetKeys => new FleetKeys({
      store, clock,
      deliver: (keys) => {
        handed.push(keys);
        return Promise.resolve(setting.everybody);
      },
      onFault: (_, error) => { throw error; },
    });
    const keys = make();
    const setting: Setting = {
      clock, store, keys, handed, everybody: true,
      restart: async () => {
        const next = make();
        await next.start();
        return next;
      },
    };
    await keys.start();
    try {
      await body(setting);
    } finally {
      keys.stop();
      await store.close();
    }
  });
}

const newest = (handed: readonly DeliveredKeys[]): DeliveredKeys => handed.at(-1) ?? assert.fail('nothing was handed out');

describe('the keys of a fleet', () => {
  inFleet('are made once and outlive a restart', async ({ handed, restart }) => {
    const second = await restart();
    second.stop();
    assert.equal(handed.length, 2);
    assert.deepEqual(handed[0], handed[1]);
    const [key] = newest(handed).ring.keys;
    assert.match(key?.secret ?? '', /^[\w-]{43}$/);
  });

  inFleet('are announced before they seal, and what the former one sealed holds until the next change', async ({ keys, handed, clock }) => {
    const sealed = (await keys.override('android', 3600)).token;
    const holds = (): boolean => {
      const stamps = new Stamps(mac, () => clock.now());
      stamps.setKeys(newest(handed).ring);
      return openOverride(stamps.seals, sealed).kind === 'valid';
    };
    const before = newest(handed).ring;
    assert.equal(await keys.rotate(), true);
    const [announced, changed] = handed.slice(-2);
    assert.equal(announced?.ring.sign, before.sign);
    assert.equal(announced.ring.keys.length, 2);
    assert.notEqual(changed?.ring.sign, before.sign);
    assert.deepEqual(changed?.ring.keys, announced.ring.keys);
    assert.ok(holds());
    await keys.rotate();
    assert.equal(holds(), false);
  });

  inFleet('do not change while somebody lacks the new one; the change goes on later, also after a restart', async (setting) => {
    const { keys, handed } = setting;
    const { sign } = newest(handed).ring;
    setting.everybody = false;
    assert.equal(await keys.rotate(), false);
    assert.equal(newest(handed).ring.sign, sign);
    setting.everybody = true;
    const next = await setting.restart();
    assert.equal(newest(handed).ring.sign, sign);
    assert.equal(await next.rotate(), true);
    next.stop();
    assert.notEqual(newest(handed).ring.sign, sign);
    assert.equal(newest(handed).ring.keys.length, 2);
  });

  inFleet('change by themselves when they are old', async ({ clock, handed, store }) => {
    const { sign } = newest(handed).ring;
    clock.jump(31 * DAY_MS);
    await clock.advance(60_000);
    for (let i = 0; i < 50 && newest(handed).ring.sign === sign; i++) await store.revision();
    assert.notEqual(newest(handed).ring.sign, sign);
  });
});

describe('override tokens', () => {
  inFleet('make data planes look for them from the first one on', async ({ keys, handed, clock }) => {
    assert.equal(newest(handed).overrides, false);
    const { token, lane, expires } = await keys.override('android', 60);
    assert.deepEqual([lane, expires], ['android', new Date(Math.floor(clock.now() / 1000) * 1000 + 60_000).toISOString()]);
    assert.equal(newest(handed).overrides, true);
    const stamps = new Stamps(mac, () => clock.now());
    stamps.setKeys(newest(handed).ring);
    assert.equal(openOverride(stamps.seals, token).kind, 'valid');
    assert.deepEqual(stamps.open(parseBaggage(`graylane.gen=1,graylane.lane=android,graylane.sig=${token}`)), { kind: 'refused', reason: 'malformed' });
    const count = handed.length;
    await keys.override('android', 60);
    assert.equal(handed.length, count, 'nothing new for data planes');
  });

  inFleet('last 30 days at most', async ({ keys }) => {
    await assert.rejects(keys.override('android', 31 * 86_400), /30 days at most/);
  });
});
