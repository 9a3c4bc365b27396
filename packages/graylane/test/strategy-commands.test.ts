// check, test, export and import as a user calls them: by output and exit code.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { Project, type Outcome } from './support/project.ts';

const services = 'services:\n  web: { stable: v0, versions: { v0: {}, v1: {}, v2: {} } }\n';
const wide = "{ name: wide, priority: 10, when: [{ header: { x-os: Android } }], versions: { web: v1 } }";
const narrow = "{ name: narrow, priority: 20, when: [{ header: { x-os: Android, x-city: Beijing } }], versions: { web: v2 } }";

const projects: Project[] = [];
after(() => Promise.all(projects.map((project) => project.remove())));

async function run(files: Readonly<Record<string, string>>, ...args: readonly string[]): Promise<Outcome & { readonly read: (name: string) => string }> {
  const project = new Project(files);
  projects.push(project);
  return { ...await project.run(...args), read: (name) => readFileSync(join(project.folder, name), 'utf8') };
}

describe('check', () => {
  it('--fix reorders priorities in the file and leaves everything else as it is', async () => {
    const { code, stderr, read } = await run({ 'graylane.config.yaml': `# ours\n${services}releases:\n  - ${wide} # stays\n  - ${narrow}\n` }, 'check', '--fix');
    assert.equal(code, 0);
    assert.match(stderr, /new priorities: wide: 20, narrow: 10/);
    assert.equal(read('graylane.config.yaml'), `# ours\n${services}releases:\n  - ${wide.replace('10', '20')} # stays\n  - ${narrow.replace('20', '10')}\n`);
  });
  it('--fix of a config in code says which priorities to write', async () => {
    const config = `export default { services: { web: { stable: 'v0', versions: { v0: {}, v1: {}, v2: {} } } }, releases: [{ name: 'wide', priority: 1, when: [{}], versions: { web: 'v1' } }, { name: 'narrow', priority: 2, when: [{ header: { a: 'b' } }], versions: { web: 'v2' } }] };`;
    const { code, stderr } = await run({ 'graylane.config.mjs': config }, 'check', '--fix');
    assert.equal(code, 1);
    assert.match(stderr, /GL0089[^]*wide: 20, narrow: 10/);
  });
  it('of a folder joins its releases, and findings name the file of each', async () => {
    const { code, stdout } = await run({ 'graylane.config.yaml': services, 'canaries/a.yaml': wide, 'canaries/b.yaml': `- ${narrow}` }, 'check', 'canaries');
    assert.equal(code, 2);
    assert.match(stdout, /GL1102 'narrow' is never selected[^]*canaries\/b\.yaml:1:3 \(\/0\)/);
  });
});

it('test tells which saved requests go elsewhere, and why', async () => {
  const requests = 'requests:\n  - { name: both, request: GET /cart, headers: { x-os: Android, x-city: Beijing }, expect: { web: v2 } }\n  - { request: GET /cart, headers: { x-os: Android }, expect: { web: v1 }, lane: wide }\n  - { request: GET /, lane: null }\n';
  const { code, stdout } = await run({ 'graylane.config.yaml': `${services}releases:\n  - ${wide}\n  - ${narrow}\n`, 'requests.yaml': requests }, 'test', 'requests.yaml');
  assert.equal(code, 1);
  assert.match(stdout, /GL0077 both: web is v1, expected v2\n {2}at requests\.yaml:2:5[^]*narrow \(priority 20\): would be in, but a release of smaller priority number has the request[^]*3 requests, 1 differing/);
});

it('test refuses requests that say nothing, all at once', async () => {
  const { code, stderr } = await run({ 'graylane.config.yaml': services, 'requests.json': '[{ "request": 7, "expect": {} }, { "request": "GET /", "expct": {} }]' }, 'test', 'requests.json');
  assert.equal(code, 2);
  assert.match(stderr, /no `request`[^]*nothing is expected[^]*`expct` is not a key/);
});

it('what is exported is imported again', async () => {
  const exported = await run({ 'graylane.config.yaml': `${services}releases:\n  - ${wide.replace('10', '30')}\n  - ${narrow}\n` }, 'export', '--to', 'gateway-api');
  assert.equal(exported.code, 0, exported.stderr);
  const { code, read } = await run({ 'route.yaml': exported.stdout }, 'import', '--from', 'gateway-api', 'route.yaml', '-o', 'graylane.config.yaml');
  assert.equal(code, 0);
  assert.match(read('graylane.config.yaml'), /name: web-v2[^]*priority: 10[^]*name: web-v1[^]*priority: 20/);
});

it('what a target cannot say is an error with its place', async () => {
  const { code, stdout, stderr } = await run({ 'graylane.config.yaml': `${services}releases:\n  - { name: some, percent: 5, when: [{}], versions: { web: v1 } }\n` }, 'export', '--to', 'istio');
  assert.deepEqual([code, stdout], [1, '']);
  assert.match(stderr, /GL0076 5 % of the users[^]*graylane\.config\.yaml:4[^]*drawn for each request/);
});
