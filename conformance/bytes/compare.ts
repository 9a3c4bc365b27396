// Says where two recordings differ, Date aside. It knows no app.

const DATE = /(\r\ndate: )[^\r]*(?=\r\n)/gi;

/** The recording without what may differ between two moments. */
export function withoutDate(recording: string): string {
  return recording.replace(DATE, '$1-');
}

/** The recording with neighbouring chunks of a chunked body made one. */
export function joinChunks(recording: string): string {
  const bodyStart = recording.indexOf('\r\n\r\n') + 4;
  if (!/\r\ntransfer-encoding: *chunked\r\n/i.test(recording.slice(0, bodyStart))) return recording;
  let body = '';
  let at = bodyStart;
  for (;;) {
    const lineEnd = recording.indexOf('\r\n', at);
    const size = lineEnd === -1 ? 0 : parseInt(recording.slice(at, lineEnd), 16);
    if (size === 0 || Number.isNaN(size)) break;
    body += recording.slice(lineEnd + 2, lineEnd + 2 + size);
    at = lineEnd + 2 + size + 2;
  }
  return `${recording.slice(0, bodyStart)}<${body}>${recording.slice(at)}`;
}

/** Null when equal, else the place of the first difference with what stands there on both sides. */
export function difference(expected: string, actual: string): string | null {
  if (expected === actual) return null;
  let at = 0;
  while (expected[at] === actual[at]) at++;
  const from = Math.max(0, at - 60);
  return `byte ${at}:\n  bare     ${JSON.stringify(expected.slice(from, at + 80))}\n  graylane ${JSON.stringify(actual.slice(from, at + 80))}`;
}
