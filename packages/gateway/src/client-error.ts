// Answers what Node's parser could not read, in the right status and at the right place among other answers. It knows no upstream.

import { STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import { answerUnderWay, endGently, failure, meaning, ownText, refuseRest } from '@graylane/forward';
import type { Failure, FailureReason } from '@graylane/forward';

/** Connections that had their error; what else comes on them is noise. */
const doomed = new WeakSet<Duplex>();

/** `unread` is told what is wrong where there is no request yet that could be told of. */
export function answerClientError(error: ParserError, socket: Duplex, unread: (what: Failure) => void): void {
  if (doomed.has(socket)) return;
  doomed.add(socket);
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy();
    return;
  }
  answerInTurn(socket, failureOf(error), unread);
}

/** An error in a request that others came before is said after their answers. */
function answerInTurn(socket: Duplex, what: Failure, unread: (what: Failure) => void): void {
  const current = answerUnderWay(socket);
  if (current !== null && current.req.complete) {
    current.once('close', () => answerInTurn(socket, what, unread));
    return;
  }
  if (current?.headersSent === true || !socket.writable) {
    socket.destroy();
    return;
  }
  // Its exchange answers, and says what was wrong.
  if (current !== null && refuseRest(current, what)) return;
  if (current === null) unread(what);
  const { status } = meaning(what.reason);
  socket.write(ownText(what, STATUS_CODES[status] ?? 'Error'), 'latin1');
  // Nobody has it in hand yet, or any more.
  current?.destroy();
  endGently(socket);
}

const REASONS: Readonly<Record<string, FailureReason>> = {
  HPE_HEADER_OVERFLOW: 'head-too-large',
  HPE_CHUNK_EXTENSIONS_OVERFLOW: 'body-too-large',
  ERR_HTTP_REQUEST_TIMEOUT: 'request-timeout',
};

/** What a request line has to look like before its parts can be unknown rather than wrong (RFC 9110 §15.6.2, §15.6.6). */
const REASONS_IN_LINE: Readonly<Record<string, FailureReason>> = { HPE_INVALID_METHOD: 'method-refused', HPE_INVALID_VERSION: 'version-refused' };
const REQUEST_LINE = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+ \S+ HTTP\/\d\.\d\r\n/;

type ParserError = NodeJS.ErrnoException & { readonly rawPacket?: Buffer; readonly bytesParsed?: number };

function failureOf(error: ParserError): Failure {
  const { code = '', message } = error;
  const inLine = REASONS_IN_LINE[code];
  const reason = inLine !== undefined && REQUEST_LINE.test(lineOf(error)) ? inLine : REASONS[code] ?? 'bad-framing';
  return failure(reason, `${code} ${message}`);
}

/** From the beginning of the line that could not be read. */
function lineOf({ rawPacket, bytesParsed = 0 }: ParserError): string {
  const text = rawPacket?.toString('latin1') ?? '';
  return text.slice(text.lastIndexOf('\n', bytesParsed - 1) + 1);
}
