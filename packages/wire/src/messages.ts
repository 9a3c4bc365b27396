// The control socket's conversation between an agent (or gateway worker) and its supervisor: one JSON object a frame.
// Receivers ignore kinds and fields they do not know, so that an older agent can be adopted by a newer supervisor.

import type { Snapshot } from '@graylane/rules';
import type { KeyRing } from './seal.ts';

/** What an app's server speaks; it decides how a forwarded exchange is handed to it. */
export type Protocol = 'http' | 'https' | 'h2c' | 'h2' | 'tcp';

/** One server that an app has opened. */
export interface ListenerReport {
  /** The index of its plan, or the next free one for a place nobody declared. */
  readonly index: number;
  readonly protocol: Protocol;
  /** The agent's private Unix socket for it. */
  readonly socket: string;
  readonly port: number;
  readonly host: string | null;
}

/** One worker that can take forwarded exchanges. */
export interface Peer {
  readonly worker: string;
  readonly version: string;
  readonly listeners: readonly ListenerReport[];
}

export type Unroutable = 'cluster' | 'raw-connection' | 'listener-mismatch' | 'public-listener';

// agent -> supervisor

export interface HelloMessage {
  readonly kind: 'hello';
  readonly wire: number;
  readonly worker: string;
  readonly pid: number;
  readonly node: string;
  readonly agent: string;
  /** Repeated after a supervisor's restart: all that it needs to adopt this worker. */
  readonly generation: number;
  readonly listeners: readonly ListenerReport[];
  /** Somebody whom this supervisor has not started, a sidecar, routes for this service and wants keys and strategies. */
  readonly guest?: string;
}
export interface ListeningMessage { readonly kind: 'listening'; readonly listener: ListenerReport }
/** A listen() failed in the app, e.g. EADDRINUSE. */
export interface ListenFailedMessage { readonly kind: 'listen-failed'; readonly port: number; readonly code: string }
/** This app cannot be routed as it stands; `cure` says what to do about it. */
export interface UnroutableMessage { readonly kind: 'unroutable'; readonly reason: Unroutable; readonly detail: string; readonly cure: string }
/** The strategy of that generation is here, and requests stamped with it can be routed. */
export interface AckMessage { readonly kind: 'ack'; readonly generation: number }
export interface KeysAckMessage { readonly kind: 'keys-ack'; readonly epoch: number }
/**
 * New requests are stamped with `current` from now on, and none in flight here carries an older one than `oldest`.
 * Said after each `begin`, and again when `oldest` has risen; only where a strategy has several services.
 */
export interface InFlightMessage { readonly kind: 'in-flight'; readonly current: number; readonly oldest: number }
/** A request is here with a stamp of this generation, which is unknown. */
export interface FetchMessage { readonly kind: 'fetch'; readonly generation: number }
export interface PeersAckMessage { readonly kind: 'peers-ack'; readonly epoch: number }
export interface PongMessage { readonly kind: 'pong'; readonly n: number; readonly vitals: Vitals }
/** Stopped accepting and nothing is in flight. */
export interface DrainedMessage { readonly kind: 'drained' }
/** An internal fault of the agent; the app served the request as if the agent were not there. */
export interface FaultMessage { readonly kind: 'fault'; readonly count: number; readonly detail: string }
/** Counts since the last one; the receiver adds them up. */
export interface CountsMessage {
  readonly kind: 'counts';
  /** Of which service, where a worker serves several; its own when absent. */
  readonly service?: string;
  readonly counts: readonly Count[];
  /** How those requests ended, from data planes that watch the end. */
  readonly exposures?: readonly Exposure[];
  /** Users by bucket, where a release is sticky by something. */
  readonly users?: readonly UsersSeen[];
  /** Rises by one with each message of a worker: a repeated one is not counted twice. */
  readonly seq?: number;
}

export interface Vitals {
  /** Bytes. */
  readonly rss: number;
  readonly heapUsed: number;
  readonly heapLimit: number;
  /** Microseconds of CPU since the start, user and system. */
  readonly cpuMicros: number;
  /** Milliseconds, since the last pong. */
  readonly loopDelayP99Ms: number;
  /** 0-1, since the last pong. */
  readonly loopUtilization: number;
  readonly inFlight: number;
  readonly waiting: number;
  /** Absent from a process that has had nobody to forward to. */
  readonly admission?: Admission;
}

