// Every bound of forwarding, with its default and the reason for it; it knows nothing of where a value was configured.

export interface Limits {
  /** Exchanges that one upstream works on at a time; over it they wait here, where they cost no memory of the upstream. */
  readonly inFlightPerUpstream: number;
  /** Exchanges that wait in one group; over it the answer is 503 at once. */
  readonly waitingPerGroup: number;
  /** How long one may wait for an upstream before it gets its 503. */
  readonly waitMs: number;
  /** A Unix socket connects at once or never. */
  readonly connectLocalMs: number;
  readonly connectRemoteMs: number;
  /** From the last byte sent to the first byte of the answer's head; 0 is off. */
  readonly responseHeadMs: number;
  /** Between two reads of an answer's body (event streams excepted); 0 is off. */
  readonly bodyIdleMs: number;
  /** Between two reads of a client's body; 0 is off. */
  readonly clientIdleMs: number;
  /** Less than this within `clientIdleMs` counts as nothing: a client may not hold a worker by dripping. */
  readonly clientPaceBytes: number;
  /** A client that takes nothing of its answer for this long is given up; 0 is off. */
  readonly clientStallMs: number;
  /** 0 is without bound: bodies are streamed. */
  readonly requestBodyBytes: number;
  /** Below every keep-alive timeout that servers usually have (Node: 5 s), so that the upstream is rarely first to close. */
  readonly idleConnectionMs: number;
  /** Warm connections kept per upstream; more than this is memory on both sides without use. */
  readonly idleConnectionsPerUpstream: number;
  readonly responseHeadBytes: number;
  /** Informational answers before the final one: more is a flood. */
  readonly interimResponses: number;
  readonly trailerBytes: number;
  /** Bytes of chunk extensions per answer: nobody uses them but attackers. */
  readonly chunkExtensionBytes: number;
  /** Upgraded connections and event streams at a time: each holds two descriptors for as long as its client likes. */
  readonly tunnels: number;
  /** A tunnel without a byte in either direction; 0 is off, for quiet WebSockets are common. */
  readonly tunnelIdleMs: number;
  /** How long a tunnel may stay half-closed. */
  readonly tunnelLingerMs: number;
  /** All tries of one exchange, the first one included. */
  readonly attempts: number;
  /** Retries may be this share of the requests of the last ten seconds… */
  readonly retryShare: number;
  /** …or this many per second, whichever is more. */
  readonly retryMinPerSecond: number;
  /** Failures in a row that eject an upstream. */
  readonly ejectAfter: number;
  readonly ejectBaseMs: number;
  readonly ejectMaxMs: number;
  /** A fresh or returned upstream grows to its full share in this time. */
  readonly slowStartMs: number;
}

export const DEFAULT_LIMITS: Limits = {
  inFlightPerUpstream: 256,
  waitingPerGroup: 512,
  waitMs: 5_000,
  connectLocalMs: 1_000,
  connectRemoteMs: 5_000,
  responseHeadMs: 60_000,
  bodyIdleMs: 60_000,
  clientIdleMs: 0,
  clientPaceBytes: 512,
  clientStallMs: 0,
  requestBodyBytes: 0,
  idleConnectionMs: 4_000,
  idleConnectionsPerUpstream: 64,
  responseHeadBytes: 64 * 1024,
  interimResponses: 32,
  trailerBytes: 16 * 1024,
  chunkExtensionBytes: 16 * 1024,
  tunnels: 20_000,
  tunnelIdleMs: 0,
  tunnelLingerMs: 10_000,
  attempts: 3,
  retryShare: 0.2,
  retryMinPerSecond: 3,
  ejectAfter: 5,
  ejectBaseMs: 1_000,
  ejectMaxMs: 60_000,
  slowStartMs: 5_000,
};
