// What a listener hears, given to the service that it is for; what is for none is answered here. It knows no strategy.

import { STATUS_CODES } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { ServerHttp2Stream } from 'node:http2';
import type { Duplex } from 'node:stream';
import { answerFailure, endGently, failure, inTurn, meaning, ownText } from '@graylane/forward';
import type { Failure } from '@graylane/forward';
import { StreamClient } from '@graylane/forward/relay';
import type { Ask } from './ask.ts';
import { hostOf } from './ask.ts';
import type { FrontHandler } from './front.ts';
import type { ServiceProxy } from './service-proxy.ts';

export class ByService implements FrontHandler {
  readonly #find: (ask: Ask) => ServiceProxy | null;
  readonly #unserved: (what: Failure, ask: Ask) => void;

  /** `unserved` is told of what was no service's business. */
  constructor(find: (ask: Ask) => ServiceProxy | null, unserved: (what: Failure, ask: Ask) => void) {
    this.#find = find;
    this.#unserved = unserved;
  }

  request(req: IncomingMessage, res: ServerResponse, ask: Ask): void {
    const proxy = this.#find(ask);
    if (proxy !== null) proxy.request(req, res, ask);
    else answerFailure(req, res, this.#unknown(ask), !req.complete);
  }

  upgrade(req: IncomingMessage, socket: Duplex, early: Buffer, ask: Ask): void {
    const proxy = this.#find(ask);
    if (proxy !== null) proxy.upgrade(req, socket, early, ask);
    else inTurn(socket, () => {
      const what = this.#unknown(ask);
      socket.write(ownText(what, STATUS_CODES[meaning(what.reason).status] ?? 'Error'), 'latin1');
      endGently(socket);
    });
  }

  stream(stream: ServerHttp2Stream, ask: Ask, kind: 'request' | 'websocket'): void {
    const proxy = this.#find(ask);
    if (proxy !== null) proxy.stream(stream, ask, kind);
    else StreamClient.refuse(stream, ask.method, this.#unknown(ask));
  }

  refused(what: Failure, ask: Ask): void {
    const proxy = this.#find(ask);
    if (proxy !== null) proxy.refused(what, ask);
    else this.#unserved(what, ask);
  }

  #unknown(ask: Ask): Failure {
    const what = failure('unknown-host', hostOf(ask));
    this.#unserved(what, ask);
    return what;
  }
}
