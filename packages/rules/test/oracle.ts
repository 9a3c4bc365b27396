// An evaluator written straight from the design's text, slow and simple, that shares nothing with the router but the document's types.

import type { ClauseSpec, Matcher, ReleaseSpec, RequestFields, StrategyDocument, TagSource } from '../src/index.ts';

export interface Verdict {
  readonly lane: string | null;
  readonly arm: 'treated' | 'control' | 'pinned' | null;
  /** Sorted. */
  readonly armOf: readonly string[];
  /** Whether an anonymous id has to be minted. */
  readonly mints: boolean;
}

export interface Chance {
  /** What an anonymous id would be. */
  readonly id: string;
  /** The request's draw. */
  readonly draw: string;
}

const utf8 = (text: string): string => Buffer.from(text, 'utf8').toString('latin1');
const trim = (text: string): string => text.replace(/^[ \t]+/, '').replace(/[ \t]+$/, '');

export function headerValue(request: RequestFields, name: string): string | null {
  const lines = request.rawHeaders.flatMap((line, i) => (i % 2 === 0 && line.toLowerCase() === name.toLowerCase() ? [trim(request.rawHeaders[i + 1] ?? '')] : []));
  return lines.length === 0 ? null : lines.join(name.toLowerCase() === 'cookie' ? '; ' : ', ');
}

function cookieValue(request: RequestFields, name: string): string | null {
  for (const pair of (headerValue(request, 'cookie') ?? '').split(';')) {
    const equals = pair.indexOf('=');
    if (equals !== -1 && trim(pair.slice(0, equals)) === utf8(name)) return trim(pair.slice(equals + 1));
  }
  return null;
}

function queryValue(request: RequestFields, name: string): string | null {
  const mark = request.target.indexOf('?');
  // A leading ? would be dropped once more by URLSearchParams.
  const found = mark === -1 ? null : new URLSearchParams(`&${request.target.slice(mark + 1)}`).get(name);
  return found === null ? null : utf8(found);
}

export function hostValue(request: RequestFields): string | null {
  const at = request.rawHeaders.findIndex((line, i) => i % 2 === 0 && line.toLowerCase() === 'host');
  return at === -1 ? null : trim(trim(request.rawHeaders[at + 1] ?? '').toLowerCase().replace(/:\d*$/, ''));
}

/** Null: matches no rule. */
function pathValue(request: RequestFields): string | null {
  let path = request.target.split('?')[0] ?? '';
  const absolute = /^[a-z][a-z0-9+.-]*:\/\/([^/]*)(.*)$/is.exec(path);
  if (absolute !== null && !path.startsWith('/')) {
    const host = (absolute[1] ?? '').toLowerCase().replace(/:\d*$/, '');
    if (hostValue(request) !== null && hostValue(request) !== host) return null;
    path = absolute[2] === '' ? '/' : absolute[2] ?? '';
  }
  const dots = path.split('/').slice(1).some((segment) => ['.', '..'].includes(segment.replace(/%2e/gi, '.')));
  return dots || path.includes('//') || path.includes('\\') || /%2f|%5c|%00/i.test(path) ? null : path;
}

function tagValue(document: StrategyDocument, request: RequestFields, name: string): string | null {
  const declared: TagSource | readonly TagSource[] = (document.tags ?? {})[name] ?? [];
  for (const source of 'length' in declared ? declared : [declared]) {
    const value = source.header !== undefined ? headerValue(request, source.header) : source.cookie !== undefined ? cookieValue(request, source.cookie) : source.query !== undefined ? queryValue(request, source.query) : null;
    if (value !== null) return value;
  }
  return null;
}

export function holds(matcher: Matcher, value: string | null, isPath = false): boolean {
  if (typeof matcher === 'object' && 'not' in matcher) return !holds(matcher.not, value, isPath);
  if (typeof matcher === 'object' && 'any' in matcher) return matcher.any.some((member) => holds(member, value, isPath));
  if (typeof matcher === 'object' && 'present' in matcher) return matcher.present === (value !== null);
  if (value === null) return false;
  if (typeof matcher === 'string') return value === utf8(matcher);
  if (matcher instanceof Array) return matcher.some((text) => value === utf8(text));
  if ('prefix' in matcher) return hasPrefix(value, utf8(matcher.prefix), isPath);
  if ('suffix' in matcher) return value.endsWith(utf8(matcher.suffix));
  if ('regex' in matcher) return new RegExp(`^(?:${matcher.regex})$`, 'u').test(Buffer.from(value, 'latin1').toString('utf8'));
  if ('semver' in matcher) return inRange(value, matcher.semver);
  const exact = decimal(value);
  return exact !== null
    && (matcher.gte === undefined || sign(exact, matcher.gte) >= 0) && (matcher.gt === undefined || sign(exact, matcher.gt) > 0)
    && (matcher.lte === undefined || sign(exact, matcher.lte) <= 0) && (matcher.lt === undefined || sign(exact, matcher.lt) < 0);
}

