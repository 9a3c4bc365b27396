// The closed list of ways in which an exchange can end other than well, and what each one means to the client; it knows no socket.

/** Whose fault it is. */
export type Side = 'client' | 'upstream' | 'own';

export interface Meaning {
  readonly side: Side;
  /** The status of the answer; 0 where there is nobody to answer. */
  readonly status: number;
  /** The error type of RFC 9209 §2.3; '' where none fits. */
  readonly proxyError: string;
}

export type FailureReason =
  | 'bad-framing' | 'bad-target' | 'bad-host' | 'unknown-host' | 'method-refused'
  | 'version-refused' | 'too-many-lines' | 'head-too-large' | 'target-too-long'
  | 'body-too-large' | 'request-timeout' | 'client-too-slow' | 'client-gone'
  | 'no-upstream' | 'queue-full' | 'wait-timeout' | 'tunnel-limit'
  | 'closing' | 'overloaded' | 'internal' | 'connect-failed' | 'connect-timeout'
  | 'hung-up' | 'no-answer' | 'head-timeout' | 'bad-response' | 'response-head-too-large'
  | 'upgrade-unasked' | 'cut-off' | 'body-idle';

/** Error types of RFC 9209 §2.3 that several reasons share. */
const REQUEST = 'http_request_error';
const LIMIT = 'connection_limit_reached';
const OWN = 'proxy_internal_response';
const LATE = 'http_response_timeout';

/** What each reason says is in docs/forwarding.md: this file is in every app. */
const MEANINGS: Readonly<Record<FailureReason, readonly [status: number, proxyError: string]>> = {
  'bad-framing': [400, REQUEST],
  'bad-target': [400, REQUEST],
  'bad-host': [400, REQUEST],
  'unknown-host': [421, 'destination_not_found'],
  'method-refused': [501, 'http_request_denied'],
  'version-refused': [505, REQUEST],
  'too-many-lines': [431, REQUEST],
  'head-too-large': [431, REQUEST],
  'target-too-long': [414, REQUEST],
  'body-too-large': [413, REQUEST],
  'request-timeout': [408, REQUEST],
  'client-too-slow': [0, ''],
  'client-gone': [0, ''],
  'no-upstream': [503, 'destination_unavailable'],
  'queue-full': [503, LIMIT],
  'wait-timeout': [503, LIMIT],
  'tunnel-limit': [503, LIMIT],
  'closing': [503, OWN],
  'overloaded': [503, OWN],
  'internal': [500, 'proxy_internal_error'],
  'connect-failed': [502, 'connection_refused'],
  'connect-timeout': [504, 'connection_timeout'],
  'hung-up': [0, ''],
  'no-answer': [502, 'connection_terminated'],
  'head-timeout': [504, LATE],
  'bad-response': [502, 'http_protocol_error'],
  'response-head-too-large': [502, 'http_response_header_section_size'],
  'upgrade-unasked': [502, 'http_upgrade_failed'],
  'cut-off': [502, 'http_response_incomplete'],
  'body-idle': [504, LATE],
};

export const FAILURE_REASONS: readonly FailureReason[] = /* @__PURE__ */ Object.keys(MEANINGS) as FailureReason[];

export interface Failure {
  readonly reason: FailureReason;
  /** What was found, for a log line; never sent to a client. */
  readonly detail: string;
}

export function failure(reason: FailureReason, detail: string = ''): Failure {
  return { reason, detail };
}

export function meaning(reason: FailureReason): Meaning {
  const [status, proxyError] = MEANINGS[reason];
  const side = status === 502 || status === 504 ? 'upstream' : status === 503 || status === 500 ? 'own' : 'client';
  return { side, status, proxyError };
}

/** Raised by leaves that parse; the exchange turns it into its end. */
export class Refusal extends Error {
  readonly failure: Failure;
  constructor(reason: FailureReason, detail: string = '') {
    super(`${reason}: ${detail}`);
    this.name = 'Refusal';
    this.failure = failure(reason, detail);
  }
}

/** The upstream's answer is none. */
export function invalid(detail: string): never {
  throw new Refusal('bad-response', detail);
}
