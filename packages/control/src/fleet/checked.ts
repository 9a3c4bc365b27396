// A machine's words as they come off the wire: whoever has a credential may still send nonsense, and it must end with him.

import type { NodeMessage } from './messages.ts';

type Shape = Readonly<Record<string, (value: unknown) => boolean>>;

const text = (value: unknown): boolean => typeof value === 'string' && value.length <= TEXT_LIMIT;
const count = (value: unknown): boolean => typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
const listOf = (item: (value: unknown) => boolean, limit: number) => (value: unknown): boolean => Array.isArray(value) && value.length <= limit && value.every(item);
const record = (shape: Shape) => {
  const fields = Object.entries(shape);
  return (value: unknown): boolean => isRecord(value) && fields.every(([key, holds]) => holds(value[key]));
};
const anything = (value: unknown): boolean => isRecord(value);
const labels = (value: unknown): boolean => isRecord(value) && Object.keys(value).length <= LABELS_LIMIT && Object.values(value).every(text);
const orNull = (holds: (value: unknown) => boolean) => (value: unknown): boolean => value === null || holds(value);
const optional = (holds: (value: unknown) => boolean) => (value: unknown): boolean => value === undefined || holds(value);

const TEXT_LIMIT = 1_024;
const LABELS_LIMIT = 32;
/** Pools, workers and versions of one machine. */
const LIST_LIMIT = 10_000;

const share = record({ generation: count, reason: text, requests: count });
const exposure = record({ generation: count, version: text, requests: count, latency: listOf((value) => typeof value === 'number', 64) });
const users = record({ generation: count, of: text, seen: listOf(count, 1_000_000), bad: listOf(count, 1_000_000), slow: listOf(count, 1_000_000) });
const counts = record({ counts: listOf(share, LIST_LIMIT), exposures: optional(listOf(exposure, LIST_LIMIT)), users: optional(listOf(users, LIST_LIMIT)), seq: optional(count) });
const worker = record({ id: text, service: text, version: text, role: (value) => value === 'stable' || value === 'canary', state: text, generation: count });
const pool = record({ id: text, digest: text, state: (value) => value === 'starting' || value === 'ready' || value === 'failed' || value === 'elsewhere', failure: optional(anything) });
const offer = record({ service: text, version: text, listeners: listOf(record({ index: count, protocol: text }), 64) });

const SHAPES: Readonly<Record<NodeMessage['kind'], (value: unknown) => boolean>> = {
  hello: record({ wire: count, name: text, labels, boot: text, generation: count, forward: orNull(record({ host: text, port: count })) }),
  ack: record({ generation: count }),
  begun: record({ generation: count }),
  lost: record({ generation: count }),
  report: record({ pools: listOf(pool, LIST_LIMIT), workers: listOf(worker, LIST_LIMIT), offers: listOf(offer, LIST_LIMIT) }),
  counts: record({ seq: count, entries: listOf(record({ worker: text, service: text, message: counts }), LIST_LIMIT) }),
  keyed: record({ digest: text }),
  pong: anything,
  goodbye: anything,
};

/** `unknown`: of a later graylane, to be passed over; `wrong`: nobody of ours says that. */
export function checked(message: { readonly kind: string }): 'right' | 'unknown' | 'wrong' {
  if (!Object.hasOwn(SHAPES, message.kind)) return 'unknown';
  return SHAPES[message.kind as NodeMessage['kind']](message) ? 'right' : 'wrong';
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
