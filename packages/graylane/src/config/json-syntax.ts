// Every syntax error of a JSON text (RFC 8259) at its place, in words of JSON. Reads on behind each, and knows no document.

export interface SyntaxFault {
  /** Characters from the beginning. */
  readonly offset: number;
  readonly message: string;
  readonly fix: string;
}

/** More than this is one fault seen many times. */
const FAULTS_LIMIT = 20;

/** In order: strings (closed or cut off by the end of the line), comments, words and numbers, single characters. */
const TOKEN = /"(?:[^"\\\n]|\\.)*("?)|'(?:[^'\\\n]|\\.)*'?|\/\/.*|\/\*[^]*?(?:\*\/|$)|[\w.+-]+|[^\s]/g;
const LITERAL = /^(?:true|false|null|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?)$/;

type Expected = 'key' | 'colon' | 'value' | 'comma';

interface Open {
  readonly bracket: '{' | '[';
  readonly offset: number;
  expected: Expected;
  /** Of what stands before the place in hand. */
  key: string;
  comma: number | null;
}

/** Empty for a text without a fault that is known here. */
export function jsonFaults(text: string): readonly SyntaxFault[] {
  const reader = new Reader();
  for (const { 0: token, 1: quote, index } of text.matchAll(TOKEN)) {
    if (!reader.read(token, index, token.startsWith('"') && quote === '')) break;
  }
  reader.end();
  return reader.faults.sort((a, b) => a.offset - b.offset).slice(0, FAULTS_LIMIT);
}

class Reader {
  readonly faults: SyntaxFault[] = [];
  readonly #open: Open[] = [];
  #isOver = false;
  /** A quote that is never closed has taken in what would close the rest. */
  #isCut = false;

  /** False where nothing behind it can be understood. */
  read(token: string, offset: number, isCut: boolean): boolean {
    if (this.#isOver) {
      this.#fault(offset, 'the document has ended before this', 'a file holds one document');
      return false;
    }
    this.#isCut ||= isCut;
    if (token.startsWith('//') || token.startsWith('/*')) this.#fault(offset, 'JSON has no comments', 'leave it out, or write the file in YAML or TypeScript');
    else if (token === '}' || token === ']') this.#close(token, offset);
    else if (token === ',') this.#comma(offset);
    else if (token === ':') this.#colon(offset);
    else this.#content(token, offset, isCut);
    return true;
  }

  end(): void {
    if (this.#isCut) return;
    for (const { bracket, offset } of this.#open) this.#fault(offset, `this ${bracket} is never closed`, `write ${partner(bracket)} where it ends`);
  }

  #content(token: string, offset: number, isCut: boolean): void {
    const top = this.#open.at(-1);
    if (top?.expected === 'comma') this.#fault(offset, `a comma is missing before ${short(token)}`, 'write one');
    if (top?.expected === 'colon') this.#fault(offset, `a colon is missing behind ${top.key}`, 'write one');
    const isKey = top?.bracket === '{' && (top.expected === 'key' || top.expected === 'comma');
    if (isCut) this.#fault(offset, 'this quote is never closed', 'write " where the text ends, in the same line');
    else if (token !== '{' && token !== '[' && !token.startsWith('"') && (isKey || !LITERAL.test(token))) this.#fault(offset, `${short(token)} wants double quotes`, `write ${JSON.stringify(token.replace(/^'|'$/g, ''))}`);
    if (top !== undefined) {
      top.expected = isKey ? 'colon' : 'comma';
      top.key = short(token);
      top.comma = null;
    }
    if (token === '{' || token === '[') this.#open.push({ bracket: token, offset, expected: token === '{' ? 'key' : 'value', key: '', comma: null });
    else this.#isOver = top === undefined;
  }

  #comma(offset: number): void {
    const top = this.#open.at(-1);
    if (top?.expected !== 'comma') this.#fault(offset, 'this comma has nothing before it', 'leave it out');
    if (top === undefined) return;
    top.expected = top.bracket === '{' ? 'key' : 'value';
    top.comma = offset;
  }

  #colon(offset: number): void {
    const top = this.#open.at(-1);
    if (top?.expected === 'colon') top.expected = 'value';
    else if (top?.bracket === '[') {
      this.#fault(offset, `${top.key === '' ? 'this' : top.key} is a key, in a list`, 'close the list with ] before it, or write { } around key and value');
      this.#open.pop();
      const around = this.#open.at(-1);
      if (around?.bracket === '{') around.expected = 'value';
    } else this.#fault(offset, 'this colon has no key before it', 'write "key": value, between { and }');
  }

  #close(token: '}' | ']', offset: number): void {
    const top = this.#open.pop();
    if (top === undefined) {
      this.#fault(offset, `this ${token} closes nothing`, 'leave it out');
      return;
    }
    if (top.comma !== null) this.#fault(top.comma, 'this comma has nothing behind it', 'leave it out');
    if (top.bracket === '{' && (top.expected === 'colon' || (top.expected === 'value' && top.comma === null))) this.#fault(offset, `${top.key} has no value`, 'write "key": value');
    if (partner(top.bracket) !== token) this.#fault(offset, `a ${partner(top.bracket)} belongs here`, `close the ${top.bracket} first`);
    this.#isOver = this.#open.length === 0;
    // Of `[ … }` the brace was meant for what is around the list, if that is an object.
    if (partner(top.bracket) !== token && this.#open.at(-1) !== undefined && partner(this.#open.at(-1)?.bracket ?? '{') === token) this.#close(token, offset);
  }

  #fault(offset: number, message: string, fix: string): void {
    this.faults.push({ offset, message, fix });
  }
}

function partner(bracket: '{' | '['): '}' | ']' {
  return bracket === '{' ? '}' : ']';
}

/** A whole text is no name for a place. */
function short(token: string): string {
  return token.length > 40 ? `${token.slice(0, 39)}…` : token;
}
