// The `baggage` header (W3C Baggage) as far as a carrier of stamps needs it: our members apart from all others, and both
// put together again. Pure text; it believes nothing and knows no key.

export const BAGGAGE_HEADER = 'baggage';

/** What every implementation has to carry at least (W3C Baggage §3.3.2); beyond it others may drop what they like. */
export const BAGGAGE_MEMBERS_LIMIT = 64;
export const BAGGAGE_BYTES_LIMIT = 8_192;

/** Our members' names begin so, in any case and any spelling. */
const OWN_PREFIX = 'graylane.';

export interface Baggage {
  /** Our members: name without the prefix to value, both decoded. */
  readonly own: ReadonlyMap<string, string>;
  /** A name of ours came twice: nobody can tell which one is meant. */
  readonly repeated: boolean;
  /** All other members, each as it came. */
  readonly rest: readonly string[];
  /** There was more than the standard's limits, unread: an edge must not let it pass unseen. */
  readonly cut: boolean;
}

const NO_MEMBERS: ReadonlyMap<string, string> = new Map();

/** True when `value` cannot hold a member of ours, the answer for nearly every request. */
export function isForeign(value: string): boolean {
  return !/graylane\.|%/i.test(value);
}

/** `value` is all lines of the header joined with `,`; what is beyond the standard's limits is not read. */
export function parseBaggage(value: string): Baggage {
  const rest: string[] = [];
  let own: Map<string, string> | null = null;
  let repeated = false;
  let seen = 0;
  for (const part of value.slice(0, BAGGAGE_BYTES_LIMIT).split(',')) {
    const member = part.trim();
    if (member === '') continue;
    seen += 1;
    if (seen > BAGGAGE_MEMBERS_LIMIT) return { own: own ?? NO_MEMBERS, repeated, rest, cut: true };
    const name = ownName(member);
    if (name === null) {
      rest.push(member);
      continue;
    }
    own ??= new Map();
    repeated ||= own.has(name);
    own.set(name, valueOf(member));
  }
  return { own: own ?? NO_MEMBERS, repeated, rest, cut: value.length > BAGGAGE_BYTES_LIMIT };
}

export interface Merged {
  readonly value: string;
  /** Members that found no room. */
  readonly dropped: number;
}

/** `own` (see stamp.ts) first, then as many of the others as the standard's limits allow. */
export function mergeBaggage(own: string, rest: readonly string[]): Merged {
  if (rest.length === 0) return { value: own, dropped: 0 };
  let value = own;
  let members = own === '' ? 0 : own.split(',').length;
  let dropped = 0;
  for (const member of rest) {
    const next = value === '' ? member : `${value},${member}`;
    if (members < BAGGAGE_MEMBERS_LIMIT && next.length <= BAGGAGE_BYTES_LIMIT) {
      value = next;
      members += 1;
    } else {
      dropped += 1;
    }
  }
  return { value, dropped };
}

/**
 * Some implementations decode names as well, though the standard knows no encoded name: `graylane%2Elane` must not pass
 * an edge as somebody else's member and come out of such an app as ours.
 */
function ownName(member: string): string | null {
  const end = /[=;\s]/.exec(member)?.index ?? member.length;
  const name = decoded(member.slice(0, end)).toLowerCase();
  return name.startsWith(OWN_PREFIX) ? name.slice(OWN_PREFIX.length) : null;
}

/** Properties behind a `;` are nobody's business here. */
function valueOf(member: string): string {
  const equals = member.indexOf('=');
  if (equals === -1) return '';
  const semicolon = member.indexOf(';', equals);
  return decoded(member.slice(equals + 1, semicolon === -1 ? undefined : semicolon).trim());
}

/** Percent-decoded byte by byte, so that no text fails; what is no escape stays. */
function decoded(text: string): string {
  if (!text.includes('%')) return text;
  return text.replaceAll(/%([0-9A-Fa-f]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
}
