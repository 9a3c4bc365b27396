// Cuts one connection's bytes into answers with a Content-Length: all that the app under load sends. Anything else is a fault.

export interface Answer {
  readonly status: number;
  /** All header lines, as latin1, each ending in CRLF. */
  readonly head: string;
  readonly body: string;
  /** When its first byte came (performance.now). */
  readonly firstByteAt: number;
}

/** No answer of the app is near this; more is a fault of framing. */
const LIMIT_BYTES = 64 * 1024;

export class AnswerReader {
  #text = '';
  #firstByteAt = 0;

  /** The answers that `chunk` completes. Throws on bytes that are none. */
  push(chunk: string, now: number): readonly Answer[] {
    if (this.#text === '') this.#firstByteAt = now;
    this.#text += chunk;
    if (this.#text.length > LIMIT_BYTES) throw new Error(`an answer of more than ${LIMIT_BYTES} bytes`);
    const answers: Answer[] = [];
    for (let answer = this.#take(); answer !== null; answer = this.#take()) {
      answers.push(answer);
      this.#firstByteAt = now;
    }
    return answers;
  }

  /** True in the middle of an answer. */
  get partial(): boolean {
    return this.#text !== '';
  }

  #take(): Answer | null {
    const headEnd = this.#text.indexOf('\r\n\r\n');
    if (headEnd === -1) return null;
    const head = this.#text.slice(0, headEnd + 2);
    const length = /\r\ncontent-length: (\d+)\r\n/i.exec(head)?.[1];
    if (length === undefined) throw new Error(`an answer without Content-Length: ${JSON.stringify(head)}`);
    const end = headEnd + 4 + Number(length);
    if (this.#text.length < end) return null;
    const answer = { status: Number(head.slice(9, 12)), head, body: this.#text.slice(headEnd + 4, end), firstByteAt: this.#firstByteAt };
    this.#text = this.#text.slice(end);
    return answer;
  }
}
