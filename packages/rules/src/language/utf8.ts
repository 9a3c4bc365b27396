// Text to and from the form in which Node shows the bytes of a request: one character per byte of the UTF-8 encoding.

const REPLACEMENT = 0xfffd;

/** Without half surrogate pairs: those have no UTF-8 form. */
export function isWellFormed(text: string): boolean {
  return !/\p{Cs}/u.test(text);
}

/** The UTF-8 bytes of `text`, one character (U+0000-U+00FF) each. Half a surrogate pair becomes U+FFFD, as everywhere in the Web. */
export function toBytes(text: string): string {
  if (isAscii(text)) return text;
  let bytes = '';
  for (const character of text) {
    const point = character.codePointAt(0) ?? 0;
    bytes += encode(point >= 0xd800 && point <= 0xdfff ? REPLACEMENT : point);
  }
  return bytes;
}

export function isAscii(text: string): boolean {
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) > 0x7f) return false;
  return true;
}

/** One code point as bytes. */
export function encode(point: number): string {
  if (point < 0x80) return String.fromCharCode(point);
  if (point < 0x800) return String.fromCharCode(0xc0 | point >> 6, tail(point, 0));
  if (point < 0x10000) return String.fromCharCode(0xe0 | point >> 12, tail(point, 6), tail(point, 0));
  return String.fromCharCode(0xf0 | point >> 18, tail(point, 12), tail(point, 6), tail(point, 0));
}

function tail(point: number, shift: number): number {
  return 0x80 | (point >> shift & 0x3f);
}

/** The text of `bytes`; malformed sequences become U+FFFD, one per maximal subpart (WHATWG Encoding, UTF-8 decoder). */
export function fromBytes(bytes: string): string {
  if (isAscii(bytes)) return bytes;
  let text = '';
  for (let i = 0; i < bytes.length;) {
    const { point, next } = decode(bytes, i);
    text += String.fromCodePoint(point);
    i = next;
  }
  return text;
}

function decode(bytes: string, at: number): { readonly point: number; readonly next: number } {
  const lead = bytes.charCodeAt(at);
  if (lead < 0x80) return { point: lead, next: at + 1 };
  const length = lead >= 0xc2 && lead <= 0xdf ? 2 : lead >= 0xe0 && lead <= 0xef ? 3 : lead >= 0xf0 && lead <= 0xf4 ? 4 : 0;
  if (length === 0) return { point: REPLACEMENT, next: at + 1 };
  // Overlong forms, surrogates and points over U+10FFFF show in the second byte.
  let low = lead === 0xe0 ? 0xa0 : lead === 0xf0 ? 0x90 : 0x80;
  let high = lead === 0xed ? 0x9f : lead === 0xf4 ? 0x8f : 0xbf;
  let point = lead & (length === 2 ? 0x1f : length === 3 ? 0x0f : 0x07);
  for (let i = 1; i < length; i++) {
    const byte = bytes.charCodeAt(at + i);
    if (!(byte >= low && byte <= high)) return { point: REPLACEMENT, next: at + i };
    point = point << 6 | (byte & 0x3f);
    low = 0x80;
    high = 0xbf;
  }
  return { point, next: at + length };
}
