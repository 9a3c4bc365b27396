// The API on TCP as `graylane up` opens it: raw requests of strangers, and addresses that are refused before anything starts.

import assert from 'node:assert/strict';
import { request } from 'node:http';
import { test, type TestContext } from 'node:test';
import { tcpApiFrom } from '../src/config/tcp-api.ts';
import { Failure } from '../src/print/failure.ts';
import { appSource, freePort, Project } from './support/project.ts';

interface Door { readonly project: Project; readonly port: number; readonly tokens: Readonly<Record<'read' | 'operate', string>> }

async function opened(t: TestContext): Promise<Door> {
  const project = new Project({ 'v1/server.js': appSource('one'), 'v2/server.js': appSource('two') });
  t.after(() => project.remove());
  const up = await project.up('./v1/server.js', '--canary', './v2/server.js', '--percent', '10', '--port', String(await freePort()), '--api', '127.0.0.1:0');
  const { apiPort: port } = JSON.parse(up.output().stdout) as { apiPort: number };
  const made = async (scope: string): Promise<string> => (await project.run('token', 'create', scope, '--scope', scope)).stdout.trim();
  return { project, port, tokens: { read: await made('read'), operate: await made('operate') } };
}

function ask(port: number, [method, path]: readonly [string, string], headers: Readonly<Record<string, string>>): Promise<{ readonly status: number; readonly text: string }> {
  return new Promise((resolve, reject) => {
    const outgoing = request({ host: '127.0.0.1', port, method, path, headers, agent: false }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (chunk: string) => { text += chunk; });
      response.on('end', () => resolve({ status: response.statusCode ?? 0, text }));
    });
    outgoing.on('error', reject).end();
  });
}

const bearer = (token: string): Record<string, string> => ({ authorization: `Bearer ${token}` });
const STATUS = ['GET', '/api/v1/status'] as const;
const ROLLBACK = ['POST', '/api/v1/releases/canary/rollback'] as const;
const RELOAD = ['POST', '/api/v1/processes/reload?of=all'] as const;

test('the API on TCP answers holders of tokens, and nobody else', async (t) => {
  const { project, port, tokens } = await opened(t);
  const cases: readonly [string, readonly [string, string], Readonly<Record<string, string>>, number, RegExp?][] = [
    ['without a token', STATUS, {}, 401],
    ['with a made-up token', STATUS, bearer(`${tokens.read.slice(0, -4)}AAAA`), 401],
    ['metrics without a token', ['GET', '/metrics'], {}, 401],
    ['processes without a token', ['GET', '/api/v1/processes'], {}, 401],
    ['a reader who operates', ROLLBACK, bearer(tokens.read), 403],
    ['a reader who reloads processes', RELOAD, bearer(tokens.read), 403],
    ['under a foreign name, as after a DNS rebinding', STATUS, { ...bearer(tokens.operate), host: `evil.example:${port}` }, 403],
    ['processes under a foreign name', ['GET', '/api/v1/processes'], { ...bearer(tokens.operate), host: 'evil.example' }, 403],
    ['from a page of another site', ROLLBACK, { ...bearer(tokens.operate), origin: 'https://evil.example' }, 403],
    ['a form of another site', RELOAD, { ...bearer(tokens.operate), origin: 'null', 'content-type': 'text/plain' }, 403],
    ['a reader', STATUS, bearer(tokens.read), 200, /"healthy":true/],
    ['a reader by the name localhost', STATUS, { ...bearer(tokens.read), host: `localhost:${port}` }, 200],
    ['an operator who scales to no number', ['POST', '/api/v1/processes/scale?of=web/v2'], bearer(tokens.operate), 400, /whole number/],
    ['an operator who wants to know first what a reload would do', ['POST', '/api/v1/processes/reload?of=all&dryRun=true'], bearer(tokens.operate), 400, /no parameter 'dryRun'/],
    ['a scraper', ['GET', '/metrics'], bearer(tokens.read), 200, /^graylane_strategy_generation 1$/m],
    ['a reader of processes', ['GET', '/api/v1/processes'], bearer(tokens.read), 200, /"pools"/],
    ['anybody who asks whether it lives', ['GET', '/livez'], {}, 200],
    ['anybody who asks whether it is ready', ['GET', '/readyz'], {}, 200],
  ];
  for (const [who, line, headers, status, text] of cases) {
    const answer = await ask(port, line, headers);
    assert.equal(answer.status, status, `${who}: ${answer.text}`);
    if (text !== undefined) assert.match(answer.text, text, who);
  }
  assert.equal((await ask(port, ROLLBACK, bearer(tokens.operate))).status, 200);
  assert.match((await project.run('events')).stdout, /token operate: rollback/);
});

const dir = import.meta.dirname;

for (const [title, options, message] of [
  ['beyond this machine without TLS', { api: '0.0.0.0:0', apiName: ['shop.example'] }, /GL0097 the API is not opened on 0\.0\.0\.0 without TLS/],
  ['on every address without a name', { api: '[::]:0' }, /GL0097 :: is every address of this machine/],
  ['on what is no address', { api: 'here' }, /GL0096 --api "here" is no address/],
  ['on a port that there is not', { api: '127.0.0.1:70000' }, /GL0096/],
  ['with a certificate that has no key', { api: '127.0.0.1:0', apiCert: 'none.pem' }, /GL0096 a certificate and its key belong together/],
  ['with files that are not there', { api: '127.0.0.1:0', apiCert: 'none.pem', apiKey: 'none.key' }, /GL0002 .*none\.pem cannot be read[^]*none\.key cannot be read/],
  ['with a name but no address', { apiName: ['shop.example'] }, /GL0096/],
] as const) {
  test(`the API ${title} is refused before anything starts`, () => {
    assert.throws(() => tcpApiFrom(options, dir), (error) => error instanceof Failure && error.exitCode === 2 && message.test(error.message));
  });
}

test('the API answers to its address, or to the names that were given', () => {
  assert.deepEqual(tcpApiFrom({ api: '127.0.0.1:7400' }, dir), { host: '127.0.0.1', port: 7400, names: ['127.0.0.1', 'localhost', '[::1]'], tls: null });
  assert.deepEqual(tcpApiFrom({ api: '[::1]:0', apiName: ['Graylane.Test'] }, dir)?.names, ['graylane.test']);
  assert.equal(tcpApiFrom({}, dir), null);
});
