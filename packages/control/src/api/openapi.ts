// The OpenAPI 3.1 description of the API, made from the same table and schemas that the server runs on.

import { apiRequests, apiSchemas } from '@graylane/wire';
import type { ApiSchema } from '@graylane/wire';
import { CONTROL_PROBLEMS } from '../problem.ts';
import { routes } from './routes.ts';
import type { Operation, Route } from './routes.ts';

export interface OpenapiDocument {
  readonly openapi: string;
  readonly info: Readonly<Record<string, string>>;
  readonly servers: readonly { readonly url: string }[];
  readonly paths: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, ApiSchema>>; readonly securitySchemes: Readonly<Record<string, unknown>> };
}

export function openapi(): OpenapiDocument {
  const paths: Record<string, Record<string, unknown>> = {};
  for (const [operation, route] of Object.entries(routes)) {
    paths[route.path] = { ...paths[route.path], [route.method]: describe(operation, route) };
  }
  return {
    openapi: '3.1.0',
    info: { title: 'graylane control API', version: '1', description: 'Strategies, releases and what became of them. Errors are RFC 9457 problem details with a stable `code`.' },
    servers: [{ url: '/api/v1' }],
    paths,
    components: { schemas: { ...apiSchemas, ...Object.fromEntries(Object.entries(apiRequests).map(([name, schema]) => [requestName(name), schema])) }, securitySchemes: { token: { type: 'http', scheme: 'bearer', description: 'On TCP; the Unix socket is guarded by its file mode.' } } },
  };
}

function describe(operation: string, route: Route): unknown {
  return {
    operationId: operation satisfies string as Operation,
    summary: route.summary,
    'x-scope': route.scope,
    security: [{ token: [] }, {}],
    parameters: [
      ...[...route.path.matchAll(/\{(\w+)\}/g)].map(([, name]) => ({ name, in: 'path', required: true, schema: { type: 'string' } })),
      ...(route.query ?? []).map(({ name, description }) => ({ name, in: 'query', description, schema: { type: 'string' } })),
      ...(route.ifMatch === true ? [{ name: 'If-Match', in: 'header', required: true, description: 'The ETag that you have seen, or `*`', schema: { type: 'string' } }] : []),
    ],
    ...(route.body === null ? {} : { requestBody: { required: route.body !== 'Verb', content: json(route.body === 'Document' ? { type: 'object', description: 'A strategy document; its schema: graylane schema' } : ref(requestName(route.body))) } }),
    responses: { ...success(route), default: { description: `A problem: ${Object.keys(CONTROL_PROBLEMS).join(', ')}, or a code of the strategy (GL1xxx) or a start (GL2xxx) inside`, content: { 'application/problem+json': { schema: ref('Problem') } } } },
  };
}

function success(route: Route): Readonly<Record<string, unknown>> {
  const { answer } = route;
  if (answer === 'none') return { 204: { description: 'Done' } };
  if (answer === 'stream') return { 200: { description: 'Events `ready`, `strategy`, `release`, `event`, `gone`', content: { 'text/event-stream': { schema: { type: 'string' } } } } };
  if (answer === 'any') return { 200: { description: route.summary, content: json({}) } };
  if (answer === 'list') return { 200: { description: route.summary, content: json({ type: 'object', properties: { items: { type: 'array', items: ref(route.items ?? 'Event') }, cursor: { type: ['string', 'null'] } }, required: ['items', 'cursor'] }) } };
  const done = { description: route.summary, content: json(ref(answer)) };
  if (route.created !== true) return { 200: done };
  const isDryToo = route.query?.some(({ name }) => name === 'dryRun') === true;
  return { 201: done, ...(isDryToo ? { 200: { ...done, description: 'Of a dry run: what would be done' } } : {}) };
}

function json(schema: ApiSchema): unknown {
  return { 'application/json': { schema } };
}

/** What is sent and what comes back may have one name: a token, a webhook. */
function requestName(name: string): string {
  return `${name}Request`;
}

function ref(name: string): ApiSchema {
  return { $ref: `#/components/schemas/${name}` };
}
