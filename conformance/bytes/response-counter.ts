// Counts complete HTTP/1.1 responses in a recording, slowly and from the start each time. It validates nothing.

export class ResponseCounter {
  readonly #heads: readonly number[];

  /** `heads`: which final responses (from 0) answer HEAD and so have no body. */
  constructor(heads: readonly number[]) {
    this.#heads = heads;
  }

  /** Final responses whose last byte is there; interim ones are not counted. */
  count(text: string): number {
    let at = 0;
    let complete = 0;
    for (;;) {
      const headEnd = text.indexOf('\r\n\r\n', at);
      if (headEnd === -1) return complete;
      const head = text.slice(at, headEnd + 2);
      const bodyStart = headEnd + 4;
      if (/^HTTP\/1\.1 1\d\d/.test(head) && !head.startsWith('HTTP/1.1 101')) {
        at = bodyStart;
        continue;
      }
      const next = this.#heads.includes(complete) ? bodyStart : endOfBody(head, text, bodyStart);
      if (next === null) return complete;
      complete++;
      at = next;
    }
  }
}

/** The place behind the body, or null while it is not complete. A body that ends with the connection never is. */
function endOfBody(head: string, text: string, start: number): number | null {
  if (/^HTTP\/1\.1 (101|204|304)/.test(head)) return start;
  if (/\r\ntransfer-encoding: *chunked\r\n/i.test(head)) return endOfChunks(text, start);
  const length = Number(/\r\ncontent-length: *(\d+)\r\n/i.exec(head)?.[1] ?? NaN);
  return text.length >= start + length ? start + length : null;
}

function endOfChunks(text: string, start: number): number | null {
  let at = start;
  for (;;) {
    const lineEnd = text.indexOf('\r\n', at);
    if (lineEnd === -1) return null;
    const size = parseInt(text.slice(at, lineEnd), 16);
    if (size === 0) {
      const trailersEnd = text.indexOf('\r\n\r\n', lineEnd);
      return trailersEnd === -1 ? null : trailersEnd + 4;
    }
    at = lineEnd + 2 + size + 2;
    if (at > text.length) return null;
  }
}
