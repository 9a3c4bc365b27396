// Finds one cookie in a Cookie header in place: no list of cookies is ever made.

const SEMICOLON = 0x3b;
const EQUALS = 0x3d;

/** The trimmed value of the first cookie called `name`, or null. Pairs are split at `;`, neither unquoted nor decoded. */
export function findCookie(header: string, name: string): string | null {
  for (let at = header.indexOf(name); at !== -1; at = header.indexOf(name, at + 1)) {
    if (!beginsPair(header, at)) continue;
    const equals = skipSpace(header, at + name.length);
    if (header.charCodeAt(equals) !== EQUALS) continue;
    const end = header.indexOf(';', equals);
    return trimmed(header, equals + 1, end === -1 ? header.length : end);
  }
  return null;
}

/** Calls `visit` for each pair in order. */
export function eachCookie(header: string, visit: (name: string, value: string) => void): void {
  for (let start = 0; start < header.length;) {
    const semicolon = header.indexOf(';', start);
    const end = semicolon === -1 ? header.length : semicolon;
    const equals = header.indexOf('=', start);
    if (equals !== -1 && equals < end) visit(trimmed(header, start, equals), trimmed(header, equals + 1, end));
    start = end + 1;
  }
}

function beginsPair(header: string, at: number): boolean {
  let before = at - 1;
  while (before >= 0 && isSpace(header.charCodeAt(before))) before -= 1;
  return before < 0 || header.charCodeAt(before) === SEMICOLON;
}

function skipSpace(header: string, at: number): number {
  let next = at;
  while (isSpace(header.charCodeAt(next))) next += 1;
  return next;
}

/** Optional whitespace of RFC 9110 §5.6.3. */
function isSpace(code: number): boolean {
  return code === 0x20 || code === 0x09;
}

/** `text` from `start` to `end` without the whitespace around it. */
export function trimmed(text: string, start: number, end: number): string {
  let first = start;
  let last = end;
  while (first < last && isSpace(text.charCodeAt(first))) first += 1;
  while (last > first && isSpace(text.charCodeAt(last - 1))) last -= 1;
  return first === 0 && last === text.length ? text : text.slice(first, last);
}
