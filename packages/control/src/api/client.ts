// The API as a client uses it over the Unix socket: typed calls, and failures that know the exit code of the command.
// It must not print anything.

import { request } from 'node:http';
import type { ClientRequest, IncomingMessage, RequestOptions } from 'node:http';
import { request as secureRequest } from 'node:https';
import type { StrategyDocument, Explanation, RequestFields } from '@graylane/rules';
import type { Api, ApiRequest } from '@graylane/wire';
import type { Verb } from '../plane/control-plane.ts';
import { API_PREFIX } from './app.ts';
import { readFrames } from './frames.ts';
import type { Frame } from './frames.ts';

/** A server over the network. */
export interface ApiServer {
  /** `https://host:port`. */
  readonly url: string;
  readonly token: string;
  /** PEM; the system's roots when absent. */
  readonly ca?: string;
}

export interface ApiClientOptions {
  /** Of a control plane on this machine; not asked when a server is named. */
  readonly socketPath: string;
  readonly server?: ApiServer;
  /** As events name the caller, such as `cli ann`. */
  readonly who: string;
  /** Without an answer for so long a call fails with exit code 124. Starting a version may take its own time. */
  readonly timeoutMs?: number;
}

/** 1 failed · 2 usage or invalid · 3 release rolled back · 4 conflict · 5 unreachable · 124 timed out. */
export type ApiExit = 1 | 2 | 3 | 4 | 5 | 124;

export class ApiFailure extends Error {
  override readonly name = 'ApiFailure';
  readonly problem: Api<'Problem'>;
  readonly exitCode: ApiExit;

  constructor(problem: Api<'Problem'>, exitCode: ApiExit, options?: ErrorOptions) {
    super(problem.detail, options);
    this.problem = problem;
    this.exitCode = exitCode;
  }
}

export interface Page<T> {
  readonly items: readonly T[];
  readonly cursor: string | null;
}

/** Two minutes: a version may use its whole ready time, and a reload of several workers more than one. */
const TIMEOUT_MS = 120_000;
/** An answer is at most a strategy. */
const ANSWER_LIMIT_BYTES: number = 64 * 1024 * 1024;

interface Call {
  readonly method: 'GET' | 'PUT' | 'POST' | 'DELETE';
  readonly path: string;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

export class ApiClient {
  readonly #options: ApiClientOptions;

  constructor(options: ApiClientOptions) {
    this.#options = options;
  }

  strategy(revision?: number): Promise<Api<'Strategy'>> {
    return this.#call({ method: 'GET', path: revision === undefined ? '/strategy' : `/strategy?revision=${revision}` });
  }