function hasPrefix(value: string, prefix: string, isPath: boolean): boolean {
  return isPath && prefix !== '' && !prefix.endsWith('/') ? value === prefix || value.startsWith(`${prefix}/`) : value.startsWith(prefix);
}

/** As a fraction of whole numbers: value = digits / 10^scale. */
function decimal(text: string): { readonly digits: bigint; readonly scale: number } | null {
  const match = /^(-?)(\d+)(?:\.(\d+))?$/.exec(text);
  return match === null ? null : { digits: BigInt(`${match[2] ?? ''}${match[3] ?? ''}`) * (match[1] === '-' ? -1n : 1n), scale: (match[3] ?? '').length };
}

function sign(a: { readonly digits: bigint; readonly scale: number }, bound: number | string): number {
  const b = decimal(String(bound));
  if (b === null) throw new TypeError(`bad bound ${bound}`);
  const difference = a.digits * 10n ** BigInt(b.scale) - b.digits * 10n ** BigInt(a.scale);
  return difference === 0n ? 0 : difference > 0n ? 1 : -1;
}

type Version = readonly [readonly bigint[], readonly string[]];

function version(text: string): Version | null {
  const match = /^(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)(?:-((?:0|[1-9]\d*|\d*[a-zA-Z-][0-9a-zA-Z-]*)(?:\.(?:0|[1-9]\d*|\d*[a-zA-Z-][0-9a-zA-Z-]*))*))?(?:\+([0-9a-zA-Z-]+(?:\.[0-9a-zA-Z-]+)*))?$/.exec(text);
  return match === null ? null : [[BigInt(match[1] ?? 0), BigInt(match[2] ?? 0), BigInt(match[3] ?? 0)], match[4]?.split('.') ?? []];
}

function inRange(text: string, range: string): boolean {
  const value = version(text);
  return value !== null && range.replace(/([<>=]) +/g, '$1').trim().split(/ +/).every((comparator) => {
    const match = /^([<>=]*)([^+-]*)(.*)$/.exec(comparator);
    const core = (match?.[2] ?? '').split('.');
    const bound = version(`${core[0] ?? '0'}.${core[1] ?? '0'}.${core[2] ?? '0'}${match?.[3] ?? ''}`);
    if (bound === null) throw new TypeError(`bad range ${range}`);
    const order = precedence(value, bound);
    switch (match?.[1] ?? '') {
      case '>=': return order >= 0;
      case '>': return order > 0;
      case '<=': return order <= 0;
      case '<': return order < 0;
      default: return order === 0;
    }
  });
}

function precedence([coreA, preA]: Version, [coreB, preB]: Version): number {
  for (let i = 0; i < 3; i++) if (coreA[i] !== coreB[i]) return (coreA[i] ?? 0n) < (coreB[i] ?? 0n) ? -1 : 1;
  if (preA.length === 0 || preB.length === 0) return Math.sign(preB.length - preA.length) * (preA.length === preB.length ? 0 : 1);
  for (let i = 0; i < preA.length || i < preB.length; i++) {
    const [a, b] = [preA[i], preB[i]];
    if (a === undefined) return -1;
    if (b === undefined) return 1;
    if (a === b) continue;
    const [na, nb] = [/^\d+$/.test(a), /^\d+$/.test(b)];
    if (na && nb) return BigInt(a) < BigInt(b) ? -1 : 1;
    if (na !== nb) return na ? -1 : 1;
    return a < b ? -1 : 1;
  }
  return 0;
}

function clauseHolds(document: StrategyDocument, clause: ClauseSpec, request: RequestFields): boolean {
  const every = (matchers: Readonly<Record<string, Matcher>> | undefined, value: (name: string) => string | null): boolean => Object.entries(matchers ?? {}).every(([name, matcher]) => holds(matcher, value(name)));
  const path = pathValue(request);
  return every(clause.header, (name) => headerValue(request, name)) && every(clause.cookie, (name) => cookieValue(request, name))
    && every(clause.query, (name) => queryValue(request, name)) && every(clause.tag, (name) => tagValue(document, request, name))
    && (clause.path === undefined || (path !== null && holds(clause.path, path, true)))
    && (clause.method === undefined || holds(clause.method, request.method)) && (clause.host === undefined || holds(clause.host, hostValue(request)));
}

