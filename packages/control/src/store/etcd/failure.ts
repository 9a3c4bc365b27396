// What etcd answers when it refuses or fails, as the store's closed list of failures. It must not know what was asked.

import { StoreError } from '../errors.ts';
import type { StoreFailure } from '../errors.ts';

/** Codes of gRPC (grpc.io/docs/guides/status-codes), which the gateway passes on. */
const BY_CODE: ReadonlyMap<number, StoreFailure> = new Map([[4, 'io'], [7, 'read-only'], [14, 'io'], [16, 'read-only']]);

/** Where the text says more than the code. */
const BY_TEXT: readonly (readonly [RegExp, StoreFailure, string])[] = [
  [/required revision has been compacted/, 'compacted', 'read anew and watch from there'],
  [/requested lease not found/, 'too-large', 'the lease is gone'],
  [/request is too large|received message larger than max|too many operations/, 'too-large', 'start etcd with --max-request-bytes=33554432 --max-txn-ops=20500, and say so with txnOps=20500 in the address'],
  [/database space exceeded|NOSPACE/, 'full', 'compact and defragment etcd, raise --quota-backend-bytes, then: etcdctl alarm disarm'],
  [/authentication failed|invalid auth token|user name is empty|permission denied/, 'read-only', 'see the user and the password that the server was given, and its role on the prefix'],
  [/no leader|leader changed|not enough started members|request timed out/, 'io', 'etcd has no majority now'],
];

/** An answer that is no success. */
export function fromEtcd(endpoint: string, status: number, body: string): StoreError {
  const { code, message } = parsed(body);
  const known = BY_TEXT.find(([pattern]) => pattern.test(message));
  const failure = known?.[1] ?? BY_CODE.get(code ?? -1) ?? 'io';
  return new StoreError(failure, `etcd at ${endpoint}: ${message === '' ? `status ${status}` : message}${known === undefined ? '' : ` (${known[2]})`}`);
}

export function unreachable(endpoints: readonly string[], thrown: unknown): StoreError {
  return new StoreError('io', `etcd does not answer at ${endpoints.join(', ')}: ${reasonOf(thrown)}`, { cause: thrown });
}

/** True when the token was good once: etcd forgets tokens when it restarts and after five minutes. */
export function isTokenGone(body: string): boolean {
  return /invalid auth token|auth revision/.test(body);
}

/** Node joins the refusals of several addresses of one name into an error without a message. */
function reasonOf(thrown: unknown): string {
  if (thrown instanceof AggregateError) return thrown.errors.map(reasonOf).join(', ');
  return thrown instanceof Error ? thrown.message : String(thrown);
}

function parsed(body: string): { readonly code: number | null; readonly message: string } {
  try {
    const value = JSON.parse(body) as { readonly code?: unknown; readonly message?: unknown; readonly error?: unknown };
    const message = typeof value.message === 'string' ? value.message : typeof value.error === 'string' ? value.error : '';
    return { code: typeof value.code === 'number' ? value.code : null, message };
  } catch {
    return { code: null, message: body.slice(0, 200) };
  }
}
