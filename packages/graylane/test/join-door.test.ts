// Who is let in as a machine, by what, and what becomes of the connection of whoever is not.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { connect as connectPlain, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Duplex } from 'node:stream';
import { after, before, describe, test } from 'node:test';
import { connect, type TLSSocket } from 'node:tls';
import { JOIN_PATH, JOIN_PROTOCOL, listenOnTcp, type Listening, type NodeIdentity, type TokenHolder } from '@graylane/control';
import { makeAuthority, type Authority, type Certificate } from '../../../conformance/fleet/authority.ts';
import { joinDoor } from '../src/server/join-door.ts';

const noOpenssl = spawnSync('openssl', ['version']).status === 0 ? false : 'openssl is not installed: apt install openssl';

const holders: Readonly<Record<string, TokenHolder>> = {
  machine: { name: 'web', scope: 'node' }, gl_0a1b_one: { name: 'web', scope: 'node' }, gl_2c3d_two: { name: 'web', scope: 'node' }, person: { name: 'ann', scope: 'operate' }, reader: { name: 'prometheus', scope: 'read' }, admin: { name: 'root', scope: 'admin' },
};

interface Knock {
  readonly token?: string;
  readonly certificate?: 'ours' | 'foreign';
  readonly path?: string;
  readonly protocol?: string;
}

interface Knocked {
  readonly status: number;
  /** Under which name and holder it was let in. */
  readonly identity: NodeIdentity | null;
}

describe('a machine that joins', { skip: noOpenssl }, () => {
  const folder = mkdtempSync(join(tmpdir(), 'graylane-door-'));
  const pem = (file: string): string => readFileSync(file, 'utf8');
  let authority: Authority;
  let certificates: Readonly<Record<'ours' | 'foreign', Certificate>>;
  let listening: Listening;
  let admitted: NodeIdentity | null = null;
  let attached: Duplex | null = null;

  before(async () => {
    authority = makeAuthority(folder);
    const other = mkdtempSync(join(folder, 'other-'));
    certificates = { ours: authority.issue('web-1', ['127.0.0.1']), foreign: makeAuthority(other).issue('web-1', ['127.0.0.1']) };
    const own = authority.issue('server', ['127.0.0.1']);
    const door = joinDoor({
      holder: (token) => (token === 'unreadable' ? Promise.reject(new Error('the store is gone')) : Promise.resolve(Object.hasOwn(holders, token) ? (holders[token] ?? null) : null)),
      attach: (socket, _head, identity) => { [attached, admitted] = [socket, identity]; },
    });
    listening = await listenOnTcp({ fetch: () => new Response('api') }, '127.0.0.1', 0, { cert: pem(own.cert), key: pem(own.key), clientCa: pem(authority.ca) }, door);
  });
  after(async () => {
    await listening.close();
    rmSync(folder, { recursive: true, force: true });
  });

  /** A connection that has asked to be one of a machine, and the first line of the answer. */
  async function knock({ token, certificate, path = JOIN_PATH, protocol = JOIN_PROTOCOL }: Knock): Promise<{ readonly socket: TLSSocket; readonly head: string }> {
    const shown = certificate === undefined ? {} : { cert: pem(certificates[certificate].cert), key: pem(certificates[certificate].key) };
    const options = { host: '127.0.0.1', port: listening.port, ca: pem(authority.ca), allowHalfOpen: true, ...shown };
    const socket = connect(options);
    await once(socket, 'secureConnect');
    socket.write(`GET ${path} HTTP/1.1\r\nHost: fleet\r\nConnection: Upgrade\r\nUpgrade: ${protocol}\r\n${token === undefined ? '' : `Authorization: Bearer ${token}\r\n`}\r\n`);
    const [answer] = await once(socket, 'data') as [Buffer];
    return { socket, head: answer.toString('latin1') };
  }

  async function tried(asked: Knock): Promise<Knocked> {
    admitted = null;
    const { socket, head } = await knock(asked);
    socket.destroy();
    return { status: Number(/^HTTP\/1\.1 (\d+)/.exec(head)?.[1]), identity: admitted };
  }

  const check = (title: string, asked: Knock, status: number, holder: string | null = null, name: string | null = null): void => {
    test(`${title}: ${status}`, async () => {
      const found = await tried(asked);
      assert.equal(found.status, status);
      assert.deepEqual(found.identity === null ? null : [found.identity.holder, found.identity.name], holder === null ? null : [holder, name]);
    });
  };

  check('with nothing', {}, 401);
  check('with a token that nobody gave', { token: 'guessed' }, 401);
  check('with a token for people', { token: 'person' }, 403);
  check('with a token for scrapers', { token: 'reader' }, 403);
  check('with a token for machines', { token: 'machine' }, 101, 'token web');
  // Who is let in by the one must not stay when only the other one holds, nor take the name of the other's machine.
  check('with one token of a name', { token: 'gl_0a1b_one' }, 101, 'token web 0a1b');
  check('with another token of that name', { token: 'gl_2c3d_two' }, 101, 'token web 2c3d');
  check('with an admin\'s token', { token: 'admin' }, 101, 'token root');
  check('with a certificate of the fleet\'s authority, under its name', { certificate: 'ours' }, 101, 'certificate web-1', 'web-1');
  check('with a certificate of somebody else', { certificate: 'foreign' }, 401);
  check('with a certificate of somebody else and a token', { certificate: 'foreign', token: 'machine' }, 101, 'token web');
  check('while nobody can say whether the token holds', { token: 'unreadable' }, 503);
  check('at another address', { token: 'machine', path: '/api/v1/status' }, 404);
  check('in another protocol', { token: 'machine', protocol: 'websocket' }, 404);

  test('who is refused and keeps his side open does not keep ours', async () => {
    const { socket } = await knock({ token: 'guessed' });
    // He has heard the end and goes on; what ends it is the answer to what he says then.
    const closed = closeOf(socket);
    const saying = setInterval(() => socket.write('.'), 20);
    await closed;
    clearInterval(saying);
  });

  test('a server ends while machines are connected, and others are in the middle of a handshake', async () => {
    const { socket } = await knock({ token: 'machine' });
    assert.ok(attached);
    const half = connectPlain(listening.port, '127.0.0.1');
    await once(half, 'connect');
    const gone = [closeOf(socket), closeOf(half)];
    await listening.close();
    // One that may be open on one side alone ends when its owner wishes.
    socket.end();
    await Promise.all(gone);
  });
});

/** Resolves when it is closed, by whatever. */
function closeOf(socket: Socket): Promise<void> {
  return new Promise((resolve) => {
    socket.on('error', () => undefined).resume().once('close', () => resolve());
  });
}
