// What a worker is told at birth, in the one variable GRAYLANE_AGENT (JSON). Secrets never travel here.

/** The version of everything in this package that crosses a process boundary. */
export const WIRE_VERSION = 1;

/** The environment variable that carries a {@link WorkerBrief}; its absence makes the agent step aside. */
export const BRIEF_VARIABLE = 'GRAYLANE_AGENT';

/**
 * A flag for a worker's start: a free port instead of 9229, so that several can be looked into. It opens nothing by itself.
 * The agent takes it off again: node:cluster counts ports up from it, and its workers would not start.
 */
export const INSPECT_FLAG = '--inspect-port=127.0.0.1:0';

/** A gateway is a worker that serves no version: it moves what it gets to those that do. */
export type Role = 'stable' | 'canary' | 'gateway';

/** One public place that the service listens on, in the order in which the app opens them. */
export interface ListenerPlan {
  readonly index: number;
  /** The public port, 1-65535. */
  readonly port: number;
  /** The public address, or null for all. */
  readonly host: string | null;
  /** The inherited listening socket of this worker's slot; null where the worker may not listen publicly. */
  readonly fd: number | null;
  /** Inherited sockets of other slots, by the slot's number; for an {@link AcceptMessage}. Absent: none. */
  readonly others?: Readonly<Record<string, number>>;
}

export interface WorkerBrief {
  readonly wire: number;
  /** Unique over the life of the supervisor's state, `<service>.<version>.<number>`. */
  readonly worker: string;
  readonly service: string;
  readonly version: string;
  readonly role: Role;
  /** Path of the supervisor's control socket. */
  readonly control: string;
  /** Folder (mode 0700) for this worker's private sockets; short, for a Unix path ends at about 100 bytes. */
  readonly sockets: string;
  /** File with the newest published {@link StrategyMessage}, for a start without a supervisor. */
  readonly snapshot: string;
  /** True: open the public sockets only when told to (`open`), so that a new stable pool can warm up behind the old one. */
  readonly hold: boolean;
  /** Declared or discovered public places. */
  readonly listeners: readonly ListenerPlan[];
  /**
   * What to do with a listen() beyond `listeners`:
   * `donate` binds it and gives the socket to the supervisor, `private` keeps it off the network.
   */
  readonly undeclared: 'donate' | 'private';
}

/**
 * What the agent of a `donate` worker sends over Node's own IPC channel beside the bound TCP handle:
 * `process.send(note, server._handle)`. The supervisor keeps the handle open for the worker's successors.
 */
export interface DonateNote {
  readonly graylane: 'donate';
  readonly port: number;
  readonly host: string | null;
}
