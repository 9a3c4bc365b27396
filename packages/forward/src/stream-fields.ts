// The fields of an HTTP/2 message as Node sends them, from those that it has received: lines that came apart go apart. It knows no stream.

import type { IncomingHttpHeaders, OutgoingHttpHeaders } from 'node:http2';

/** `lines` are names and values in turn, as they came; Node has joined those of one name in `headers`. */
export function sameFields(headers: IncomingHttpHeaders, lines: readonly string[]): OutgoingHttpHeaders {
  // With the symbol that names the sensitive ones.
  const fields: OutgoingHttpHeaders = { ...headers };
  const all = new Map<string, string[]>();
  for (let i = 0; i + 1 < lines.length; i += 2) {
    const [name, value] = [lines[i] as string, lines[i + 1] as string];
    const values = all.get(name);
    if (values === undefined) all.set(name, [value]);
    else values.push(value);
  }
  for (const [name, values] of all) {
    // Of a field that may come once Node has kept the first, and sends no more.
    if (values.length > 1 && headers[name] !== undefined && headers[name] !== values[0]) fields[name] = values;
  }
  return fields;
}
