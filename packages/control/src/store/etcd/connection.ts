// Requests to etcd's v3 JSON gateway over any of its endpoints: one answer, or a stream of lines. It must not know keys.

import { Agent as PlainAgent, request as plainRequest } from 'node:http';
import type { IncomingMessage } from 'node:http';
import { Agent as SecureAgent, request as secureRequest } from 'node:https';
import { StoreError } from '../errors.ts';
import type { EtcdAccess, EtcdAddress } from './address.ts';
import { fromEtcd, isTokenGone, unreachable } from './failure.ts';

/** An etcd without a majority answers after five seconds itself; a cut wire never does. */
const CALL_TIMEOUT_MS = 3_000;
/** What a busy etcd takes of a large commit. */
const BYTES_PER_MS = 200;
/** The kernel asks the other side of a silent stream whether it is still there. */
const KEEP_ALIVE_MS = 1_000;
/** A page of the largest values. */
const ANSWER_LIMIT_BYTES: number = 256 * 1024 * 1024;
const SOCKETS_LIMIT = 64;

export class EtcdConnection {
  readonly #endpoints: readonly string[];
  readonly #access: EtcdAccess;
  readonly #agents: { readonly plain: PlainAgent; readonly secure: SecureAgent };
  /** The endpoint that answered last comes first. */
  #preferred = 0;
  #token: string | null = null;
  /** Streams and their endpoints. */
  readonly #streams = new Map<AbortController, string>();
  #closed = false;

  constructor({ endpoints }: EtcdAddress, access: EtcdAccess) {
    this.#endpoints = endpoints;
    this.#access = access;
    const pool = { keepAlive: true, maxSockets: SOCKETS_LIMIT, maxFreeSockets: 8 };
    this.#agents = { plain: new PlainAgent(pool), secure: new SecureAgent(pool) };
  }

  /** Throws a StoreError. `again`: whether it may be repeated at another endpoint when nobody knows whether it was done. */
  async call<T>(path: string, body: unknown, again: boolean): Promise<T> {
    const text = JSON.stringify(body);
    const { response, endpoint } = await this.#send(path, text, again, null);
    const answer = await textOf(response);
    if (response.statusCode === 200) return JSON.parse(answer) as T;
    if (this.#token !== null && isTokenGone(answer)) {
      this.#token = null;
      return this.call(path, body, again);
    }
    throw fromEtcd(endpoint, response.statusCode ?? 0, answer);
  }

  /** One parsed value a line, until `signal` aborts, the connection ends, or a call finds its endpoint silent. */
  async *stream<T>(path: string, body: unknown, signal: AbortSignal): AsyncGenerator<T> {
    const left = new AbortController();
    const { response, endpoint } = await this.#send(path, JSON.stringify(body), true, AbortSignal.any([signal, left.signal]));
    if (response.statusCode !== 200) throw fromEtcd(endpoint, response.statusCode ?? 0, await textOf(response));
    this.#streams.set(left, endpoint);
    try {
      response.setEncoding('utf8');
      let held = '';
      for await (const chunk of response as AsyncIterable<string>) {
        const lines = (held + chunk).split('\n');
        held = lines.pop() ?? '';
        if (held.length > ANSWER_LIMIT_BYTES) throw new StoreError('too-large', 'etcd sent a line without an end');
        for (const line of lines) if (line.trim() !== '') yield JSON.parse(line) as T;
      }
    } finally {
      this.#streams.delete(left);
    }
  }

  close(): void {
    this.#closed = true;
    this.#agents.plain.destroy();
    this.#agents.secure.destroy();
  }