/** How a data plane lets requests to upstreams, since its start. */
export interface Admission {
  /** How many may wait for the upstreams of one version. */
  readonly limit: number;
  /** Requests that had to wait and got an upstream, and for how long in all. */
  readonly waited: number;
  readonly waitedSeconds: number;
  /** Requests that got no upstream and were answered with 503, by why. */
  readonly rejected: Readonly<Record<string, number>>;
}

/** Requests of one kind: what was asked, who served it, how it ended. */
export interface Count {
  readonly generation: number;
  /** The release that selected it, or null for stable. */
  readonly lane: string | null;
  readonly reason: string;
  readonly requests: number;
}

/** Requests of one kind that have ended, as the process saw it that the client spoke to. */
export interface Exposure {
  readonly generation: number;
  /** The release that selected them, or null for stable. */
  readonly lane: string | null;
  /** The version that served. */
  readonly version: string;
  /** Which arm of which release they count for, or null. */
  readonly arm: 'treated' | 'control' | 'pinned' | null;
  readonly of: string | null;
  /** These requests stand in another line already, and count here for one more release: totals leave them out. */
  readonly again?: boolean;
  readonly method: string;
  /** 0 when no response head was sent. */
  readonly status: number;
  readonly end: 'complete' | 'aborted' | 'timeout';
  readonly requests: number;
  /** Sum of their durations. Of requests in no arm (`arm` null) one in some is timed, and stands for the others. */
  readonly seconds: number;
  /** Requests by duration in the buckets of {@link LATENCY_EDGES_SECONDS}, and one more for what is above. */
  readonly latency: readonly number[];
}

/** Upper edges, as the OpenTelemetry HTTP conventions advise for `http.server.request.duration`. */
export const LATENCY_EDGES_SECONDS: readonly number[] = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10];

/**
 * The buckets ([0, 1,000,000); docs/routing.md, Selection) of users in one arm since the last message, each at most once a message.
 * A bucket stands for its users: no identity leaves the data plane, and a set of them is bounded.
 */
export interface UsersSeen {
  readonly generation: number;
  readonly of: string;
  readonly arm: 'treated' | 'control';
  readonly seen: readonly number[];
  /** Those with a failed request: 5xx, aborted, timed out. */
  readonly bad: readonly number[];
  /** Those with a request over a second. */
  readonly slow: readonly number[];
}

export type AgentMessage =
  | HelloMessage | ListeningMessage | ListenFailedMessage | UnroutableMessage | AckMessage | PeersAckMessage
  | PongMessage | DrainedMessage | FaultMessage | CountsMessage | KeysAckMessage | InFlightMessage | FetchMessage;

// supervisor -> agent

/**
 * One immutable, numbered strategy. `staged`: keep it for requests that are stamped with it; new ones are decided by it
 * only after {@link BeginMessage}.
 */
export interface StrategyMessage { readonly kind: 'strategy'; readonly generation: number; readonly snapshot: Snapshot; readonly staged?: boolean }
/** All data planes have it: decide new requests by this generation. */
export interface BeginMessage { readonly kind: 'begin'; readonly generation: number }
/** The fleet's keys, for stamps and overrides. */
export interface KeysMessage {
  readonly kind: 'keys';
  readonly epoch: number;
  readonly ring: KeyRing;
  /** Override tokens are about: look for them on requests. Until the first one is made nobody has to. */
  readonly overrides: boolean;
}
/** All workers of the receiver's service that take forwarded exchanges; replaces what was known. */
export interface PeersMessage { readonly kind: 'peers'; readonly epoch: number; readonly peers: readonly Peer[] }
/** Start accepting on the inherited public sockets (a worker born with `hold`). */
export interface OpenMessage { readonly kind: 'open' }
/** These slots have no worker, or one that does not answer: accept on their sockets as well, from now on, where they were inherited. */
export interface AcceptMessage { readonly kind: 'accept'; readonly slots: readonly number[] }
export interface PingMessage { readonly kind: 'ping'; readonly n: number }
/** Stop accepting, answer with `Connection: close`, finish what is in flight within `graceMs`, then say `drained`. */
export interface DrainMessage { readonly kind: 'drain'; readonly graceMs: number }

export type SupervisorMessage = StrategyMessage | BeginMessage | KeysMessage | PeersMessage | OpenMessage | AcceptMessage | PingMessage | DrainMessage;
