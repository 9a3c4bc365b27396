// Reads server-sent events (HTML Living Standard §9.2) from a stream of bytes, as far as this API sends them.

export interface Frame {
  readonly event: string;
  readonly id: number;
  readonly data: unknown;
}

/** One event carries at most a release or an event with its evidence. */
const FRAME_LIMIT_CHARACTERS: number = 4 * 1024 * 1024;

export async function* readFrames(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<Frame> {
  const decoder = new TextDecoder();
  let text = '';
  for await (const chunk of bytes) {
    text += decoder.decode(chunk, { stream: true });
    if (text.length > FRAME_LIMIT_CHARACTERS) throw new RangeError('an event is too long');
    for (let end = text.indexOf('\n\n'); end >= 0; end = text.indexOf('\n\n')) {
      const frame = frameOf(text.slice(0, end));
      text = text.slice(end + 2);
      if (frame !== null) yield frame;
    }
  }
}

/** Null for a comment: a sign of life. */
function frameOf(block: string): Frame | null {
  const fields = new Map(block.split('\n').filter((line) => !line.startsWith(':')).map((line) => {
    const colon = line.indexOf(':');
    return [line.slice(0, colon), line.slice(colon + 1).trimStart()] as const;
  }));
  const data = fields.get('data');
  return data === undefined ? null : { event: fields.get('event') ?? 'message', id: Number(fields.get('id') ?? 0), data: JSON.parse(data) as unknown };
}
