// One request to a control plane, over its Unix socket or the network: answered, or a failure that knows the exit code of the command.
// It must not know operations.

import { request } from 'node:http';
import type { ClientRequest, IncomingMessage, RequestOptions } from 'node:http';
import { request as secureRequest } from 'node:https';
import type { Api } from '@graylane/wire';
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

export interface CallerOptions {
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

export interface Call {
  readonly method: 'GET' | 'PUT' | 'POST' | 'DELETE';
  readonly path: string;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Two minutes: a version may use its whole ready time, and a reload of several workers more than one. */
const TIMEOUT_MS = 120_000;
/** An answer is at most a strategy. */
const ANSWER_LIMIT_BYTES: number = 64 * 1024 * 1024;

export class ApiCaller {
  readonly #options: CallerOptions;

  constructor(options: CallerOptions) {
    this.#options = options;
  }

  /** What the operation gives; undefined where that is nothing. Throws ApiFailure. */
  async call<T>(call: Call): Promise<T> {
    const timeoutMs = this.#options.timeoutMs ?? TIMEOUT_MS;
    const response = await this.#send(call, null, timeoutMs);
    const text = await textOf(response);
    const status = response.statusCode ?? 0;
    if (status < 200 || status > 299) throw failureOf(response, text);
    // What the server sends is checked against the same schemas in the tests of both.
    return (text === '' ? undefined : JSON.parse(text)) as T;
  }

  /** Server-sent events until `signal`, or the end of the server. */
  async *frames(path: string, signal: AbortSignal): AsyncGenerator<Frame> {
    const response = await this.#send({ method: 'GET', path }, signal, null);
    if (response.statusCode !== 200) throw failureOf(response, await textOf(response));
    try {
      yield* readFrames(response);
    } catch (error) {
      if (!signal.aborted) throw unreachable(this.#options, error);
    }
  }

  #send({ method, path, body, headers }: Call, signal: AbortSignal | null, timeoutMs: number | null): Promise<IncomingMessage> {
    const { socketPath, server, who } = this.#options;
    const bytes = body === undefined ? null : Buffer.from(JSON.stringify(body));
    return new Promise((resolve, reject) => {
      const options = {
        method, path: API_PREFIX + path, agent: false as const, ...(signal === null ? {} : { signal }),
        headers: { host: server === undefined ? 'graylane' : new URL(server.url).host, ...(server === undefined ? {} : { authorization: `Bearer ${server.token}` }), 'graylane-who': headerText(who), ...(bytes === null ? {} : { 'content-type': 'application/json', 'content-length': bytes.length }), ...headers },
      };
      const outgoing = server === undefined ? request({ ...options, socketPath }) : overNetwork(server, options);
      if (timeoutMs !== null) outgoing.setTimeout(timeoutMs, () => outgoing.destroy(timedOut(timeoutMs)));
      outgoing.once('response', resolve);
      outgoing.once('error', (error) => reject(error instanceof ApiFailure ? error : unreachable(this.#options, error)));
      outgoing.end(bytes ?? undefined);
    });
  }
}

/** Header values are latin1 without control characters. */
export function headerText(text: string): string {
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

function unreachable({ socketPath, server }: CallerOptions, thrown: unknown): ApiFailure {
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
