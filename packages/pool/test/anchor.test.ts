// The anchor with supervisors that the test plays, on a clock that it holds: when the next one starts, and what ends it all.

import assert from 'node:assert/strict';
import { EventEmitter } from 'node:events';
import { test } from 'node:test';

import { Anchor } from '../src/anchor/anchor.ts';
import type { NoteToAnchor } from '../src/anchor/notes.ts';
import { FakeClock } from './support/fake-clock.ts';

class FakeSupervisor extends EventEmitter {
  connected = true;
  readonly signals: NodeJS.Signals[] = [];
  readonly held: ReadonlyMap<string, number>;

  constructor(held: ReadonlyMap<string, number>) {
    super();
    this.held = held;
  }

  kill(signal: NodeJS.Signals): boolean {
    this.signals.push(signal);
    return true;
  }

  says(note: NoteToAnchor, handle?: unknown): void { this.emit('message', note, handle); }

  /** Its end, with everything that it has said. */
  dies(code: number | null, signal: NodeJS.Signals | null = null): void {
    this.closes();
    this.emit('exit', code, signal);
  }

  /** Its end is noticed first. */
  exits(code: number): void { this.emit('exit', code, null); }

  closes(): void {
    this.connected = false;
    this.emit('disconnect');
  }
}

class Ward {
  readonly clock: FakeClock = new FakeClock();
  readonly supervisors: FakeSupervisor[] = [];
  readonly restarts: [why: string, delayMs: number][] = [];
  readonly closed: number[] = [];
  readonly anchor: Anchor;
  code: number | null = null;

  constructor(hasStood: boolean = false, inherited: Readonly<Record<string, number>> = {}) {
    this.anchor = new Anchor({
      clock: this.clock, inherited,
      closeInherited: (fd) => this.closed.push(fd),
      start: (held) => {
        const supervisor = new FakeSupervisor(held);
        this.supervisors.push(supervisor);
        return supervisor;
      },
      onRestart: (why, delayMs) => this.restarts.push([why, delayMs]),
    }, hasStood);
    void this.anchor.ended.then((code) => { this.code = code; });
  }

  /** The supervisor that was started last. */
  get last(): FakeSupervisor {
    const last = this.supervisors.at(-1);
    assert.ok(last !== undefined, 'no supervisor was started');
    return last;
  }

  /** What is settled by now has been heard. */
  async settled(): Promise<number | null> {
    await this.clock.pass(1);
    return this.code;
  }

  /** A supervisor that was up and is gone. */
  stoodAndDied(): void {
    this.anchor.raise();
    this.last.says({ anchor: 'standing' });
    this.last.dies(null, 'SIGKILL');
  }
}

test('a supervisor that never came up is not tried again, and its exit code is the end', async () => {
  const ward = new Ward();
  ward.anchor.raise();
  ward.last.dies(2);
  assert.equal(await ward.settled(), 2);
  assert.equal(ward.supervisors.length, 1);
});

test('one that was up is followed at once; those that die while starting are followed later and later', async () => {
  const ward = new Ward();
  ward.stoodAndDied();
  for (let tries = 0; tries < 9; tries += 1) {
    await ward.clock.pass(ward.restarts.at(-1)?.[1] ?? 0);
    await ward.clock.pass(1);
    assert.equal(ward.supervisors.length, tries + 2);
    ward.last.dies(1);
  }
  assert.deepEqual(ward.restarts.map(([, delayMs]) => delayMs), [0, 50, 100, 200, 400, 800, 1_600, 3_200, 5_000, 5_000]);
  assert.equal(await ward.settled(), null, 'it goes on trying');
});

test('one that comes up in between wipes the slate', async () => {
  const ward = new Ward();
  ward.stoodAndDied();
  await ward.clock.pass(1);
  ward.last.dies(1);
  await ward.clock.pass(51);
  ward.last.says({ anchor: 'standing' });
  ward.last.dies(1);
  await ward.clock.pass(1);
  ward.last.dies(1);
  assert.deepEqual(ward.restarts.map(([, delayMs]) => delayMs), [0, 50, 0, 50]);
});

test('its goodbye is the end, whatever it then dies of', async () => {
  const ward = new Ward();
  ward.anchor.raise();
  ward.last.says({ anchor: 'standing' });
  ward.last.says({ anchor: 'goodbye', code: 0 });
  ward.last.dies(null, 'SIGKILL');
  assert.equal(await ward.settled(), 0);
  assert.equal(ward.supervisors.length, 1);
});

test('last words that arrive after its end count: it was up, so it is followed', async () => {
  const ward = new Ward();
  ward.anchor.raise();
  ward.last.exits(1);
  ward.last.says({ anchor: 'standing' });
  ward.last.closes();
  await ward.clock.pass(1);
  assert.equal(ward.code, null);
  assert.equal(ward.supervisors.length, 2);
});

