// What each octet may be in HTTP/1.1's grammar, as lookup tables; it knows no message.

/** 1 where the octet may stand in a token (RFC 9110 §5.6.2). */
export const TOKEN: Uint8Array = table('!#$%&\'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz');

/** 1 where the octet may stand in a field value: visible, space, tab, and the upper half (RFC 9110 §5.5). */
export const FIELD_VALUE: Uint8Array = Uint8Array.from({ length: 256 }, (_, octet) => (octet === 9 || (octet >= 32 && octet !== 127) ? 1 : 0));

/** The value of a hexadecimal digit, or 255. */
export const HEX_DIGIT: Uint8Array = Uint8Array.from({ length: 256 }, (_, octet) => {
  const digit = '0123456789abcdef'.indexOf(String.fromCharCode(octet).toLowerCase());
  return digit === -1 ? 255 : digit;
});

export const CR = 13;
export const LF = 10;
export const SP = 32;
export const TAB = 9;
export const COLON = 58;
export const SEMICOLON = 59;

/** What would end a line early, or a string in some reader of it. */
export const BREAKS_LINE: RegExp = /[\0\r\n]/;

function table(members: string): Uint8Array {
  const bits = new Uint8Array(256);
  for (let i = 0; i < members.length; i++) bits[members.charCodeAt(i)] = 1;
  return bits;
}
