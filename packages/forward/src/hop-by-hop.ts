// Which header fields belong to one connection only, and which fields nobody outside may set (RFC 9110 §7.6.1). It knows no message.

/** Fields of the connection, whatever `Connection` names. `Trailer` is not among them: trailers are carried on. */
export const CONNECTION_FIELDS: ReadonlySet<string> = new Set([
  'connection', 'keep-alive', 'proxy-connection', 'te', 'transfer-encoding', 'upgrade', 'http2-settings',
  // Credentials for a proxy are not for the app behind a gateway.
  'proxy-authorization',
  // Scripts take it for the variable that names their own proxy (CVE-2016-5385); no request needs it.
  'proxy',
]);

/** What a sender may not take away by naming it in `Connection`: it frames or routes the message. */
const NOT_REMOVABLE: ReadonlySet<string> = new Set(['content-length', 'host', 'transfer-encoding', 'expect', 'authorization', 'cookie', 'cache-control', 'date', 'content-type', 'set-cookie']);

export function isConnectionField(lower: string): boolean {
  return CONNECTION_FIELDS.has(lower);
}

/** The fields that the values of `Connection` name for removal. */
export function namedFields(connection: string): ReadonlySet<string> {
  const named = new Set<string>();
  for (const option of connection.toLowerCase().split(',')) {
    const name = option.trim();
    if (name !== '' && !NOT_REMOVABLE.has(name)) named.add(name);
  }
  return named;
}

/** `x_forwarded_for` becomes `x-forwarded-for` behind servers that map both to one variable; so both are the same name here. */
export function canonicalName(name: string): string {
  const lower = name.toLowerCase();
  return lower.includes('_') ? lower.replaceAll('_', '-') : lower;
}