test('a goodbye that arrives after its end counts', async () => {
  const ward = new Ward();
  ward.stoodAndDied();
  await ward.clock.pass(1);
  ward.last.exits(1);
  ward.last.says({ anchor: 'goodbye', code: 3 });
  ward.last.closes();
  assert.equal(await ward.settled(), 3);
});

test('a channel that somebody else holds open is not waited for longer than a second', async () => {
  const ward = new Ward();
  ward.anchor.raise();
  ward.last.says({ anchor: 'standing' });
  ward.last.exits(1);
  await ward.clock.pass(999);
  assert.equal(ward.restarts.length, 0);
  await ward.clock.pass(2);
  assert.deepEqual(ward.restarts, [['exit code 1', 0]]);
});

test('SIGTERM while a supervisor is starting again reaches it a second time when it is up', async () => {
  const ward = new Ward();
  ward.stoodAndDied();
  await ward.clock.pass(1);
  ward.anchor.signal('SIGTERM');
  assert.deepEqual(ward.last.signals, ['SIGTERM']);
  ward.last.says({ anchor: 'standing' });
  assert.deepEqual(ward.last.signals, ['SIGTERM', 'SIGTERM']);
});

test('SIGTERM between two supervisors starts the next one at once and ends it: workers serve until somebody ends them', async () => {
  const ward = new Ward();
  ward.stoodAndDied();
  await ward.clock.pass(1);
  ward.last.dies(1);
  assert.equal(ward.restarts.at(-1)?.[1], 50);
  ward.anchor.signal('SIGTERM');
  assert.equal(ward.supervisors.length, 3, 'the wait is over');
  ward.last.says({ anchor: 'standing' });
  assert.deepEqual(ward.last.signals, ['SIGTERM']);
  ward.last.says({ anchor: 'goodbye', code: 0 });
  ward.last.dies(0);
  assert.equal(await ward.settled(), 0);
  await ward.clock.pass(100);
  assert.equal(ward.supervisors.length, 3, 'the cancelled wait starts nobody');
});

test('a supervisor that the wish for the end has killed before it could hear it is followed by one that can', async () => {
  const ward = new Ward();
  ward.stoodAndDied();
  await ward.clock.pass(1);
  ward.anchor.signal('SIGTERM');
  ward.last.dies(null, 'SIGTERM');
  await ward.clock.pass(51);
  ward.last.says({ anchor: 'standing' });
  assert.deepEqual(ward.last.signals, ['SIGTERM']);
});

test('where the end is wanted and nobody comes up, it is the end', async () => {
  const ward = new Ward();
  ward.stoodAndDied();
  await ward.clock.pass(1);
  ward.last.dies(1);
  ward.anchor.signal('SIGINT');
  ward.last.dies(7);
  assert.equal(await ward.settled(), 7);
});

test('SIGUSR2 is passed on and asks for no end', async () => {
  const ward = new Ward();
  ward.stoodAndDied();
  ward.anchor.signal('SIGUSR2');
  await ward.clock.pass(1);
  ward.anchor.signal('SIGUSR2');
  ward.last.says({ anchor: 'standing' });
  assert.deepEqual(ward.last.signals, ['SIGUSR2']);
});

test('each supervisor inherits what is held: what was there at birth, and what came since, but not what was dropped', async () => {
  const ward = new Ward(false, { a: 3, b: 4 });
  let closed = 0;
  const handle = { fd: 9, close: () => { closed += 1; }, getsockname: () => 0 };
  ward.anchor.raise();
  ward.last.says({ anchor: 'standing' });
  ward.last.says({ anchor: 'keep', key: 'c' }, handle);
  ward.last.says({ anchor: 'keep', key: 'd' }, handle);
  ward.last.says({ anchor: 'drop', key: 'a' });
  ward.last.says({ anchor: 'drop', key: 'd' });
  ward.last.dies(1);
  await ward.clock.pass(1);
  assert.deepEqual([...ward.last.held], [['b', 4], ['c', 9]]);
  assert.deepEqual([closed, ward.closed], [1, [3]], 'no copy stays behind, or clients would still be led to it');
});

test('a successor starts nobody while the supervisor that started it lives, and the next one when it is lost', async () => {
  const ward = new Ward(true, { a: 3 });
  await ward.clock.pass(100);
  assert.equal(ward.supervisors.length, 0);
  ward.anchor.lost();
  await ward.clock.pass(1);
  assert.equal(ward.supervisors.length, 1);
  ward.last.dies(1);
  assert.deepEqual(ward.restarts, [['its channel closed', 0], ['exit code 1', 50]]);
});

test('a successor whose supervisor has said goodbye ends with it', async () => {
  const ward = new Ward(true);
  ward.anchor.hear({ anchor: 'goodbye', code: 0 }, undefined);
  ward.anchor.lost();
  assert.equal(await ward.settled(), 0);
  assert.equal(ward.supervisors.length, 0);
});
