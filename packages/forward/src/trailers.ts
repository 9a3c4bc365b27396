// Which fields may come behind a body (RFC 9110 §6.5.1): nothing of framing, routing, access or the connection. It knows no message.

import { BREAKS_LINE } from './octets.ts';

const FORBIDDEN: ReadonlySet<string> = new Set([
  'content-length', 'transfer-encoding', 'host', 'connection', 'keep-alive', 'te', 'trailer', 'upgrade', 'http2-settings', 'expect', 'proxy-connection',
  'authorization', 'cookie', 'set-cookie', 'baggage', 'graylane-hop', 'content-encoding', 'content-type', 'content-range',
]);

export function mayTrail(name: string, value: string): boolean {
  return !FORBIDDEN.has(name.toLowerCase()) && !name.startsWith(':') && !BREAKS_LINE.test(name) && !BREAKS_LINE.test(value);
}

/** Lines of what may trail, each with its CRLF; `fields` are names and values in turn. */
export function trailerLines(fields: readonly string[]): string {
  let text = '';
  for (let i = 0; i + 1 < fields.length; i += 2) {
    const [name, value] = [fields[i] as string, fields[i + 1] as string];
    if (mayTrail(name, value)) text += `${name}: ${value}\r\n`;
  }
  return text;
}

/** Of whole lines those that may trail, as they are. */
export function withoutForbidden(lines: string): string {
  return lines === '' ? '' : lines.replace(/([^:]*):(.*)\r\n/g, (line, name: string, value: string) => (mayTrail(name, value) ? line : ''));
}
