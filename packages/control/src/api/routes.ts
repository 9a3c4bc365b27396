// The table of the API: one line for each operation, from which the server, the OpenAPI document and its check are made.
// It must not know how an operation is carried out.

import type { ApiRequests, ApiSchemas } from '@graylane/wire';

/** What a token must allow: reading, running releases, or everything. A machine's token (`node`) lets it join and opens nothing else. */
export type Scope = 'node' | 'read' | 'operate' | 'admin';

export interface Route {
  readonly method: 'get' | 'put' | 'post' | 'delete';
  /** In the notation of OpenAPI. */
  readonly path: string;
  readonly summary: string;
  readonly scope: Scope;
  readonly body: keyof ApiRequests | 'Document' | null;
  readonly answer: keyof ApiSchemas | 'list' | 'stream' | 'none' | 'any';
  /** Of a list. */
  readonly items?: keyof ApiSchemas;
  /** Whether `If-Match` is required: 428 without it, 412 when it is not what stands. */
  readonly ifMatch?: boolean;
  /** Answers 201. */
  readonly created?: boolean;
  /** All that it takes: any other name is refused, for a `dryRun` that nobody reads would be none. */
  readonly query?: readonly { readonly name: string; readonly description: string }[];
}

const page: NonNullable<Route['query']> = [{ name: 'limit', description: 'how many, at most' }, { name: 'cursor', description: 'the `cursor` of the page before' }];
const dryRun: NonNullable<Route['query']>[number] = { name: 'dryRun', description: '`true` changes nothing and says what would change' };

export type Operation =
  | 'getStrategy' | 'putStrategy' | 'postDifference' | 'getReleases' | 'postRelease' | 'getRelease' | 'getComparison' | 'postSplit' | 'postVerb'
  | 'getEvents' | 'getWorkers' | 'getNodes' | 'getStatus' | 'postExplain' | 'putFreeze' | 'deleteFreeze' | 'getWatch' | 'getOpenapi'
  | 'getTokens' | 'postToken' | 'deleteToken' | 'getWebhooks' | 'postWebhook' | 'deleteWebhook' | 'postBackup' | 'postOverride' | 'postRotation';

export const routes: Readonly<Record<Operation, Route>> = {
  getStrategy: { method: 'get', path: '/strategy', summary: 'The live strategy, or a past revision', scope: 'read', body: null, answer: 'Strategy', query: [{ name: 'revision', description: 'a past one' }] },
  putStrategy: { method: 'put', path: '/strategy', summary: 'Replace the strategy', scope: 'operate', body: 'Document', answer: 'Applied', ifMatch: true, query: [dryRun, { name: 'force', description: '`true` lets unwise findings through' }] },
  postDifference: { method: 'post', path: '/strategy/difference', summary: 'What a document would change, and what was changed live', scope: 'read', body: 'Document', answer: 'Difference' },
  getReleases: { method: 'get', path: '/releases', summary: 'All releases', scope: 'read', body: null, answer: 'list', items: 'Release', query: page },
  postRelease: { method: 'post', path: '/releases', summary: 'Add a version and its release at run time', scope: 'operate', body: 'Canary', answer: 'Applied', created: true, query: [dryRun] },
  getRelease: { method: 'get', path: '/releases/{name}', summary: 'One release', scope: 'read', body: null, answer: 'Release' },
  getComparison: { method: 'get', path: '/releases/{name}/comparison', summary: 'Both arms of a release side by side, with the verdict', scope: 'read', body: null, answer: 'Comparison' },
  postSplit: { method: 'post', path: '/releases/{name}/split', summary: 'Set or change the share that is in', scope: 'operate', body: 'Split', answer: 'Applied', ifMatch: true, query: [dryRun] },
  postVerb: { method: 'post', path: '/releases/{name}/{verb}', summary: 'start, promote, promote-full, pause, resume or rollback', scope: 'operate', body: 'Verb', answer: 'Applied', query: [dryRun] },
  getEvents: { method: 'get', path: '/events', summary: 'What happened, newest first', scope: 'read', body: null, answer: 'list', items: 'Event', query: page },
  getWorkers: { method: 'get', path: '/workers', summary: 'All workers', scope: 'read', body: null, answer: 'list', items: 'Worker', query: page },
  getNodes: { method: 'get', path: '/nodes', summary: 'The machines that follow this server and its fellows', scope: 'read', body: null, answer: 'Nodes' },
  getStatus: { method: 'get', path: '/status', summary: 'Want and got', scope: 'read', body: null, answer: 'Status' },
  postExplain: { method: 'post', path: '/explain', summary: 'Why a request goes where it goes', scope: 'read', body: 'Explain', answer: 'any' },
  putFreeze: { method: 'put', path: '/freeze', summary: 'Hold every automatic step forward', scope: 'operate', body: 'Freeze', answer: 'none' },
  deleteFreeze: { method: 'delete', path: '/freeze', summary: 'Let automatic steps go on', scope: 'operate', body: null, answer: 'none' },
  getWatch: { method: 'get', path: '/watch', summary: 'Server-sent events of every change, resumed by Last-Event-ID', scope: 'read', body: null, answer: 'stream', query: [{ name: 'after', description: 'the id of the last event seen' }] },
  getTokens: { method: 'get', path: '/tokens', summary: 'All tokens, without their secrets', scope: 'admin', body: null, answer: 'list', items: 'Token', query: page },
  postToken: { method: 'post', path: '/tokens', summary: 'Make a token; it is shown once', scope: 'admin', body: 'Token', answer: 'NewToken', created: true },
  deleteToken: { method: 'delete', path: '/tokens/{id}', summary: 'Revoke a token', scope: 'admin', body: null, answer: 'none' },
  getWebhooks: { method: 'get', path: '/webhooks', summary: 'Who is told of events', scope: 'admin', body: null, answer: 'list', items: 'Webhook', query: page },
  postWebhook: { method: 'post', path: '/webhooks', summary: 'Tell a URL of events, signed; the secret is shown once', scope: 'admin', body: 'Webhook', answer: 'NewWebhook', created: true },
  deleteWebhook: { method: 'delete', path: '/webhooks/{id}', summary: 'Tell a URL no more', scope: 'admin', body: null, answer: 'none' },
  postBackup: { method: 'post', path: '/backup', summary: 'Write a whole copy of the store to a file', scope: 'admin', body: 'Backup', answer: 'none' },
  postOverride: { method: 'post', path: '/overrides', summary: 'A signed wish for a lane, for a link or a header', scope: 'operate', body: 'Override', answer: 'Override', created: true },
  postRotation: { method: 'post', path: '/keys/rotation', summary: 'Change the key of stamps and overrides; what the one before has signed holds until the next change', scope: 'admin', body: null, answer: 'none' },
  getOpenapi: { method: 'get', path: '/openapi.json', summary: 'This description', scope: 'read', body: null, answer: 'any' },
};