  /** `revision` is what the caller has seen; null takes whatever stands. */
  apply(document: unknown, options: { readonly revision: number | null; readonly dryRun?: boolean; readonly force?: boolean; readonly why?: string }): Promise<Api<'Applied'>> {
    const query = new URLSearchParams({ ...(options.dryRun === true ? { dryRun: 'true' } : {}), ...(options.force === true ? { force: 'true' } : {}) });
    return this.#call({
      method: 'PUT', path: `/strategy?${query.toString()}`, body: document,
      headers: { 'if-match': ifMatch(options.revision), ...(options.why === undefined ? {} : { 'graylane-why': encoded(options.why) }) },
    });
  }

  difference(document: StrategyDocument): Promise<Api<'Difference'>> {
    return this.#call({ method: 'POST', path: '/strategy/difference', body: document });
  }

  releases(): Promise<Page<Api<'Release'>>> {
    return this.#call({ method: 'GET', path: '/releases?limit=1000' });
  }

  release(name: string): Promise<Api<'Release'>> {
    return this.#call({ method: 'GET', path: `/releases/${encodeURIComponent(name)}` });
  }

  compare(name: string): Promise<Api<'Comparison'>> {
    return this.#call({ method: 'GET', path: `/releases/${encodeURIComponent(name)}/comparison` });
  }

  canary(canary: ApiRequest<'Canary'>): Promise<Api<'Applied'>> {
    return this.#call({ method: 'POST', path: '/releases', body: canary });
  }

  split(release: string, percent: string, revision: number | null): Promise<Api<'Applied'>> {
    return this.#call({ method: 'POST', path: `/releases/${encodeURIComponent(release)}/split`, body: { percent }, headers: { 'if-match': ifMatch(revision) } });
  }

  verb(release: string, verb: Verb, options: ApiRequest<'Verb'> = {}): Promise<Api<'Applied'>> {
    return this.#call({ method: 'POST', path: `/releases/${encodeURIComponent(release)}/${verb}`, body: options });
  }

  events(options: { readonly limit?: number; readonly cursor?: string } = {}): Promise<Page<Api<'Event'>>> {
    const query = new URLSearchParams({ ...(options.limit === undefined ? {} : { limit: String(options.limit) }), ...(options.cursor === undefined ? {} : { cursor: options.cursor }) });
    return this.#call({ method: 'GET', path: `/events?${query.toString()}` });
  }

  workers(): Promise<Page<Api<'Worker'>>> {
    return this.#call({ method: 'GET', path: '/workers?limit=1000' });
  }

  status(): Promise<Api<'Status'>> {
    return this.#call({ method: 'GET', path: '/status' });
  }

  explain({ method, target, rawHeaders, address }: RequestFields): Promise<Explanation> {
    return this.#call({ method: 'POST', path: '/explain', body: { method, target, rawHeaders, ...(address === undefined ? {} : { address }) } });
  }

  /** Of a server: the machines that follow it. */
  nodes(): Promise<Api<'Nodes'>> {
    return this.#call({ method: 'GET', path: '/nodes' });
  }

  async freeze(reason: string | null): Promise<void> {
    await this.#call(reason === null ? { method: 'DELETE', path: '/freeze' } : { method: 'PUT', path: '/freeze', body: { reason } });
  }

  override(lane: string, seconds: number): Promise<Api<'Override'>> {
    return this.#call({ method: 'POST', path: '/overrides', body: { lane, seconds } });
  }

  async rotateKeys(): Promise<void> {
    await this.#call({ method: 'POST', path: '/keys/rotation' });
  }

  tokens(): Promise<Page<Api<'Token'>>> {
    return this.#call({ method: 'GET', path: '/tokens?limit=1000' });
  }

  createToken(token: ApiRequest<'Token'>): Promise<Api<'NewToken'>> {
    return this.#call({ method: 'POST', path: '/tokens', body: token });
  }

  async revokeToken(id: string): Promise<void> {
    await this.#call({ method: 'DELETE', path: `/tokens/${encodeURIComponent(id)}` });
  }

  webhooks(): Promise<Page<Api<'Webhook'>>> {
    return this.#call({ method: 'GET', path: '/webhooks?limit=1000' });
  }

  createWebhook(webhook: ApiRequest<'Webhook'>): Promise<Api<'NewWebhook'>> {
    return this.#call({ method: 'POST', path: '/webhooks', body: webhook });
  }

  async removeWebhook(id: string): Promise<void> {
    await this.#call({ method: 'DELETE', path: `/webhooks/${encodeURIComponent(id)}` });
  }

  /** A whole copy of the store, to an absolute path on the machine of the control plane. */
  async backup(file: string): Promise<void> {
    await this.#call({ method: 'POST', path: '/backup', body: { file } });
  }

  /** Every change from now, or after the id of an event; ends with `signal` or the server. */
  async *watch(signal: AbortSignal, after?: number): AsyncGenerator<Frame> {
    const response = await this.#send({ method: 'GET', path: after === undefined ? '/watch' : `/watch?after=${after}` }, signal, null);
    if (response.statusCode !== 200) throw failureOf(response, await textOf(response));
    try {
      yield* readFrames(response);
    } catch (error) {
      if (!signal.aborted) throw unreachable(this.#options, error);
    }
  }

  async #call<T>(call: Call): Promise<T> {
    const timeoutMs = this.#options.timeoutMs ?? TIMEOUT_MS;
    const response = await this.#send(call, null, timeoutMs);
    const text = await textOf(response);
    const status = response.statusCode ?? 0;
    if (status < 200 || status > 299) throw failureOf(response, text);
    // What the server sends is checked against the same schemas in the tests of both.
    return (text === '' ? undefined : JSON.parse(text)) as T;
  }

  #send({ method, path, body, headers }: Call, signal: AbortSignal | null, timeoutMs: number | null): Promise<IncomingMessage> {
    const { socketPath, server, who } = this.#options;
    const bytes = body === undefined ? null : Buffer.from(JSON.stringify(body));
    return new Promise((resolve, reject) => {
      const options = {
        method, path: API_PREFIX + path, agent: false as const, ...(signal === null ? {} : { signal }),
        headers: { host: server === undefined ? 'graylane' : new URL(server.url).host, ...(server === undefined ? {} : { authorization: `Bearer ${server.token}` }), 'graylane-who': encoded(who), ...(bytes === null ? {} : { 'content-type': 'application/json', 'content-length': bytes.length }), ...headers },
      };
      const outgoing = server === undefined ? request({ ...options, socketPath }) : overNetwork(server, options);
      if (timeoutMs !== null) outgoing.setTimeout(timeoutMs, () => outgoing.destroy(timedOut(timeoutMs)));
      outgoing.once('response', resolve);
      outgoing.once('error', (error) => reject(error instanceof ApiFailure ? error : unreachable(this.#options, error)));
      outgoing.end(bytes ?? undefined);
    });
  }
}

function ifMatch(revision: number | null): string {
  return revision === null ? '*' : `"${revision}"`;
}

/** Header values are latin1 without control characters. */
function encoded(text: string): string {
  return text.replaceAll(/[^\x20-\x7e]/g, '?').slice(0, 500);
}

async function textOf(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > ANSWER_LIMIT_BYTES) throw local('GL3013', 'too large', `the answer is over ${ANSWER_LIMIT_BYTES} bytes`, 'report it', 1);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

const EXITS: readonly ApiExit[] = [1, 2, 3, 4, 5, 124];

function failureOf(response: IncomingMessage, text: string): ApiFailure {
  try {
    const problem = JSON.parse(text) as Api<'Problem'>;
    if (typeof problem.code === 'string') return new ApiFailure(problem, EXITS.find((exit) => exit === problem.exitCode) ?? 1);
  } catch {
    // Not ours: the status is all there is to say.
  }
  return local('GL3099', 'graylane failed', `the control plane answered ${response.statusCode ?? 0} without a reason`, 'see the log of the supervisor', 1);
}

function overNetwork({ url, ca }: ApiServer, options: RequestOptions): ClientRequest {
  const { protocol, hostname, port } = new URL(url);
  const place = { host: hostname.replaceAll(/[[\]]/g, ''), port: port === '' ? (protocol === 'https:' ? 443 : 80) : Number(port) };
  return protocol === 'https:' ? secureRequest({ ...options, ...place, ...(ca === undefined ? {} : { ca }) }) : request({ ...options, ...place });
}

function unreachable({ socketPath, server }: ApiClientOptions, thrown: unknown): ApiFailure {
  const code = thrown instanceof Error && 'code' in thrown ? String(thrown.code) : '';
  if (server !== undefined) {
    const away = local('GL3098', 'unreachable', `no server answers at ${server.url}`, 'name another server of the fleet: GRAYLANE_SERVER=https://…', 5, thrown);
    return new ApiFailure({ ...away.problem, cause: code === '' ? String(thrown) : code }, 5, { cause: thrown });
  }
  const detail = code === 'ENOENT' || code === 'ECONNREFUSED' ? 'graylane is not running here' : `the control plane does not answer (${code === '' ? String(thrown) : code})`;
  const failure = local('GL3098', 'unreachable', detail, 'start it with graylane up, or name its folder', 5, thrown);
  return new ApiFailure({ ...failure.problem, cause: `looked for ${socketPath}` }, 5, { cause: thrown });
}

function timedOut(timeoutMs: number): ApiFailure {
  return local('GL3097', 'timed out', `no answer within ${timeoutMs} ms`, 'see graylane status; the command may still take effect', 124);
}

function local(code: string, title: string, detail: string, fix: string, exitCode: ApiExit, cause?: unknown): ApiFailure {
  return new ApiFailure({ type: `https://graylane.dev/problems/${code}`, title, status: 0, code, detail, fix, exitCode }, exitCode, { cause });
}
