import assert from 'node:assert/strict';
import { createServer } from 'node:net';
import { once } from 'node:events';
import { test } from 'node:test';
import { appSource, freePort, Project } from './support/project.ts';

interface Case {
  readonly files?: Readonly<Record<string, string>>;
  readonly args: readonly string[];
  readonly code: number;
  /** All must be in what is said on stderr. */
  readonly says: readonly (string | RegExp)[];
}

const config = (services: string, more = ''): Readonly<Record<string, string>> => ({ 'graylane.config.yaml': `services:\n  web:\n${services}\n${more}`, 'v1.js': appSource('one') });

const cases: Readonly<Record<string, Case>> = {
  'an unknown key is named with its place and a suggestion': {
    files: config('    listen: 8080\n    stable: v1\n    versions: { v1: { script: ./v1.js } }', 'releases:\n  - { name: a, when: [{}], percnt: 5, versions: { web: v1 } }'),
    args: ['up'], code: 2, says: [/GL1003.*percnt/, /graylane\.config\.yaml:7/, /did you mean.*percent/i],
  },
  'a wrong type is named in the words of the document': {
    files: config('    listen: 8080\n    stable: v1\n    versions: { v1: { script: 5 } }'),
    args: ['check'], code: 2, says: ['GL1002', '/services/web/versions/v1/script'],
  },
  'an unknown stable version is named with those that there are': {
    files: config('    listen: 8080\n    stable: v9\n    versions: { v1: { script: ./v1.js } }'),
    args: ['check'], code: 2, says: ['GL1012', 'v9', 'v1'],
  },
  'a release of a version that does not exist is refused, with its place and those that there are': {
    files: config('    listen: 8080\n    stable: v1\n    versions: { v1: { script: ./v1.js } }', 'releases:\n  - { name: a, when: [{}], percent: 5, versions: { web: v2 } }'),
    args: ['up'], code: 2, says: ['GL1106', "'v2'", /graylane\.config\.yaml:7/],
  },
  'two syntax errors are told at once': {
    files: { 'graylane.config.json': '{ "services": { "web": { "stable": "v1" "versions": {} } },\n  "releases": [ }' },
    args: ['check'], code: 2, says: [/GL0006[^]*GL0006/, 'graylane.config.json:1', 'graylane.config.json:2'],
  },
  'two errors of meaning are told at once': {
    files: config('    listn: 8080\n    stable: v9\n    versions: { v1: { scrpt: ./v1.js } }'),
    args: ['check'], code: 2, says: ['listn', 'scrpt'],
  },
  'a missing priority hides no other error': {
    files: config('    listen: 8080\n    stable: v1\n    versions: { v1: { script: ./v1.js }, v2: { script: ./v1.js } }', 'releases:\n  - { name: a, when: [{}], percent: 5, versions: { web: v3, shop: v2 } }\n  - { name: b, priority: 1, when: [{ tag: { os: android } }], versions: { web: v2 } }'),
    args: ['check'], code: 2, says: ['GL1011', /GL1106 .*'v3'/, /GL1105 .*'shop'/, /GL1107 .*'os'/, /graylane\.config\.yaml:7[^]*graylane\.config\.yaml:8/],
  },
  'a config in TypeScript that does not parse is shown with its line': {
    files: { 'graylane.config.ts': 'export default {\n  services: { web: { stable: "v1",, versions: {} } },\n};\n' },
    args: ['check'], code: 2, says: ['GL0006', 'graylane.config.ts:2'],
  },
  'a config that imports what is not there is told so': {
    files: { 'graylane.config.ts': "import nothing from './nothing.ts';\nexport default nothing;\n" },
    args: ['check'], code: 2, says: ['GL0006', 'nothing.ts', 'fix: correct the import'],
  },
  'a config with syntax that leaves code behind is told what Node can take away': {
    files: { 'graylane.config.ts': 'enum A { B }\nexport default { services: {} };\n' },
    args: ['check'], code: 2, says: ['GL0006', 'graylane.config.ts:1', 'enum', 'fix: Node only takes types away'],
  },
  'YAML that is no YAML is shown with its place and what to look for': {
    files: { 'graylane.config.yaml': 'services:\n  web:\n    listen: 8080\n   stable: v1\n' },
    args: ['check'], code: 2, says: ['GL0006', 'graylane.config.yaml:4:1', 'fix: correct the text there'],
  },
  'a folder without a config file is no config file': { args: ['up', '.'], code: 2, says: [/GL0008 there is no graylane\.config\.\* in /] },
  'a number that is none is told with what to write': { files: { 'v1.js': appSource('one') }, args: ['up', './v1.js', '--port', 'abc'], code: 2, says: ['GL0021 --port abc', 'fix:'] },
  'no worker at all cannot serve everybody': { files: { 'v1.js': appSource('one') }, args: ['up', './v1.js', '--workers', '0'], code: 2, says: ['GL0021 --workers 0', 'one at least'] },
  'a revision that is no number is never taken for none': {
    files: config('    listen: 8080\n    stable: v1\n    versions: { v1: { script: ./v1.js } }'),
    args: ['apply', '--revision', 'abc'], code: 2, says: ['GL0021 --revision abc', 'fix:'],
  },
  'a step that is no number is never taken for none': { args: ['promote', 'next', '--step', 'abc'], code: 2, says: ['GL0021 --step abc'] },
  'a time that is no number is not for ever': { args: ['down', '--timeout', 'abc'], code: 2, says: ['GL0021 --timeout abc'] },
  'a method alone is no request': {
    files: config('    listen: 8080\n    stable: v1\n    versions: { v1: { script: ./v1.js } }'),
    args: ['explain', 'GET', '-c', 'graylane.config.yaml'], code: 2, says: ["GL0040 the request 'GET' has no path", "'GET /'"],
  },
  'a heap snapshot that is not there is told where one comes from': { args: ['heap', 'diff', 'a.heapsnapshot', 'b.heapsnapshot'], code: 2, says: ['GL0061', 'graylane heap snapshot WORKER'] },
  'a file of requests that is not there is told so': { files: config('    listen: 8080\n    stable: v1\n    versions: { v1: { script: ./v1.js } }'), args: ['test', 'nope.yaml'], code: 2, says: ['GL0002', 'nope.yaml', 'fix:'] },
  'a project that is not there is no project': { args: ['status', '--project', 'nope'], code: 2, says: ['GL0002', 'nope', '--project DIR'] },
  'a script that is not there is named with the path that was looked for': {
    args: ['up', './nope.js', '--canary', './neither.js'], code: 2, says: [/GL2001.*nope/, /GL2001.*neither/, 'fix:'],
  },
  'a stable version that crashes at start ends with its last output': {
    files: { 'crash.js': 'console.log("about to fail"); process.exit(7);\n' },
    args: ['up', './crash.js'], code: 1, says: ['GL2006', 'exit code 7', 'about to fail'],
  },
  'a stable version that never listens ends at its time limit': {
    files: { 'graylane.config.yaml': 'services: { web: { listen: 8099, stable: v1, versions: { v1: { script: ./silent.js, ready: { timeout: 700ms } } } } }\n', 'silent.js': 'setInterval(() => {}, 1000);\n' },
    args: ['up'], code: 1, says: ['GL2007', 'fix:'],
  },
  'a script that only does its work and ends is told what a service is': {
    files: { 'batch.js': 'console.log("done");\n' },
    args: ['up', './batch.js'], code: 1, says: ['GL2006', 'exit code 0', 'done', 'keep it open'],
  },
  'a module that waits for ever is told where': {
    files: { 'wait.mjs': 'await new Promise(() => {});\n' },
    args: ['up', './wait.mjs'], code: 1, says: ['GL2006', 'exit code 13', 'top-level `await`', 'wait.mjs:1'],
  },
  'an app with a cluster of its own is told to leave it out': {
    files: {
      'graylane.config.yaml': 'services: { web: { listen: 8098, stable: v1, versions: { v1: { script: ./cluster.js } } } }\n',
      'cluster.js': 'const cluster = require("node:cluster");\nif (cluster.isPrimary) cluster.fork();\nelse require("node:http").createServer(() => {}).listen(process.env.PORT);\n',
    },
    args: ['up'], code: 1, says: ['GL2009', 'node:cluster', '"workers"'],
  },
  'an app whose child process listens in its place is told which': {
    files: {
      'graylane.config.yaml': 'services: { web: { listen: 8097, stable: v1, versions: { v1: { script: ./parent.js, ready: { timeout: 4s } } } } }\n',
      'parent.js': 'require("node:child_process").fork("./child.js");\nsetInterval(() => {}, 1000);\n',
      'child.js': 'require("node:http").createServer(() => {}).listen(process.env.PORT);\nprocess.on("disconnect", () => process.exit());\n',
    },
    args: ['up'], code: 1, says: ['GL2007', /child process \d+ listens on \S*:8097/, '`script`'],
  },
  'no config and no script': { args: ['up'], code: 2, says: ['GL0008', '--canary'] },
  'two configs in one folder': { files: { 'graylane.config.json': '{}', 'graylane.config.yaml': '{}' }, args: ['check'], code: 2, says: ['GL0003'] },
  'an unknown command gets a suggestion': { args: ['statsu'], code: 2, says: ['status'] },
  'an unknown option gets a suggestion': { args: ['up', '--percnt', '5'], code: 2, says: ['--percent'] },
  'a share without a canary': { files: { 'v1.js': appSource('one') }, args: ['up', './v1.js', '--percent', '5'], code: 2, says: ['GL0020', '--canary'] },
  'nothing runs that could be asked': { args: ['status'], code: 5, says: [/GL0030 no supervisor is running, for \S*glp-/, 'graylane up'] },
};

for (const [name, { files = {}, args, code, says }] of Object.entries(cases)) {
  test(name, async (t) => {
    const project = new Project(files);
    t.after(() => project.remove());
    const outcome = await project.run(...args);
    for (const text of says) assert.match(outcome.stderr, typeof text === 'string' ? new RegExp(text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')) : text);
    assert.equal(outcome.code, code, outcome.stderr);
    assert.equal(outcome.stdout, '', 'errors are no data');
    assert.doesNotMatch(outcome.stderr, /at .*graylane\/src/, 'no stack without --verbose');
  });
}

test('a port in use is named, and nothing is left running', async (t) => {
  const port = await freePort();
  const holder = createServer().listen(port);
  await once(holder, 'listening');
  t.after(() => { holder.close(); });
  const project = new Project({ 'v1.js': appSource('one') });
  t.after(() => project.remove());
  const outcome = await project.run('up', './v1.js', '--port', String(port));
  assert.equal(outcome.code, 1, outcome.stderr);
  assert.match(outcome.stderr, /GL2004/);
  assert.match(outcome.stderr, new RegExp(String(port)));
});
