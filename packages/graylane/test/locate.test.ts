// Which supervisor a command means: never one of another project by being the only one.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { contextOf } from '../src/cli/context.ts';
import { locateApi } from '../src/cli/locate.ts';
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
