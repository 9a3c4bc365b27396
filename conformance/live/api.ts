// The few calls of the control API that the live suite makes, on one kept connection over its Unix socket.

import { Agent, request } from 'node:http';
import type { IncomingHttpHeaders } from 'node:http';

export interface Publication {
  readonly generation: number;
  /** performance.now before the change was sent and after it was answered. */
  readonly askedAt: number;
  readonly answeredAt: number;
}

export interface UpWorker {
  readonly service: string;
  readonly version: string;
  readonly pid: number;
  readonly ready: boolean;
}

/** The control API said no; `code` is its stable code. */
export class Refusal extends Error {
  readonly code: string;

  constructor(call: string, status: number, text: string) {
    super(`${call}: ${status} ${text}`);
    this.code = /"code":"(GL\d{4})"/.exec(text)?.[1] ?? '';
  }
}

interface Reply {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: unknown;
}

export class Api {
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 1 });
  readonly #socketPath: string;
  #etag: string | null = null;

  constructor(socketPath: string) {
    this.#socketPath = socketPath;
  }

  /** Throws {@link Refusal} with the API's own words when the document is refused. */
  async publish(document: object): Promise<Publication> {
    this.#etag ??= etagOf(await this.#call('GET', '/api/v1/strategy'));
    const askedAt = performance.now();
    const reply = await this.#call('PUT', '/api/v1/strategy', { 'if-match': this.#etag, 'content-type': 'application/json' }, JSON.stringify(document));
    const answeredAt = performance.now();
    this.#etag = etagOf(reply);
    return { generation: (reply.body as { generation: number }).generation, askedAt, answeredAt };
  }

  async workers(): Promise<readonly UpWorker[]> {
    const { body } = await this.#call('GET', '/api/v1/workers');
    return (Array.isArray(body) ? body : (body as { items: unknown }).items) as readonly UpWorker[];
  }

  close(): void {
    this.#agent.destroy();
  }

  #call(method: string, path: string, headers: Record<string, string> = {}, body = ''): Promise<Reply> {
    return new Promise((resolve, reject) => {
      const outgoing = request({ agent: this.#agent, socketPath: this.#socketPath, method, path, headers: { ...headers, ...(body === '' ? {} : { 'content-length': Buffer.byteLength(body) }) } }, (response) => {
        let text = '';
        response.setEncoding('utf8');
        response.on('data', (chunk) => (text += String(chunk)));
        response.on('error', reject);
        response.on('end', () => {
          const status = response.statusCode ?? 0;
          if (status >= 300) reject(new Refusal(`${method} ${path}`, status, text));
          else resolve({ status, headers: response.headers, body: JSON.parse(text) });
        });
      });
      outgoing.on('error', reject);
      outgoing.end(body);
    });
  }
}

function etagOf(reply: Reply): string {
  const { etag } = reply.headers;
  if (etag === undefined) throw new Error('the control API gave no ETag');
  return etag;
}
