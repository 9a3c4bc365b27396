// Says on a version's answer what routing has to say: who served it, the anonymous id, that no shared cache may keep it.

import type { ServerResponse } from 'node:http';
import { additions, type Marks } from '@graylane/wire';

export interface MarkedRequest {
  readonly method: string;
  readonly authorized: boolean;
}

/** From now on whatever writes this answer's head writes them, too. */
export function markNodeResponse(res: ServerResponse, marks: Marks, { method, authorized }: MarkedRequest): void {
  const before = Object.getOwnPropertyDescriptor(res, 'writeHead');
  const marked = function (this: ServerResponse, status: number, ...rest: unknown[]): ServerResponse {
    // Node's own again, or what somebody else had put there.
    if (before === undefined) Reflect.deleteProperty(res, 'writeHead');
    else Object.defineProperty(res, 'writeHead', before);
    const given = rest.at(-1);
    // Headers given here win over those set before; as set ones they can all be looked at in one way.
    if (Array.isArray(given)) setPairs(res, given as readonly unknown[]);
    else if (typeof given === 'object' && given !== null) for (const [name, value] of Object.entries(given)) res.setHeader(name, value as string);
    const header = (name: string): string | null => {
      const value = res.getHeader(name);
      return value === undefined ? null : Array.isArray(value) ? value.join(', ') : String(value);
    };
    for (const { name, value, replace } of additions(marks, { method, status, authorized, header })) {
      if (replace) res.setHeader(name, value);
      else res.appendHeader(name, value);
    }
    return typeof rest[0] === 'string' ? res.writeHead(status, rest[0]) : res.writeHead(status);
  };
  Object.defineProperty(res, 'writeHead', { value: marked, configurable: true, writable: true });
}

/** Name and value in turn, or pairs of them: Node takes both. */
function setPairs(res: ServerResponse, given: readonly unknown[]): void {
  const flat = given.flat() as string[];
  const seen = new Set<string>();
  for (let i = 0; i + 1 < flat.length; i += 2) {
    const name = String(flat[i]);
    const lower = name.toLowerCase();
    if (seen.has(lower)) res.appendHeader(name, String(flat[i + 1]));
    else res.setHeader(name, String(flat[i + 1]));
    seen.add(lower);
  }
}

export function markFetchResponse(response: Response, marks: Marks, { method, authorized }: MarkedRequest): Response {
  const added = additions(marks, { method, status: response.status, authorized, header: (name) => response.headers.get(name) });
  if (added.length === 0) return response;
  const headers = new Headers(response.headers);
  for (const { name, value, replace } of added) {
    if (replace) headers.set(name, value);
    else headers.append(name, value);
  }
  return new Response(response.body, { status: response.status, statusText: response.statusText, headers });
}