  async #send(path: string, text: string, again: boolean, signal: AbortSignal | null): Promise<{ readonly response: IncomingMessage; readonly endpoint: string }> {
    let failure: unknown = null;
    const first = this.#preferred;
    for (const endpoint of [...this.#endpoints.slice(first), ...this.#endpoints.slice(0, first)]) {
      if (this.#closed) throw new StoreError('closed', 'the store is closed');
      try {
        const response = await this.#sendTo(endpoint, path, text, await this.#authorization(path), signal);
        this.#preferred = this.#endpoints.indexOf(endpoint);
        return { response, endpoint };
      } catch (error) {
        if (error instanceof StoreError || signal?.aborted === true) throw error;
        failure = error;
        this.#leave(endpoint);
        if (!again && !wasRefused(error)) break;
      }
    }
    throw unreachable(this.#endpoints, failure);
  }

  /** Nobody answers there: a member that hangs, or is cut off from the others, keeps its streams open and is silent for ever. */
  #leave(endpoint: string): void {
    for (const [left, at] of this.#streams) if (at === endpoint) left.abort();
  }

  /** A token a connection: etcd checks it against the user's roles at each call. */
  async #authorization(path: string): Promise<string | null> {
    const { user } = this.#access;
    if (user === undefined || path === AUTHENTICATE) return null;
    if (this.#token === null) this.#token = (await this.call<{ readonly token?: string }>(AUTHENTICATE, user, true)).token ?? null;
    return this.#token;
  }

  #sendTo(endpoint: string, path: string, text: string, token: string | null, signal: AbortSignal | null): Promise<IncomingMessage> {
    const secure = endpoint.startsWith('https:');
    const { ca, cert, key } = this.#access;
    const tls = secure ? { ...(ca === undefined ? {} : { ca }), ...(cert === undefined ? {} : { cert }), ...(key === undefined ? {} : { key }) } : {};
    const options = {
      method: 'POST', ...tls, ...(signal === null ? {} : { signal }),
      // A stream has a connection of its own, which ends with it.
      agent: signal !== null ? false : secure ? this.#agents.secure : this.#agents.plain,
      headers: { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text), ...(token === null ? {} : { authorization: token }), ...(signal === null ? {} : NEEDS_LEADER) },
    };
    return new Promise((resolve, reject) => {
      const outgoing = (secure ? secureRequest : plainRequest)(endpoint + path, options);
      const limitMs = CALL_TIMEOUT_MS + text.length / BYTES_PER_MS;
      // Counted from the call on, so that a connection that never comes about is part of it. A stream is silent for hours.
      const timer = setTimeout(() => outgoing.destroy(new Error(`no answer within ${Math.round(limitMs)} ms`)), limitMs);
      outgoing.once('response', (response) => {
        if (signal !== null) clearTimeout(timer);
        response.once('close', () => clearTimeout(timer));
        response.socket.setKeepAlive(true, KEEP_ALIVE_MS);
        resolve(response);
      });
      outgoing.once('error', (error) => {
        clearTimeout(timer);
        reject(error);
      });
      outgoing.end(text);
    });
  }
}

/** A member without the majority ends its streams; without this it holds them, and knows of nothing. */
const NEEDS_LEADER = { 'grpc-metadata-hasleader': 'true' };
const AUTHENTICATE = '/v3/auth/authenticate';

/** Nothing was sent, so that nothing was done. */
function wasRefused(error: unknown): boolean {
  if (error instanceof AggregateError) return error.errors.every(wasRefused);
  return error instanceof Error && 'code' in error && ['ECONNREFUSED', 'ENOTFOUND', 'EHOSTUNREACH', 'ENETUNREACH', 'EAI_AGAIN'].includes(String(error.code));
}

async function textOf(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  try {
    for await (const chunk of response as AsyncIterable<Buffer>) {
      bytes += chunk.length;
      if (bytes > ANSWER_LIMIT_BYTES) throw new StoreError('too-large', `etcd sent more than ${ANSWER_LIMIT_BYTES} bytes`);
      chunks.push(chunk);
    }
  } catch (error) {
    throw error instanceof StoreError ? error : new StoreError('io', 'the connection to etcd was lost in an answer', { cause: error });
  }
  return Buffer.concat(chunks).toString('utf8');
}
