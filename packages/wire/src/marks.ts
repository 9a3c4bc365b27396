// What is said on a response about its routing, and what keeps a shared cache from giving it to other users.
// Pure: response facts in, header lines out. Shared by the agent (on the app's own response) and the gateway (on the answer that passes).

/** What has to be said. */
export interface Marks {
  /** Value of `Graylane-Route`, or null. */
  readonly route: string | null;
  /** Value of `Server-Timing`, or null. */
  readonly timing: string | null;
  /** An anonymous id to set as a cookie, or null. */
  readonly mint: string | null;
  readonly cache: 'private' | 'vary' | 'off';
  /** Header names for `Vary`. */
  readonly vary: readonly string[];
  /** The client's connection is TLS. */
  readonly secure: boolean;
}

/** The response that they are said on, and the request behind it. */
export interface Answered {
  readonly method: string;
  readonly status: number;
  readonly authorized: boolean;
  /** All lines of a header of the response joined with `, `, or null; the name in lower case. */
  readonly header: (name: string) => string | null;
}

export interface Addition {
  readonly name: string;
  readonly value: string;
  /** In place of all lines of that name, not beside them. */
  readonly replace: boolean;
}

/** The anonymous id names a bucket, not a person, and lives this long. */
const MINT_MAX_AGE_S = 30 * 24 * 3600;

export function additions(marks: Marks, answered: Answered): readonly Addition[] {
  const added: Addition[] = [];
  if (marks.route !== null) added.push({ name: 'Graylane-Route', value: marks.route, replace: false });
  if (marks.timing !== null) added.push({ name: 'Server-Timing', value: marks.timing, replace: false });
  if (marks.cache === 'vary' && marks.vary.length > 0) added.push({ name: 'Vary', value: marks.vary.join(', '), replace: false });
  const control = answered.header('cache-control');
  let shared = isShared(answered, control);
  if (shared && marks.cache === 'private') {
    added.push({ name: 'Cache-Control', value: privateOnly(control), replace: true });
    shared = false;
  }
  if (marks.mint !== null && !shared) added.push({ name: 'Set-Cookie', value: mintCookie(marks.mint, marks.secure), replace: false });
  return added;
}

/** `service=web, version=v2, lane=ramp, gen=7` (RFC 9651 dictionary). A request of no release has no `lane`. */
export function routeField(service: string, version: string, lane: string | null, generation: number): string {
  const named = lane === null ? '' : `, lane=${item(lane)}`;
  return `service=${item(service)}, version=${item(version)}${named}, gen=${generation}`;
}

export function timingField(service: string, version: string, lane: string | null, generation: number): string {
  return `graylane;desc="${service} ${version}${lane === null ? '' : ` ${lane}`} ${generation}"`;
}

/** A token where the name is one, else a string: `1.0` may not start a token. Names hold no quotes. */
function item(name: string): string {
  return /^[A-Za-z]/.test(name) ? name : `"${name}"`;
}

function mintCookie(id: string, secure: boolean): string {
  return `graylane-id=${id}; Path=/; Max-Age=${MINT_MAX_AGE_S}; HttpOnly; SameSite=Lax${secure ? '; Secure' : ''}`;
}

/** Status codes that a cache may store without being told (RFC 9110 §15.1). */
const HEURISTIC: ReadonlySet<number> = new Set([200, 203, 204, 206, 300, 301, 308, 404, 405, 410, 414, 501]);

/** Whether a shared cache may store it (RFC 9111 §3). */
function isShared({ method, status, authorized, header }: Answered, control: string | null): boolean {
  const directives = directivesOf(control);
  if (status < 200 || directives.has('no-store') || directives.has('private')) return false;
  if (authorized && !['public', 'must-revalidate', 's-maxage'].some((name) => directives.has(name))) return false;
  const mayStore = method === 'GET' || method === 'HEAD';
  if (mayStore && HEURISTIC.has(status)) return true;
  const explicit = ['public', 'max-age', 's-maxage'].some((name) => directives.has(name)) || header('expires') !== null;
  if (mayStore) return explicit;
  // A POST only with explicit freshness, and for the resource that it names (RFC 9110 §9.3.3).
  return method === 'POST' && explicit && header('content-location') !== null;
}

const NO_DIRECTIVES: ReadonlySet<string> = new Set();

function directivesOf(value: string | null): ReadonlySet<string> {
  if (value === null) return NO_DIRECTIVES;
  const names = value.split(',').map((part) => part.split('=')[0]?.trim().toLowerCase() ?? '');
  return new Set(names);
}

/** The same directives without those that speak to shared caches, and `private`. */
function privateOnly(value: string | null): string {
  if (value === null) return 'private';
  const kept = value.split(',').map((part) => part.trim()).filter((part) => part !== '' && !/^(?:public|s-maxage|proxy-revalidate)\b/i.test(part));
  return ['private', ...kept].join(', ');
}
