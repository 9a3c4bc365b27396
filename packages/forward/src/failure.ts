// The closed list of ways in which an exchange can end other than well, and what each one means to the client; it knows no socket.

export type Side = 'client' | 'upstream' | 'own';

interface Meaning {
  readonly side: Side;
  /** The status of the answer; 0 where there is nobody to answer. */
  readonly status: number;
  /** The error type of RFC 9209 §2.3; '' where none fits. */
  readonly proxyError: string;
  readonly text: string;
}

export type FailureReason =
  | 'bad-framing' | 'bad-target' | 'bad-host' | 'method-refused'
  | 'version-refused' | 'too-many-lines' | 'head-too-large' | 'target-too-long'
  | 'body-too-large' | 'request-timeout' | 'client-too-slow' | 'client-gone'
  | 'no-upstream' | 'queue-full' | 'wait-timeout' | 'tunnel-limit'
  | 'closing' | 'overloaded' | 'internal' | 'connect-failed' | 'connect-timeout'
  | 'no-answer' | 'head-timeout' | 'bad-response' | 'response-head-too-large'
  | 'upgrade-unasked' | 'cut-off' | 'body-idle';

const MEANINGS: Readonly<Record<FailureReason, Meaning>> = {
  'bad-framing': { side: 'client', status: 400, proxyError: 'http_request_error', text: 'the request can be read in two ways' },
  'bad-target': { side: 'client', status: 400, proxyError: 'http_request_error', text: 'the request target is not acceptable' },
  'bad-host': { side: 'client', status: 400, proxyError: 'http_request_error', text: 'a request needs exactly one valid Host' },
  'method-refused': { side: 'client', status: 501, proxyError: 'http_request_denied', text: 'this method is not forwarded' },
  'version-refused': { side: 'client', status: 505, proxyError: 'http_request_error', text: 'only HTTP/1.0 and HTTP/1.1 are forwarded' },
  'too-many-lines': { side: 'client', status: 431, proxyError: 'http_request_error', text: 'too many header lines' },
  'head-too-large': { side: 'client', status: 431, proxyError: 'http_request_error', text: 'the request head is too large' },
  'target-too-long': { side: 'client', status: 414, proxyError: 'http_request_error', text: 'the request target is too long' },
  'body-too-large': { side: 'client', status: 413, proxyError: 'http_request_error', text: 'the request body is too large' },
  'request-timeout': { side: 'client', status: 408, proxyError: 'http_request_error', text: 'the request body came too slowly' },
  'client-too-slow': { side: 'client', status: 0, proxyError: '', text: 'the client takes the answer too slowly' },
  'client-gone': { side: 'client', status: 0, proxyError: '', text: 'the client left' },
  'no-upstream': { side: 'own', status: 503, proxyError: 'destination_unavailable', text: 'no worker of this version is ready' },
  'queue-full': { side: 'own', status: 503, proxyError: 'connection_limit_reached', text: 'too many requests are waiting' },
  'wait-timeout': { side: 'own', status: 503, proxyError: 'connection_limit_reached', text: 'no worker became free in time' },
  'tunnel-limit': { side: 'own', status: 503, proxyError: 'connection_limit_reached', text: 'too many upgraded connections' },
  'closing': { side: 'own', status: 503, proxyError: 'proxy_internal_response', text: 'this process is going down' },
  'overloaded': { side: 'own', status: 503, proxyError: 'proxy_internal_response', text: 'this process is short of memory' },
  'internal': { side: 'own', status: 500, proxyError: 'proxy_internal_error', text: 'an internal fault' },
  'connect-failed': { side: 'upstream', status: 502, proxyError: 'connection_refused', text: 'the worker does not accept connections' },
  'connect-timeout': { side: 'upstream', status: 504, proxyError: 'connection_timeout', text: 'the worker does not accept the connection in time' },
  'no-answer': { side: 'upstream', status: 502, proxyError: 'connection_terminated', text: 'the worker closed the connection without an answer' },
  'head-timeout': { side: 'upstream', status: 504, proxyError: 'http_response_timeout', text: 'the worker did not answer in time' },
  'bad-response': { side: 'upstream', status: 502, proxyError: 'http_protocol_error', text: 'the worker sent an invalid answer' },
  'response-head-too-large': { side: 'upstream', status: 502, proxyError: 'http_response_header_section_size', text: 'the head of the answer is too large' },
  'upgrade-unasked': { side: 'upstream', status: 502, proxyError: 'http_upgrade_failed', text: 'the worker switched protocols unasked' },
  'cut-off': { side: 'upstream', status: 502, proxyError: 'http_response_incomplete', text: 'the answer broke off' },
  'body-idle': { side: 'upstream', status: 504, proxyError: 'http_response_timeout', text: 'the body of the answer came too slowly' },
};

export const FAILURE_REASONS: readonly FailureReason[] = Object.keys(MEANINGS) as FailureReason[];

export interface Failure {
  readonly reason: FailureReason;
  /** What was found, for a log line; never sent to a client. */
  readonly detail: string;
}

export function failure(reason: FailureReason, detail: string = ''): Failure {
  return { reason, detail };
}

export function meaning(reason: FailureReason): Meaning {
  return MEANINGS[reason];
}

/** Raised by leaves that parse; the exchange turns it into its end. */
export class Refusal extends Error {
  readonly failure: Failure;
  constructor(reason: FailureReason, detail: string = '') {
    super(`${MEANINGS[reason].text}${detail === '' ? '' : `: ${detail}`}`);
    this.name = 'Refusal';
    this.failure = failure(reason, detail);
  }
}
