// Why the control plane refuses or fails: a closed list of codes with the HTTP status and exit code of each.
// It must not know who asked or how the answer is sent.

import type { Api } from '@graylane/wire';
import { StoreError } from './store/errors.ts';

export interface Meaning {
  readonly title: string;
  readonly status: number;
  /** What the command line ends with: 1 failed, 2 invalid, 4 conflict. */
  readonly exitCode: 1 | 2 | 4;
}

/** Stable: a code never changes its meaning and is never reused. */
const PROBLEMS = {
  GL3001: { title: 'invalid strategy', status: 422, exitCode: 2 },
  GL3002: { title: 'strategy refused by the analysis', status: 422, exitCode: 2 },
  GL3003: { title: 'changed by someone else', status: 412, exitCode: 4 },
  GL3004: { title: 'expected revision missing', status: 428, exitCode: 2 },
  GL3005: { title: 'no such release', status: 404, exitCode: 2 },
  GL3006: { title: 'not possible in this phase', status: 409, exitCode: 4 },
  GL3007: { title: 'percentage not understood', status: 422, exitCode: 2 },
  GL3008: { title: 'no such service', status: 404, exitCode: 2 },
  GL3009: { title: 'name taken', status: 409, exitCode: 2 },
  GL3010: { title: 'version did not start', status: 424, exitCode: 1 },
  GL3011: { title: 'store not available', status: 503, exitCode: 1 },
  GL3012: { title: 'request not understood', status: 400, exitCode: 2 },
  GL3013: { title: 'too large', status: 413, exitCode: 2 },
  GL3014: { title: 'not found', status: 404, exitCode: 1 },
  GL3015: { title: 'too many at once', status: 429, exitCode: 1 },
  GL3016: { title: 'token missing or not valid', status: 401, exitCode: 1 },
  GL3017: { title: 'not allowed', status: 403, exitCode: 1 },
  GL3018: { title: 'history gone', status: 410, exitCode: 1 },
  GL3020: { title: 'still starting', status: 503, exitCode: 1 },
  GL3021: { title: 'live changes would be lost', status: 409, exitCode: 4 },
  GL3022: { title: 'method not allowed', status: 405, exitCode: 1 },
  GL3023: { title: 'media type not supported', status: 415, exitCode: 2 },
  GL3024: { title: 'address refused', status: 422, exitCode: 2 },
  GL3099: { title: 'graylane failed', status: 500, exitCode: 1 },
} as const;

export type ControlCode = keyof typeof PROBLEMS;

export const CONTROL_PROBLEMS: Readonly<Record<ControlCode, Meaning>> = PROBLEMS;

export type FieldError = NonNullable<Api<'Problem'>['errors']>[number];

export interface ControlDetails {
  /** One line in the user's words. */
  readonly detail: string;
  readonly cause?: string;
  readonly fix?: string;
  readonly errors?: readonly FieldError[];
  /** Of a conflict. */
  readonly revision?: number;
  readonly changes?: readonly Api<'Change'>[];
  readonly lastLines?: readonly string[];
  readonly thrown?: unknown;
}

export class ControlError extends Error {
  override readonly name = 'ControlError';
  readonly code: ControlCode;
  readonly details: ControlDetails;

  constructor(code: ControlCode, details: ControlDetails) {
    super(details.detail, details.thrown === undefined ? {} : { cause: details.thrown });
    this.code = code;
    this.details = details;
  }

  /** Anything thrown, as a ControlError with its cause kept. */
  static from(thrown: unknown): ControlError {
    if (thrown instanceof ControlError) return thrown;
    const detail = thrown instanceof Error ? thrown.message : String(thrown);
    if (thrown instanceof StoreError) return fromStore(thrown);
    return new ControlError('GL3099', { detail, fix: 'this is a fault of graylane: report it with the log of the supervisor', thrown });
  }

  /** As RFC 9457 problem details. */
  problem(): Api<'Problem'> {
    const { title, status, exitCode } = CONTROL_PROBLEMS[this.code];
    const { detail, cause, fix, errors, revision, changes, lastLines } = this.details;
    return {
      type: `https://graylane.dev/problems/${this.code}`,
      title, status, code: this.code, detail, exitCode,
      ...(cause === undefined ? {} : { cause }),
      ...(fix === undefined ? {} : { fix }),
      ...(errors === undefined ? {} : { errors }),
      ...(revision === undefined ? {} : { revision }),
      ...(changes === undefined ? {} : { changes }),
      ...(lastLines === undefined || lastLines.length === 0 ? {} : { lastLines }),
    };
  }
}

function fromStore(error: StoreError): ControlError {
  switch (error.failure) {
    case 'compacted': return new ControlError('GL3018', { detail: error.message, fix: 'read the whole again, then watch from its revision', thrown: error });
    case 'too-large': return new ControlError('GL3013', { detail: error.message, thrown: error });
    case 'full': return unavailable(error, 'free space on the disk; nothing was changed and traffic goes on');
    case 'read-only': return unavailable(error, 'make the store writable again; nothing was changed and traffic goes on');
    case 'damaged': return unavailable(error, 'restore a backup; traffic goes on under the last strategy');
    case 'busy': case 'io': case 'newer': case 'closed': return unavailable(error, 'nothing was changed and traffic goes on; try again when that is mended');
  }
}

function unavailable(error: StoreError, fix: string): ControlError {
  return new ControlError('GL3011', { detail: `the store cannot be written: ${error.message}`, cause: error.failure, fix, thrown: error });
}
