// Says marks on a response of the app, at the one moment when its head is complete: the app may write it in any way it
// likes and never sees them. It knows nothing of routing.

import type { IncomingMessage, ServerResponse } from 'node:http';
import { additions, type Addition, type Answered, type Marks } from '@graylane/wire';
import { headHook } from './internals.ts';

const MARKS: unique symbol = Symbol('graylane.marks');

interface Marked extends ServerResponse {
  [MARKS]?: { readonly marks: Marks; readonly request: IncomingMessage };
}

const hook = headHook((response: Marked, head) => {
  const said = response[MARKS];
  if (said === undefined) return head;
  const { marks, request } = said;
  const answered: Answered = {
    method: request.method ?? 'GET',
    status: response.statusCode,
    authorized: request.headers.authorization !== undefined,
    header: (name) => lineValues(head, name),
  };
  return additions(marks, answered).reduce(withLine, head);
});

export function markResponse(request: IncomingMessage, response: ServerResponse, marks: Marks): void {
  const marked: Marked = response;
  if (hook(marked)) marked[MARKS] = { marks, request };
}

/** All values of a header in a head as text, joined; null without one. */
function lineValues(head: string, name: string): string | null {
  if (!mentions(head, name)) return null;
  const values: string[] = [];
  for (const line of head.split('\r\n').slice(1)) {
    const colon = line.indexOf(':');
    if (colon === name.length && line.slice(0, colon).toLowerCase() === name) values.push(line.slice(colon + 1).trim());
  }
  return values.length === 0 ? null : values.join(', ');
}

/** Most heads have no such line, and one look is a tenth of taking them apart. */
function mentions(head: string, name: string): boolean {
  let mention = MENTIONS.get(name);
  if (mention === undefined) MENTIONS.set(name, mention = new RegExp(`\\r\\n${name}:`, 'i'));
  return mention.test(head);
}

/** Asked for by `additions` only, which knows few names. */
const MENTIONS = new Map<string, RegExp>();

function withLine(head: string, { name, value, replace }: Addition): string {
  const rest = replace ? withoutLines(head, name.toLowerCase()) : head;
  // A head ends with an empty line; ours goes before it.
  return `${rest.slice(0, -2)}${name}: ${value}\r\n\r\n`;
}

function withoutLines(head: string, name: string): string {
  if (!mentions(head, name)) return head;
  return head.split('\r\n').filter((line) => line.slice(0, name.length + 1).toLowerCase() !== `${name}:`).join('\r\n');
}