/** MurmurHash3 x86 32 over bytes. */
export function murmur3(bytes: Buffer): number {
  let hash = 0;
  const scramble = (k: number): number => Math.imul((Math.imul(k, 0xcc9e2d51) << 15) | (Math.imul(k, 0xcc9e2d51) >>> 17), 0x1b873593);
  for (let i = 0; i + 4 <= bytes.length; i += 4) {
    hash ^= scramble(bytes.readInt32LE(i));
    hash = (Math.imul((hash << 13) | (hash >>> 19), 5) + 0xe6546b64) | 0;
  }
  const rest = bytes.subarray(bytes.length & ~3);
  if (rest.length > 0) hash ^= scramble(Buffer.concat([rest, Buffer.alloc(4)]).readInt32LE(0));
  hash ^= bytes.length;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}

/** The key in latin1, as Node shows it. */
export function bucketOfKey(salt: string, key: string): number {
  return Number(BigInt(murmur3(Buffer.concat([Buffer.from(`${salt}:`, 'utf8'), Buffer.from(key, 'latin1')]))) * 1_000_000n / 4_294_967_296n);
}

interface Keyed { readonly bucket: number; readonly anonymousFresh: boolean }

function bucketOf(document: StrategyDocument, release: ReleaseSpec, request: RequestFields, chance: Chance, minted: boolean): Keyed {
  const salt = release.salt ?? release.name;
  for (const sticky of release.stickyBy ?? ['anonymous']) {
    if (sticky === 'request') return { bucket: bucketOfKey(salt, chance.draw), anonymousFresh: false };
    const [kind = '', name = ''] = sticky === 'anonymous' ? ['cookie', 'graylane-id'] : sticky.split(/:(.*)/s);
    const value = kind === 'tag' ? tagValue(document, request, name) : kind === 'cookie' ? cookieValue(request, name) : headerValue(request, name);
    if (value !== null && value !== '') return { bucket: bucketOfKey(salt, value), anonymousFresh: false };
    if (sticky === 'anonymous') return { bucket: bucketOfKey(salt, minted ? chance.id : chance.draw), anonymousFresh: true };
  }
  return { bucket: 999_999, anonymousFresh: false };
}

function units(percent: number): bigint {
  return BigInt(Math.round(percent * 10_000));
}

export function thresholdOf(release: ReleaseSpec, clause: ClauseSpec): number {
  const share = [units(release.percent ?? 100), units(100) - units(release.holdback ?? 0)].reduce((a, b) => (a < b ? a : b));
  // Halves up.
  return Number((2n * share * units(clause.percent ?? 100) + 1_000_000n) / 2_000_000n);
}

function mayMint(document: StrategyDocument, request: RequestFields): boolean {
  const consent = document.consent?.cookie;
  const agreed = consent === undefined || (typeof consent === 'string' ? (cookieValue(request, consent) ?? '') !== '' : Object.entries(consent).every(([name, matcher]) => holds(matcher, cookieValue(request, name))));
  const mode = headerValue(request, 'sec-fetch-mode');
  const navigation = mode === null ? (headerValue(request, 'accept') ?? '').toLowerCase().includes('text/html') : mode === 'navigate';
  return agreed && (document.mint === 'always' || navigation);
}

/** Which releases take the request, asked in order of priority. */
export function evaluate(document: StrategyDocument, request: RequestFields, chance: Chance): Verdict {
  const ordered = (document.releases ?? []).map((release, index) => ({ release, index })).sort((a, b) => (a.release.priority ?? 0) - (b.release.priority ?? 0) || a.index - b.index).map(({ release }) => release);
  const canMint = mayMint(document, request);
  let mints = false;
  const states = ordered.map((release, place) => {
    const matching = release.when.filter((clause) => clauseHolds(document, clause, request));
    const pinned = matching.some((clause) => clause.pinned === true);
    const sure = pinned || matching.some((clause) => thresholdOf(release, clause) === 1_000_000);
    const drawn = !sure && matching.some((clause) => thresholdOf(release, clause) > 0);
    return { release, place, matching, pinned, sure, drawn };
  });
  const isIn = (state: (typeof states)[number]): boolean => {
    if (state.sure) return true;
    if (!state.drawn) return false;
    const { bucket } = bucketOf(document, state.release, request, chance, mints);
    return state.matching.some((clause) => bucket < thresholdOf(state.release, clause));
  };
  for (const state of states) {
    if (!state.sure && state.drawn && canMint && bucketOf(document, state.release, request, chance, false).anonymousFresh) mints = true;
    if (!isIn(state)) continue;
    const taken = states.some((other) => other.place > state.place && isIn(other));
    const arm = state.pinned ? 'pinned' : taken ? null : 'treated';
    return { lane: state.release.name, arm, armOf: arm === null ? [] : [state.release.name], mints };
  }
  const control = states.filter((state) => state.matching.length > 0).map((state) => state.release.name);
  return { lane: null, arm: control.length > 0 ? 'control' : null, armOf: control.sort(), mints };
}
