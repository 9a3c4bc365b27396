// What a client says of itself, by the rules of the snapshot.

import type { SourcePlan } from '../compile/snapshot.ts';

/** The value of the first rule all of whose marks stand in their headers; a quoted platform (RFC 8941) speaks for itself. */
export function userAgent({ quoted, rules }: SourcePlan & { readonly kind: 'userAgent' }, header: (name: string) => string | null): string | null {
  const said = quoted === null ? null : /^"([^"\\]{1,64})"$/.exec(header(quoted) ?? '')?.[1];
  if (typeof said === 'string' && said !== 'Unknown') return said;
  const seen = new Map<string, string>();
  const lower = (name: string): string => {
    let value = seen.get(name);
    if (value === undefined) seen.set(name, value = (header(name) ?? '').toLowerCase());
    return value;
  };
  return rules.find(([, marks]) => marks.every(([name, mark]) => lower(name).includes(mark)))?.[0] ?? null;
}
