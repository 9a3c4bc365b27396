// What can go wrong with a pool in the user's words: a stable code, the cause, and what to do about it.

/** Closed list; a code never changes its meaning. */
export type FailureReason =
  | 'script-missing' | 'interpreter-missing' | 'env-file-missing' | 'port-in-use' | 'port-forbidden' | 'exited'
  | 'never-listened' | 'never-ready' | 'unroutable' | 'listens-publicly' | 'cwd-missing' | 'already-running'
  | 'path-too-long' | 'stopped' | 'user-unknown' | 'agent-missing' | 'host-unknown' | 'bad-spec' | 'spawn-failed' | 'listens-elsewhere';

const CODES: Readonly<Record<FailureReason, string>> = {
  'script-missing': 'GL2001',
  'interpreter-missing': 'GL2002',
  'env-file-missing': 'GL2003',
  'port-in-use': 'GL2004',
  'port-forbidden': 'GL2005',
  exited: 'GL2006',
  'never-listened': 'GL2007',
  'never-ready': 'GL2008',
  unroutable: 'GL2009',
  'listens-publicly': 'GL2010',
  'cwd-missing': 'GL2011',
  'already-running': 'GL2012',
  'path-too-long': 'GL2013',
  stopped: 'GL2014',
  'user-unknown': 'GL2015',
  'agent-missing': 'GL2016',
  'host-unknown': 'GL2017',
  'bad-spec': 'GL2018',
  'spawn-failed': 'GL2019',
  'listens-elsewhere': 'GL2020',
};

export interface FailureDetails {
  readonly reason: FailureReason;
  /** One line: what is wrong, with its place. */
  readonly message: string;
  /** One line: what to do. */
  readonly cure: string;
  /** The end of the worker's output, oldest first. */
  readonly lastLines?: readonly string[];
  readonly cause?: unknown;
}

/** Why a pool, a worker or a public place could not be started. Whatever ran before still runs. */
export class StartFailure extends Error {
  readonly code: string;
  readonly reason: FailureReason;
  readonly cure: string;
  readonly lastLines: readonly string[];

  constructor(details: FailureDetails) {
    super(details.message, details.cause === undefined ? {} : { cause: details.cause });
    this.name = 'StartFailure';
    this.code = CODES[details.reason];
    this.reason = details.reason;
    this.cure = details.cure;
    this.lastLines = details.lastLines ?? [];
  }

  /** Anything thrown, as a failure; what is not one yet becomes `spawn-failed` with its cause kept. */
  static from(thrown: unknown): StartFailure {
    if (thrown instanceof StartFailure) return thrown;
    const text = thrown instanceof Error ? thrown.message : String(thrown);
    return new StartFailure({ reason: 'spawn-failed', message: `the worker could not be started: ${text}`, cure: 'see the cause', cause: thrown });
  }
}

/** The `code` of a system error such as ENOENT, or '' for anything else. */
export function errno(thrown: unknown): string {
  return thrown instanceof Error && 'code' in thrown && typeof thrown.code === 'string' ? thrown.code : '';
}
