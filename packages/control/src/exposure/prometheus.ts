// Values of guardrails from a Prometheus server: one query for the canary and one for stable, labels filled in.
// It must not know what a value means for a release.

/** What the server answered to a GET; rejects when it did not in time. */
export type GetJson = (url: string, timeoutMs: number) => Promise<unknown>;

export interface Labels {
  readonly service: string;
  readonly version: string;
  readonly release: string;
}

/** A value is for a look a minute: one that takes longer is of no use to it. */
const QUERY_TIMEOUT_MS = 10_000;

export const getJsonByFetch: GetJson = async (url, timeoutMs) => {
  const response = await fetch(url, { redirect: 'error', signal: AbortSignal.timeout(timeoutMs) });
  if (!response.ok) throw new Error(`${new URL(url).host} answered ${response.status}`);
  return response.json();
};

/** The one number that `query` yields, or null for none: no data is not zero. Rejects on anything else. */
export async function queryValue(base: string, query: string, labels: Labels, get: GetJson): Promise<number | null> {
  const url = new URL('api/v1/query', base.endsWith('/') ? base : `${base}/`);
  url.searchParams.set('query', filled(query, labels));
  return valueOf(await get(url.href, QUERY_TIMEOUT_MS), query);
}

/** Names are of a form that ends no PromQL string (letters, digits, `.`, `_`, `-`), so that nothing has to be escaped. */
function filled(query: string, labels: Labels): string {
  return query.replaceAll(/\{\{\s*(service|version|release)\s*\}\}/g, (_, name: keyof Labels) => labels[name]);
}

/** The instant vector or scalar of Prometheus' HTTP API. */
function valueOf(answer: unknown, query: string): number | null {
  const data = field(answer, 'data');
  const result = field(data, 'result');
  if (field(answer, 'status') !== 'success' || !Array.isArray(result)) throw new Error(`'${query.slice(0, 80)}' was not answered: ${JSON.stringify(field(answer, 'error') ?? null).slice(0, 200)}`);
  if (field(data, 'resultType') === 'scalar') return numberOf(result[1]);
  if (result.length === 0) return null;
  if (result.length > 1) throw new Error(`'${query.slice(0, 80)}' yields ${result.length} series; aggregate them, with sum() say`);
  const sample = field(result[0], 'value');
  return Array.isArray(sample) ? numberOf(sample[1]) : null;
}

function field(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, name) ? (value as Readonly<Record<string, unknown>>)[name] : undefined;
}

/** NaN is what a ratio without traffic is: no data. */
function numberOf(value: unknown): number | null {
  const number = typeof value === 'string' ? Number(value) : NaN;
  return Number.isFinite(number) ? number : null;
}
