// What a disk and an operating system can do to the store: kill it in mid-write, fill up, become read-only, take a backup back.

import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { systemClock } from '../../src/clock.ts';
import { restoreBackup } from '../../src/store/backup.ts';
import { StoreError } from '../../src/store/errors.ts';
import { openSqliteStore } from '../../src/store/sqlite/sqlite-store.ts';
import type { Store } from '../../src/store/store.ts';
import { FakeClock } from '../fake-clock.ts';
import { testFolder } from '../support/folder.ts';

/** The long form is asked for: GRAYLANE_LONG=1. */
const KILLS = process.env['GRAYLANE_LONG'] === '1' ? 200 : 8;

/** A file system of its own. */
const NEEDS_MOUNT = 'needs the right to mount a tmpfs (root on Linux)';

describe('the store', () => {
  inFolder(`killed ${KILLS} times in mid-write has all that was acknowledged, nothing that was not tried, and no revision twice`, async (dir) => {
    const file = join(dir, 'store.db');
    let acknowledged = 0;
    let revision = 0;
    for (let kill = 0; kill < KILLS; kill += 1) {
      const { tried, done, doneRevision, opened } = await killedWriter(file, 1 + ((kill * 7) % 23));
      assert.ok(opened >= revision, `revision went back from ${revision} to ${opened}`);
      acknowledged = Math.max(acknowledged, done);
      const store = await openSqliteStore({ file, clock: systemClock });
      const number = Number((await store.get('number'))?.value ?? 0);
      revision = await store.revision();
      assert.ok(number >= acknowledged && number <= Math.max(tried, acknowledged), `${number} is stored, ${acknowledged} was acknowledged, ${tried} tried`);
      assert.ok(revision >= doneRevision);
      // What was read once is there: it counts as acknowledged for those who come later.
      acknowledged = number;
      const logged = await store.list('log/', { reverse: true, limit: 1 });
      assert.equal(Number(logged[0]?.value ?? 0), number, 'both writes of a commit or none');
      await store.close();
    }
    assert.ok(acknowledged > KILLS, `only ${acknowledged} writes were acknowledged: the test tests nothing`);
  });

  inFolder('restored from a backup has what the backup had, and keeps what was there beside it', async (dir) => {
    const file = join(dir, 'store.db');
    const backup = join(dir, 'backup.db');
    const store = await openSqliteStore({ file, clock: new FakeClock() });
    await put(store, 'a', 'old');
    await store.backup(backup);
    await put(store, 'a', 'new');
    await store.close();
    assert.equal(await restoreBackup(backup, file, new FakeClock()), `${file}.before-restore`);
    assert.equal(await valueIn(file), 'old');
    assert.equal(await valueIn(`${file}.before-restore`), 'new');
  });

  inFolder('is left alone by a backup that is damaged', async (dir) => {
    const file = join(dir, 'store.db');
    const backup = join(dir, 'backup.db');
    const store = await openSqliteStore({ file, clock: new FakeClock() });
    await put(store, 'a', 'good '.repeat(500));
    await store.backup(backup);
    await store.close();
    const bytes = readFileSync(backup);
    bytes.fill(0x55, Math.floor(bytes.length / 2), Math.floor(bytes.length / 2) + 600);
    writeFileSync(backup, bytes);
    await assert.rejects(restoreBackup(backup, file, new FakeClock()), (error) => error instanceof StoreError && error.failure === 'damaged');
    assert.equal(await valueIn(file), 'good '.repeat(500));
  });

  inFolder('that is held by a running control plane is not restored over', async (dir) => {
    const file = join(dir, 'store.db');
    const store = await openSqliteStore({ file, clock: new FakeClock() });
    await store.backup(join(dir, 'backup.db'));
    await assert.rejects(restoreBackup(join(dir, 'backup.db'), file, new FakeClock()), (error) => error instanceof StoreError && error.failure === 'busy');
    await put(store, 'a', 'still writable');
    await store.close();
  });

  inFolder('leaves no half backup behind where there is no room for one', async (dir) => {
    const store = await openSqliteStore({ file: join(dir, 'store.db'), clock: new FakeClock() });
    await assert.rejects(store.backup(join(dir, 'none', 'backup.db')), StoreError);
    assert.equal(existsSync(join(dir, 'none')), false);
    await put(store, 'a', '1');
    await store.close();
  });

  const mounts = spawnSync('unshare', ['-m', 'true']).status === 0;
  it('on a full disk refuses the write, keeps what it had, and goes on when there is room', { skip: mounts ? false : NEEDS_MOUNT }, () => {
    const script = fileURLToPath(new URL('full-disk.ts', import.meta.url));
    const command = 'set -e; dir=$(mktemp -d); mount -t tmpfs -o size=1m tmpfs "$dir"; "$0" --conditions=graylane-source "$1" "$dir"';
    const { status, stdout, stderr } = spawnSync('unshare', ['-m', 'sh', '-c', command, process.execPath, script], { encoding: 'utf8', timeout: 30_000 });
    assert.equal(status, 0, stderr);
    assert.equal(stdout.trim(), 'full, then readable, then writable');
  });

  it('on a read-only disk says so', { skip: mounts ? false : NEEDS_MOUNT }, () => {
    const script = fileURLToPath(new URL('read-only.ts', import.meta.url));
    const node = '"$0" --conditions=graylane-source "$1" "$dir"';
    const command = `set -e; dir=$(mktemp -d); mount -t tmpfs tmpfs "$dir"; ${node} make; mount -o remount,ro "$dir"; ${node} open; mount -o remount,rw "$dir"; ${node} again`;
    const { stdout, stderr } = spawnSync('unshare', ['-m', 'sh', '-c', command, process.execPath, script], { encoding: 'utf8', timeout: 30_000 });
    assert.match(stdout, /^make: done\nopen: (read-only|io)\nagain: done\n$/, stderr);
  });
});

interface Killed {
  readonly opened: number;
  readonly tried: number;
  readonly done: number;
  readonly doneRevision: number;
}

/** Starts a writer and kills it right after its line number `lines`, wherever it then is. */
function killedWriter(file: string, lines: number): Promise<Killed> {
  const child = spawn(process.execPath, ['--conditions=graylane-source', fileURLToPath(new URL('writer.ts', import.meta.url)), file], { stdio: ['ignore', 'pipe', 'inherit'] });
  let text = '';
  child.stdout.setEncoding('utf8');
  child.stdout.on('data', (chunk: string) => {
    text += chunk;
    if (text.split('\n').length > lines) child.kill('SIGKILL');
  });
  return new Promise((resolve) => {
    child.once('close', () => {
      const words = text.split('\n').slice(0, -1).map((line) => line.split(' '));
      const last = (word: string, place: number): number => Number(words.findLast(([first]) => first === word)?.[place] ?? 0);
      resolve({ opened: last('open', 1), tried: last('try', 1), done: last('done', 1), doneRevision: last('done', 2) });
    });
  });
}

function put(store: Store, key: string, value: string): Promise<unknown> {
  return store.commit([], [{ key, value }]);
}

async function valueIn(file: string): Promise<string | undefined> {
  const store = await openSqliteStore({ file, clock: new FakeClock() });
  const entry = await store.get('a');
  await store.close();
  return entry?.value;
}

function inFolder(title: string, body: (dir: string) => Promise<void>): void {
  it(title, async () => {
    const dir = testFolder('faults');
    try {
      await body(dir);
    } finally {
      rmSync(dir, { recursive: true, force: true });
    }
  });
}
