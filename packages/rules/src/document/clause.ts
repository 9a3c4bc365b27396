// Checks a clause (one alternative of a release's audience) and the sources of tags.

import { matcher } from './matcher.ts';
import type { Report } from './report.ts';
import { quote } from './report.ts';
import { checkName, checkText, checkToken, NAME_PATTERN, oneOf, percent, text, token, TOKEN_PATTERN, truth } from './scalars.ts';
import type { Shape } from './shape.ts';
import { either, listOf, mapOf, object, optional, required, shape } from './shape.ts';
import type { ClauseSpec, ConsentSpec, JwtSource, JwtSpec, TagSource } from './types.ts';

/** More sources of one tag than anybody needs; each costs a look-up per request. */
const SOURCES_LIMIT = 8;

/** Header names with a meaning of their own here. */
const OWN_KEY: Readonly<Record<string, string>> = { cookie: 'cookie', host: 'host' };

function headerName(name: string, pointer: string, report: Report): boolean {
  const lower = name.toLowerCase();
  if (!checkToken(name, pointer, report)) return false;
  if (!Object.hasOwn(OWN_KEY, lower)) return true;
  return report.add('GL1010', pointer, `the header \`${name}\` has a key of its own`, `use \`${lower}\` instead of \`header: { ${name}: … }\``);
}

const header: Shape<string> = shape({ type: 'string', pattern: TOKEN_PATTERN }, (value, pointer, report) =>
  checkText(value, pointer, report) && typeof value === 'string' && headerName(value, pointer, report));

/** A query name may be any text: it is decoded before it is compared. */
const anyName = (value: string, pointer: string, report: Report): boolean => checkText(value, pointer, report);

export const clause: Shape<ClauseSpec> = object<ClauseSpec>('a clause', {
  header: optional(mapOf('headers', headerName, matcher, TOKEN_PATTERN), 'header name to matcher'),
  cookie: optional(mapOf('cookies', checkToken, matcher, TOKEN_PATTERN), 'cookie name to matcher'),
  query: optional(mapOf('query parameters', anyName, matcher, ''), 'query parameter to matcher'),
  tag: optional(mapOf('tags', checkName, matcher, NAME_PATTERN), 'tag to matcher'),
  path: optional(matcher, 'the path without the query'),
  method: optional(matcher, 'the method, in upper case'),
  host: optional(matcher, 'the host, in lower case, without port'),
  percent: optional(percent, 'share of those who match that is in; default 100'),
  pinned: optional(truth, 'in whatever the percentage, and out of the statistics'),
});

/** Absolute, for agents of every app read it; who reads a document from a file makes it so. */
const keysPath: Shape<string> = shape({ type: 'string', pattern: '^/' }, (value, pointer, report) => {
  if (!text.check(value, pointer, report)) return false;
  return value.startsWith('/') || report.add('GL1004', pointer, `the path ${quote(value)} is not absolute`, 'write the whole path: each app has a working folder of its own');
});

export const tokens: Shape<JwtSpec> = object<JwtSpec>('jwt', {
  keys: required(keysPath, 'path of a JWKS with the keys that sign tokens'),
  issuer: optional(text, 'the issuer that a token must name'),
  audience: optional(text, 'the audience that a token must name'),
});

const jwt: Shape<JwtSource> = object<JwtSource>('a jwt source', {
  claim: required(text, 'the claim that becomes the tag'),
  header: optional(header, 'header with the token; default authorization'),
  cookie: optional(token, 'cookie with the token'),
});

const sourceKeys: Shape<TagSource> = object<TagSource>('a tag', {
  header: optional(header, 'take it from this header'),
  cookie: optional(token, 'take it from this cookie'),
  query: optional(text, 'take it from this query parameter'),
  userAgent: optional(oneOf('os', 'browser', 'device'), 'derive it from the client hints or the User-Agent'),
  jwt: optional(jwt, 'take it from a verified token'),
  ip: optional(truth, "take it from the client's address (says little about a user)"),
});

const source: Shape<TagSource> = shape(sourceKeys.schema, (value, pointer, report) => {
  if (!sourceKeys.check(value, pointer, report)) return false;
  const given = Object.values(value).filter((member) => member !== undefined).length;
  return given === 1 || report.add('GL1009', pointer, given === 0 ? 'this tag has no source' : `this source has ${given} keys`, 'name one source; for several, write a list of sources');
});

export const tagSources: Shape<TagSource | readonly TagSource[]> = either(listOf('sources', source, { min: 1, max: SOURCES_LIMIT }), source, Array.isArray);

const consentCookies: Shape<string | Readonly<Record<string, ClauseMatcher>>> = either(token, mapOf('cookies', checkToken, matcher, TOKEN_PATTERN), (value) => typeof value === 'string');
type ClauseMatcher = NonNullable<ClauseSpec['path']>;

export const consent: Shape<ConsentSpec> = object<ConsentSpec>('consent', {
  cookie: required(consentCookies, 'the cookie that says yes: its name, or name to matcher'),
});
