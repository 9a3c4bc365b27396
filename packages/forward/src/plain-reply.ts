// Writes an answer through Node's public interface only: slower than the raw way, for a Node whose internals are not as expected.

import type { ReplyWriter } from './reply-writer.ts';

/** What Node says by itself. */
const NODES_OWN: ReadonlySet<string> = new Set(['connection', 'keep-alive', 'transfer-encoding']);

/** Needs payload, not framed bytes: Node frames. */
export const plainWriter: ReplyWriter = {
  interim: (res, text) => {
    const { status, fields } = parse(text);
    if (status === 100) res.writeContinue();
    else if (status === 103) res.writeEarlyHints(hints(fields));
    else res.writeProcessing();
  },
  begin: (res, status, head) => {
    const { reason, fields } = parse(head.text);
    if (!head.keep) res.shouldKeepAlive = false;
    res.sendDate = false;
    res.writeHead(status, reason, fields.filter(([name]) => !NODES_OWN.has(name.toLowerCase())).flat());
    return { pending: '', chunked: head.chunked };
  },
  write: (res, _reply, { bytes, start, end, last, trailers }) => {
    const copy = Buffer.from(bytes.subarray(start, end));
    if (!last) return copy.length === 0 ? (res.flushHeaders(), true) : res.write(copy);
    if (trailers !== '') res.addTrailers(lines(trailers));
    res.end(copy);
    return true;
  },
};

function parse(head: string): { readonly status: number; readonly reason: string; readonly fields: [string, string][] } {
  const end = head.indexOf('\r\n');
  return { status: Number(head.slice(9, 12)), reason: head.slice(13, end), fields: lines(head.slice(end + 2)) };
}

function lines(text: string): [string, string][] {
  return text.split('\r\n').filter((line) => line !== '').map((line) => {
    const colon = line.indexOf(':');
    return [line.slice(0, colon), line.slice(colon + 1).trim()];
  });
}

function hints(fields: readonly [string, string][]): Record<string, string | string[]> {
  const all: Record<string, string | string[]> = {};
  for (const [name, value] of fields) {
    const lower = name.toLowerCase();
    const before = all[lower];
    all[lower] = before === undefined ? value : [...(Array.isArray(before) ? before : [before]), value];
  }
  return all;
}
