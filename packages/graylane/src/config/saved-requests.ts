// Saved requests with the versions that they are expected to get: read from YAML or JSON, every fault told with its place.

import type { RequestFields } from '@graylane/rules';
import { requestFields } from '../cli/request.ts';
import { exit, Failure, type Place, type Problem } from '../print/failure.ts';
import { readDocument } from './document.ts';

export interface SavedRequest {
  readonly name: string;
  readonly request: RequestFields;
  /** When it is sent, milliseconds since 1970; null is now. */
  readonly at: number | null;
  /** Service to version. */
  readonly expect: ReadonlyMap<string, string>;
  /** The lane, null for stable; undefined leaves it open. */
  readonly lane: string | null | undefined;
  readonly place: Place;
}

/** More than anybody keeps; each is decided and explained. */
const REQUESTS_LIMIT = 100_000;
const KEYS = ['name', 'request', 'headers', 'cookies', 'at', 'expect', 'lane'];

/** Throws Failure with all faults at once. */
export async function readSavedRequests(file: string): Promise<readonly SavedRequest[]> {
  const source = await readDocument(file);
  const list = Array.isArray(source.value) ? source.value : isObject(source.value) ? source.value['requests'] : undefined;
  const prefix = Array.isArray(source.value) ? '' : '/requests';
  if (!Array.isArray(list) || list.length === 0 || list.length > REQUESTS_LIMIT) {
    throw new Failure({ code: 'GL0088', message: `${file} has no list of requests`, fix: 'write `requests:` with entries such as { request: GET /cart, headers: { x-os: android }, expect: { web: v2 } }' }, exit.usage);
  }
  const problems: Problem[] = [];
  const saved = list.flatMap((entry: unknown, index) => {
    const read = readEntry(entry, (key) => source.place(`${prefix}/${index}${key === '' ? '' : `/${key}`}`), problems);
    return read === null ? [] : [read];
  });
  if (problems.length > 0) throw new Failure(problems, exit.usage);
  return saved;
}

function readEntry(entry: unknown, placeOf: (key: string) => Place, problems: Problem[]): SavedRequest | null {
  const before = problems.length;
  const wrong = (key: string, message: string, fix: string): void => {
    problems.push({ code: 'GL0088', message, place: placeOf(key), fix });
  };
  if (!isObject(entry)) {
    wrong('', 'this is not a saved request', 'write an object with `request` and `expect`');
    return null;
  }
  for (const key of Object.keys(entry)) if (!KEYS.includes(key)) wrong(key, `\`${key}\` is not a key of a saved request`, `known here: ${KEYS.join(', ')}`);
  const { request, at, expect, lane } = entry;
  if (typeof request !== 'string') wrong('request', 'there is no `request`', "write it as 'GET /cart'");
  const [headers, cookies] = [textsOf(entry['headers']), textsOf(entry['cookies'])];
  const expected = textsOf(expect);
  if (headers === null) wrong('headers', 'the headers are not names with texts', 'quote numbers: { x-user: "42" }');
  if (cookies === null) wrong('cookies', 'the cookies are not names with texts', 'quote numbers: { uid: "42" }');
  if (expected === null || (expected.length === 0 && lane === undefined)) wrong('expect', 'nothing is expected', 'write `expect: { service: version }`, or `lane`');
  if (lane !== undefined && lane !== null && typeof lane !== 'string') wrong('lane', 'the lane is not a name', 'write the name of a release, or null for stable');
  const time = at === undefined ? null : typeof at === 'string' ? Date.parse(at) : NaN;
  if (time !== null && Number.isNaN(time)) wrong('at', 'this is no time', "write it as '2026-03-01T08:00:00Z'");
  if (problems.length > before || typeof request !== 'string') return null;
  const fields = requestFields(request, { header: (headers ?? []).map(([name, value]) => `${name}: ${value}`), cookie: (cookies ?? []).map(([name, value]) => `${name}=${value}`) });
  return { name: typeof entry['name'] === 'string' ? entry['name'] : request, request: fields, at: time, expect: new Map(expected ?? []), lane: typeof lane === 'string' ? lane : lane === null ? null : undefined, place: placeOf('') };
}

/** Pairs of texts; null when something else stands there. */
function textsOf(value: unknown): readonly (readonly [string, string])[] | null {
  if (value === undefined) return [];
  if (!isObject(value)) return null;
  const pairs = Object.entries(value).map(([name, text]): readonly [string, unknown] => [name, text]);
  return pairs.every((pair): pair is readonly [string, string] => typeof pair[1] === 'string') ? pairs : null;
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
