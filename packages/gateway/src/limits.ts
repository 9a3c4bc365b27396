// Every bound of the gateway's client side, with its default and the reason for it; those of the upstream side are forward's.

export interface FrontLimits {
  /** Request line and header fields; 431 over it. */
  readonly headBytes: number;
  /** 414 over it. */
  readonly targetBytes: number;
  /** 431 over it. */
  readonly headerLines: number;
  /** From the first byte to the end of the head; 408 after it. */
  readonly headMs: number;
  /** From the first byte to the end of the body; 408 after it. */
  readonly requestMs: number;
  /** An idle connection is kept this long: above what most clients and balancers use, so that they close first. */
  readonly keepAliveMs: number;
  /** A client of HTTP/2 that takes nothing of its complete answers for this long is given up; HTTP/1.1 has forward's bound for it. */
  readonly stallMs: number;
  /** After the last word on an HTTP/2 connection: for the client to close its side, or to finish a head that it has begun. */
  readonly lingerMs: number;
  /** How often late clients are looked for. */
  readonly checkMs: number;
  /** Open client connections of one process; each may cost a few kilobytes for minutes. */
  readonly connections: number;
  /** Share of the heap limit above which new requests get 503: rather a few refused than all lost. */
  readonly heapShare: number;
  /** Requests at a time on one HTTP/2 connection (RFC 9113 §6.5.2 advises at least 100). */
  readonly streams: number;
  /** Streams that a client may reset at once, and how many more each second: more is an attack (CVE-2023-44487), and ends the connection. */
  readonly resetBurst: number;
  readonly resetsPerSecond: number;
  /** PING and SETTINGS frames of one HTTP/2 connection in ten seconds: each costs an answer. */
  readonly controlFrames: number;
}

/** A client that sends nothing of its body for this long is gone or hostile. */
export const CLIENT_IDLE_MS = 10_000;
/** A slow network may take this long for what the system has buffered for it; a client that takes nothing at all is given up then. */
export const CLIENT_STALL_MS = 60_000;

export const DEFAULT_FRONT_LIMITS: FrontLimits = {
  headBytes: 16 * 1024,
  targetBytes: 8 * 1024,
  headerLines: 100,
  headMs: 10_000,
  requestMs: 300_000,
  keepAliveMs: 65_000,
  stallMs: CLIENT_STALL_MS,
  lingerMs: 2_000,
  checkMs: 1_000,
  connections: 20_000,
  heapShare: 0.9,
  streams: 100,
  resetBurst: 500,
  resetsPerSecond: 50,
  controlFrames: 100,
};
