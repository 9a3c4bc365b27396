// docs/api.md, written from the table and schemas that the server runs on. Run this file to write it; a test compares.

import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { apiRequests, apiSchemas } from '@graylane/wire';
import type { ApiSchema } from '@graylane/wire';
import { routes } from '../../src/api/routes.ts';
import type { Route } from '../../src/api/routes.ts';
import { CONTROL_PROBLEMS } from '../../src/problem.ts';

export const REFERENCE_FILE: string = fileURLToPath(new URL('../../../../docs/api.md', import.meta.url));

export function apiReference(): string {
  return [
    '# Control API',
    '',
    '<!-- Generated: node --conditions=graylane-source packages/control/test/docs/reference.ts -->',
    '',
    'Under `/api/v1` on the Unix socket of the control plane, for whoever may open that file, and on TCP when asked for (`graylane up --api`, `graylane server`; beyond this machine with TLS only).',
    'There every request needs `Authorization: Bearer <token>` with a sufficient scope (`read` < `operate` < `admin`), the right `Host`, and no foreign `Origin`. Events name the token; on the',
    'Unix socket whoever asks may name himself (`Graylane-Who`). The same as OpenAPI 3.1: `GET /api/v1/openapi.json`.',
    '',
    '- Reads of the strategy carry its revision as `ETag`. Writes marked *If-Match* need it back: `428` without, `412` with what stands and the difference; `*` takes whatever stands.',
    '- With `dryRun=true`, where it is named below, everything is checked and nothing is done: `changes` and `notes` say what would be. A parameter that an operation does not take is a `400`, never overlooked.',
    '- A verb on a release needs none: each is harmless when it is repeated (`promote` with the `step` that was seen). Where one is sent (the `ETag` of the release, or of the strategy with a new canary), it counts.',
    '- Bodies are `application/json`: 256 KiB at most, a strategy document 32 MiB. `PUT /strategy` takes its reason from `Graylane-Why`.',
    '- On one machine a way back (`rollback`) is in force even when the store cannot be written; `status` then says that it is not stored yet. It survives a restart.',
    '- Lists: `limit` and `cursor` in, `items` and `cursor` out; the last page has `cursor: null`.',
    '- Errors: RFC 9457, `application/problem+json`, with a stable `code`, `errors[].pointer` into what was sent, `fix` in words, and the `exitCode` of the command line.',
    '- `GET /watch`: server-sent events `ready`, `strategy`, `release`, `event`; each id is a position in the store to resume from (`Last-Event-ID`). `gone` means that history has been dropped: read anew. A stream ends when its token is revoked, and soon after the token has expired.',
    '- Outside of `/api/v1`: `GET /livez` and `GET /readyz` (for anybody), and `GET /metrics` (scope `read`, [metrics.md](metrics.md)).',
    '- A supervisor has its processes beside it, not in OpenAPI: `GET /processes` (scope `read`), `POST /processes/reload?of=NAME` and `POST /processes/scale?of=NAME&workers=N` (scope `operate`),',
    '  where NAME is a service, a version, `service/version` or `all`. Each answers with pools and workers when it is done.',
    '',
    '## Operations',
    '',
    '| | path | what | scope | body | answer |',
    '|---|---|---|---|---|---|',
    ...Object.values(routes).map(operationRow),
    '',
    '## What is sent',
    '',
    ...Object.entries(apiRequests).flatMap(([name, schema]) => record(name, schema)),
    '## What comes back',
    '',
    ...Object.entries(apiSchemas).flatMap(([name, schema]) => record(name, schema)),
    '## Codes',
    '',
    'Of the strategy: GL10xx (form) and GL11xx (analysis), see the findings. Of a start: GL20xx.',
    '',
    '| code | HTTP | exit | meaning |',
    '|---|---|---|---|',
    ...Object.entries(CONTROL_PROBLEMS).map(([code, { title, status, exitCode }]) => `| ${code} | ${status} | ${exitCode} | ${title} |`),
    '',
  ].join('\n');
}

function operationRow(route: Route): string {
  const answer = route.answer === 'list' ? `list of ${route.items ?? ''}` : route.answer;
  const body = route.body === null ? '' : route.body === 'Document' ? 'a strategy document' : route.body;
  const query = (route.query ?? []).map(({ name }) => `\`${name}\``).join(', ');
  return `| ${route.method.toUpperCase()} | \`${route.path}\` | ${route.summary}${query === '' ? '' : ` (${query})`}${route.ifMatch === true ? ' · *If-Match*' : ''} | ${route.scope} | ${body} | ${answer} |`;
}

function record(name: string, schema: ApiSchema): readonly string[] {
  const rows = keyRows(schema, '');
  return [`### ${name}`, '', ...(schema.description === undefined ? [] : [schema.description, '']), '| key | type | |', '|---|---|---|', ...rows, ''];
}

/** Objects in lists have no name of their own: their keys stand below the list's. */
function keyRows({ properties = {}, required = [] }: ApiSchema, of: string): readonly string[] {
  return Object.entries(properties).flatMap(([key, property]) => [
    `| \`${of}${key}\`${required.includes(key) ? '' : ' ?'} | ${typeText(property)} | ${property.description ?? ''} |`,
    ...(property.items === undefined ? [] : keyRows(property.items, `${of}${key}[].`)),
  ]);
}

function typeText(schema: ApiSchema): string {
  if (schema.$ref !== undefined) return schema.$ref.replace('#/components/schemas/', '');
  if (schema.oneOf !== undefined) return schema.oneOf.map(typeText).join(' or ');
  if (schema.enum !== undefined) return schema.enum.map((one) => `\`${one}\``).join(' ') + (schema.type?.includes('null') === true ? ' or null' : '');
  if (schema.type === 'array') return `list of ${schema.items === undefined ? 'anything' : typeText(schema.items)}`;
  return schema.type === undefined ? 'anything' : [schema.type].flat().join(' or ');
}

if (process.argv[1] === fileURLToPath(import.meta.url)) writeFileSync(REFERENCE_FILE, apiReference());
