// Which supervisor a command means: never one of another project by being the only one.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { contextOf } from '../src/cli/context.ts';
import { locateApi, refuseSecond } from '../src/cli/locate.ts';
import { placeOf } from '../src/place.ts';

class Machine {
  readonly root: string = mkdtempSync(join(tmpdir(), 'gll-'));
  readonly environment: NodeJS.ProcessEnv = { GRAYLANE_RUN_DIR: join(this.root, 'r') };
  readonly #listening: Server[] = [];

  constructor(t: TestContext) {
    t.after(() => {
      for (const server of this.#listening) server.close();
      rmSync(this.root, { recursive: true, force: true });
    });
  }

  /** A folder, with or without a config file. */
  folder(name: string, config: boolean): string {
    const path = join(this.root, name);
    mkdirSync(path);
    if (config) writeFileSync(join(path, 'graylane.config.yaml'), 'services: {}\n');
    return path;
  }

  /** Somebody who answers as the supervisor of a folder; the path of the API. */
  async supervisor(folder: string): Promise<string> {
    const { api } = placeOf(folder, this.environment);
    mkdirSync(dirname(api), { recursive: true });
    const server = createServer().listen(api);
    this.#listening.push(server);
    await once(server, 'listening');
    return api;
  }

  /** Somebody who starts: agents can reach it, commands cannot. */
  async starting(folder: string): Promise<void> {
    const { control } = placeOf(folder, this.environment);
    mkdirSync(dirname(control), { recursive: true });
    const server = createServer().listen(control);
    this.#listening.push(server);
    await once(server, 'listening');
  }

  locate(directory: string, project?: string): Promise<string> {
    return locateApi({ ...contextOf({}), directory, environment: this.environment, project });
  }
}

test('a command in a project means the supervisor of that project', async (t) => {
  const machine = new Machine(t);
  const [a, b] = [machine.folder('a', true), machine.folder('b', true)];
  const api = await machine.supervisor(a);
  await machine.supervisor(b);
  assert.equal(await machine.locate(a), api);
});

test('a command in a project that does not run never means the only one that does', async (t) => {
  const machine = new Machine(t);
  const [a, b] = [machine.folder('a', true), machine.folder('b', true)];
  const api = await machine.supervisor(a);
  await assert.rejects(machine.locate(b), new RegExp(`GL0030 no supervisor runs for .*/b`));
  assert.equal(await machine.locate(b, '../a'), api, 'unless it is named');
});

test('outside of any project the only one is meant, and of two none', async (t) => {
  const machine = new Machine(t);
  const elsewhere = machine.folder('elsewhere', false);
  const api = await machine.supervisor(machine.folder('a', true));
  assert.equal(await machine.locate(elsewhere), api);
  await machine.supervisor(machine.folder('b', true));
  await assert.rejects(machine.locate(elsewhere), /GL0030 2 supervisors are running/);
});

test('a project that starts from scripts is one from its first moment on: `graylane down` there ends nobody else', async (t) => {
  const machine = new Machine(t);
  const scripts = machine.folder('scripts', false);
  await machine.supervisor(machine.folder('a', true));
  await machine.starting(scripts);
  await assert.rejects(machine.locate(scripts), /GL0030 graylane up is still starting for .*\/scripts/);
});

test('a project that ran from scripts stays one when it has ended', async (t) => {
  const machine = new Machine(t);
  const scripts = machine.folder('scripts', false);
  mkdirSync(placeOf(scripts, machine.environment).state);
  await machine.supervisor(machine.folder('a', true));
  await assert.rejects(machine.locate(scripts), /GL0030 no supervisor runs for .*\/scripts/);
});

test('a second `graylane up` is told that the first one runs', async (t) => {
  const machine = new Machine(t);
  const folder = machine.folder('a', true);
  await refuseSecond(folder, machine.environment);
  await machine.starting(folder);
  await assert.rejects(refuseSecond(folder, machine.environment), /GL2012 graylane up already runs for .*\/a/);
});
