// Which methods may be sent again after an upstream saw them (RFC 9110 §9.2.2). It knows no exchange.

const IDEMPOTENT: ReadonlySet<unknown> = new Set(['GET', 'HEAD', 'OPTIONS', 'TRACE', 'PUT', 'DELETE']);

export function isIdempotent(method: string | undefined): boolean {
  return IDEMPOTENT.has(method);
}
