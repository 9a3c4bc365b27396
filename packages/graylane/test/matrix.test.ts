// The whole product on every Node that it runs on: the command, the anchor, the supervisor, its store and its workers. On Node 20
// the workers alone, beside a supervisor on this one.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { request, type ClientRequest, type IncomingMessage } from 'node:http';
import { describe, test } from 'node:test';
import { ApiClient } from '@graylane/control';
import { nodeBinary } from '../../../tools/nodes.ts';
import { ask } from './support/ask.ts';
import { freePort, Project } from './support/project.ts';

interface Runtime {
  readonly major: string;
  /** Of graylane itself; null is this one. */
  readonly command: string | null;
  /** Of the workers; null is graylane's own. */
  readonly interpreter: string | null;
}

const runtimes: readonly Runtime[] = [
  { major: '20', command: null, interpreter: nodeBinary('20') },
  { major: '22', command: nodeBinary('22'), interpreter: null },
  { major: '26', command: nodeBinary('26'), interpreter: null },
];

/** Says who it is; an upload is answered with the first byte, and the answer ends with the upload. */
const app = (version: string): string => `
require('node:http').createServer((request, response) => {
  response.write('${version} on ' + process.versions.node.split('.')[0] + ' in ' + process.pid);
  request.resume().on('end', () => response.end());
}).listen(process.env.PORT);
`;

/** A request under way for as long as the test wants. */
class Upload {
  readonly #request: ClientRequest;
  readonly #body: Promise<string>;
  /** The answer so far. */
  readonly begun: string;

  private constructor(request: ClientRequest, body: Promise<string>, begun: string) {
    this.#request = request;
    this.#body = body;
    this.begun = begun;
  }

  static async begin(port: number): Promise<Upload> {
    const outgoing = request({ port, method: 'POST', agent: false });
    outgoing.write('a');
    const [response] = (await once(outgoing, 'response')) as [IncomingMessage];
    response.setEncoding('utf8');
    const [begun] = (await once(response, 'data')) as [string];
    let body = begun;
    response.on('data', (text: string) => { body += text; });
    return new Upload(outgoing, once(response, 'end').then(() => body), begun);
  }

  /** The whole answer. */
  end(): Promise<string> {
    this.#request.end('z');
    return this.#body;
  }

  abandon(): void { this.#request.destroy(); }
}

function config(port: number, interpreter: string | null): string {
  const of = (version: string): object => ({ script: `./${version}.js`, ...(interpreter === null ? {} : { interpreter }) });
  return JSON.stringify({
    services: { web: { listen: port, stable: 'v1', versions: { v1: of('v1'), v2: of('v2') } } },
    releases: [{ name: 'next', when: [{}], percent: 0, versions: { web: 'v2' } }],
  });
}

for (const { major, command, interpreter } of runtimes) {
  const missing = command === null && interpreter === null ? `Node ${major} is not in .cache/nodes: run node tools/nodes.ts` : false;
  describe(`Node ${major}`, { skip: missing }, () => {
    test('pools come up, a canary takes users and gives them back, a reload loses nothing, and all of it ends', { timeout: 200_000 }, async (t) => {
      const port = await freePort();
      const project = new Project({ 'graylane.config.json': config(port, interpreter), 'v1.js': app('v1'), 'v2.js': app('v2') }, [], command ?? process.execPath);
      t.after(() => project.remove());
      const up = await project.up();
      const client = new ApiClient({ socketPath: project.api, who: 'test' });
      const asked = async (version: string): Promise<void> => assert.match(await ask(port), new RegExp(`^${version} on ${major} in `));
      await asked('v1');
      await client.split('next', '100%', null);
      await asked('v2');

      const upload = await Upload.begin(port);
      t.after(() => upload.abandon());
      const reload = project.run('reload', 'web/v2');
      while (await ask(port) === upload.begun);
      assert.equal(await upload.end(), upload.begun, 'the worker that is replaced ends what it has begun');
      assert.equal((await reload).code, 0);
      await asked('v2');

      await client.verb('next', 'rollback', {});
      await asked('v1');
      const down = await project.run('down');
      assert.equal(down.code, 0, down.stderr);
      assert.equal(await up.ended, 0);
      await assert.rejects(ask(port), /ECONNREFUSED/);
    });
  });
}
