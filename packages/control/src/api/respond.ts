// How the API answers: JSON, ETags, and problems (RFC 9457). It must not know what is answered.

import type { Context } from 'hono';
import { ControlError } from '../problem.ts';

/** A revision as an entity tag (RFC 9110 §8.8.3). */
export function etag(revision: number): string {
  return `"${revision}"`;
}

/**
 * The revision in `If-Match`; null is `*`, whatever stands.
 * Throws GL3004 when there is none, GL3012 when it is no revision of ours.
 */
export function expectedRevision(context: Context): number | null {
  if (context.req.header('if-match') !== undefined) return revisionIfGiven(context);
  throw new ControlError('GL3004', { detail: 'this changes the strategy and needs the revision that you have seen', fix: 'read it first and send its ETag as If-Match; If-Match: * takes whatever stands' });
}

/** The same where it may be left out. */
export function revisionIfGiven(context: Context): number | null {
  const header = context.req.header('if-match')?.trim() ?? '*';
  if (header === '*') return null;
  const match = /^(?:W\/)?"(\d{1,15})"$/.exec(header);
  if (match === null) throw new ControlError('GL3012', { detail: 'If-Match is no revision', fix: 'send the ETag as it was received, quotes included' });
  return Number(match[1]);
}

export function problemResponse(thrown: unknown): Response {
  const error = ControlError.from(thrown);
  const problem = error.problem();
  const headers = new Headers({ 'content-type': 'application/problem+json', 'cache-control': 'no-store' });
  if (problem.revision !== undefined) headers.set('etag', etag(problem.revision));
  if (problem.status === 401) headers.set('www-authenticate', 'Bearer realm="graylane"');
  if (problem.status === 429 || problem.status === 503) headers.set('retry-after', '1');
  return new Response(JSON.stringify(problem), { status: problem.status, headers });
}

/** A whole number in the query within bounds, or `fallback`. Throws GL3012. */
export function numberFrom(context: Context, name: string, bounds: { readonly min: number; readonly max: number; readonly fallback: number }): number {
  const text = context.req.query(name);
  if (text === undefined) return bounds.fallback;
  const number = Number(text);
  if (!/^\d{1,15}$/.test(text) || number < bounds.min || number > bounds.max) throw new ControlError('GL3012', { detail: `${name} must be a whole number from ${bounds.min} to ${bounds.max}` });
  return number;
}

/** `true` or absent; anything else is a mistake that must not be taken for either. Throws GL3012. */
export function flagFrom(context: Context, name: string): boolean {
  const text = context.req.query(name);
  if (text === undefined || text === 'false') return false;
  if (text === 'true') return true;
  throw new ControlError('GL3012', { detail: `${name} must be true or false` });
}

/** A parameter that nothing reads is a mistake that must not pass for obeyed. Throws GL3012. */
export function refuseUnknownQuery(context: Context, known: readonly string[]): void {
  const unknown = Object.keys(context.req.queries()).find((name) => !known.includes(name));
  if (unknown === undefined) return;
  throw new ControlError('GL3012', {
    detail: `there is no parameter '${unknown.slice(0, 40)}' here`,
    fix: known.length === 0 ? 'leave it out: this takes none' : `one of: ${known.join(', ')}`,
  });
}
