// Reads the WorkerBrief out of an environment, where there is one.

import { BRIEF_VARIABLE, WIRE_VERSION, type WorkerBrief } from '@graylane/wire';

export type Summons =
  /** Nobody asked for an agent here. */
  | { readonly kind: 'none' }
  /** This process is the worker. */
  | { readonly kind: 'worker'; readonly brief: WorkerBrief }
  /** A brief is there, but this agent cannot serve it. */
  | { readonly kind: 'refused'; readonly why: string };

export function readSummons(env: Readonly<Record<string, string | undefined>>): Summons {
  const text = env[BRIEF_VARIABLE];
  if (text === undefined || text === '') return { kind: 'none' };
  const brief = parseBrief(text);
  return typeof brief === 'string' ? { kind: 'refused', why: brief } : { kind: 'worker', brief };
}

/** The brief, or why it is none. The supervisor wrote it with the same types, so only its frame is checked. */
function parseBrief(text: string): WorkerBrief | string {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return `${BRIEF_VARIABLE} is not JSON`;
  }
  if (!isBrief(value)) return `${BRIEF_VARIABLE} is not a worker's brief`;
  if (value.wire !== WIRE_VERSION) return `the supervisor speaks version ${value.wire} of the worker protocol, this agent ${WIRE_VERSION}: start both from one installation of graylane`;
  return value;
}

const TEXTS = ['worker', 'service', 'version', 'control', 'sockets', 'snapshot'] as const;

function isBrief(value: unknown): value is WorkerBrief {
  if (typeof value !== 'object' || value === null) return false;
  const fields = new Map<string, unknown>(Object.entries(value));
  return TEXTS.every((name) => typeof fields.get(name) === 'string')
    && typeof fields.get('wire') === 'number'
    && (fields.get('role') === 'stable' || fields.get('role') === 'canary')
    && Array.isArray(fields.get('listeners'));
}
