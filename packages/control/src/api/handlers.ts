// What each operation of the API does: a request's words in, the control plane's answer out.

import { isAbsolute } from 'node:path';
import { apiRequests } from '@graylane/wire';
import type { Api, ApiRequest, ApiSchema, ApiSchemas, FromSchema } from '@graylane/wire';
import type { Context } from 'hono';
import type { Clock } from '../clock.ts';
import { EVENTS_PAGE } from '../plane/answers.ts';
import type { ControlPlane, Verb } from '../plane/control-plane.ts';
import { ControlError } from '../problem.ts';
import { COMMAND_LIMIT_BYTES, DOCUMENT_LIMIT_BYTES, jsonBody } from './body.ts';
import { openapi } from './openapi.ts';
import { Places } from './places.ts';
import { etag, expectedRevision, flagFrom, numberFrom, revisionIfGiven } from './respond.ts';
import type { Operation } from './routes.ts';
import { validated } from './validate.ts';
import { watchStream } from './watch.ts';

export interface HandlerOptions {
  readonly plane: ControlPlane;
  readonly clock: Clock;
  /** Null where no machine can join. */
  readonly nodes: (() => Promise<Api<'Nodes'>>) | null;
  /** Who asks, as events name them. */
  readonly who: (context: Context) => string;
  /** Whether whoever watches would still be let in: a token that was revoked is none, also where it came in before. */
  readonly mayStillRead: (context: Context) => Promise<boolean>;
}

export type Handler = (context: Context) => Promise<Response>;

const VERBS: readonly Verb[] = ['start', 'promote', 'promote-full', 'pause', 'resume', 'rollback'];
const PAGE = 100;
const PAGE_LIMIT = 1_000;
const DAY_MS = 86_400_000;
/** Half of the connections: whoever watches leaves room for whoever has something to say. */
const WATCHERS_LIMIT = 256;

export function handlers({ plane, clock, nodes, who, mayStillRead }: HandlerOptions): Readonly<Record<Operation, Handler>> {
  const watchers = new Places(WATCHERS_LIMIT, 'watchers of changes');
  return {
    getStrategy: async (context) => {
      const asked = numberFrom(context, 'revision', { min: 0, max: Number.MAX_SAFE_INTEGER, fallback: 0 });
      const strategy = await plane.strategy(asked === 0 ? undefined : asked);
      return context.json(strategy, 200, { etag: etag(strategy.revision) });
    },
    putStrategy: async (context) => {
      const expected = expectedRevision(context);
      const document = await jsonBody(context, DOCUMENT_LIMIT_BYTES);
      const why = context.req.header('graylane-why')?.slice(0, 500) ?? 'applied';
      const applied = await plane.apply({ document, expectedRevision: expected, dryRun: flagFrom(context, 'dryRun'), force: flagFrom(context, 'force'), who: who(context), why });
      return context.json(applied, 200, { etag: etag(applied.revision) });
    },
    postDifference: async (context) => context.json(await plane.difference(await jsonBody(context, DOCUMENT_LIMIT_BYTES))),
    getReleases: async (context) => context.json(page(context, await plane.releases())),
    postRelease: async (context) => {
      const isDry = flagFrom(context, 'dryRun');
      const canary = canaryOf(await command(context, apiRequests.Canary), who(context));
      return context.json(await plane.canary({ ...canary, expectedRevision: revisionIfGiven(context) }, isDry), isDry ? 200 : 201);
    },
    getRelease: async (context) => {
      const release = await plane.release(named(context, 'name'));
      return context.json(release, 200, { etag: etag(release.turn) });
    },
    getComparison: async (context) => context.json(await plane.compare(named(context, 'name'))),
    postSplit: async (context) => {
      const expected = expectedRevision(context);
      const { percent } = await command(context, apiRequests.Split);
      const applied = await plane.split(named(context, 'name'), percent, expected, who(context), flagFrom(context, 'dryRun'));
      return context.json(applied, 200, { etag: etag(applied.revision) });
    },
    postVerb: async (context) => {
      const verb = VERBS.find((one) => one === named(context, 'verb'));
      if (verb === undefined) throw new ControlError('GL3014', { detail: `a release knows no '${named(context, 'verb').slice(0, 40)}'`, fix: `one of: ${VERBS.join(', ')}` });
      const { why, step } = await command(context, apiRequests.Verb);
      return context.json(await plane.verb(named(context, 'name'), verb, { who: who(context), why: why ?? `${verb} by ${who(context)}`, step: step ?? null, turn: revisionIfGiven(context), isDry: flagFrom(context, 'dryRun') }));
    },
    getEvents: async (context) => {
      const limit = numberFrom(context, 'limit', { min: 1, max: EVENTS_PAGE, fallback: PAGE });
      const before = numberFrom(context, 'cursor', { min: 0, max: Number.MAX_SAFE_INTEGER, fallback: 0 });
      const items = await plane.events({ limit, ...(before === 0 ? {} : { before }) });
      const last = items.at(-1);
      return context.json({ items, cursor: items.length < limit || last === undefined ? null : String(last.seq) });
    },
    getWorkers: (context) => Promise.resolve(context.json(page(context, plane.workers()))),
    getNodes: async (context) => {
      if (nodes === null) throw new ControlError('GL3014', { detail: 'no machine follows this one', fix: 'ask a server: --server https://…' });
      return context.json(await nodes());
    },
    getStatus: async (context) => context.json(await plane.status()),
    postExplain: async (context) => {
      const { rawHeaders, address, ...line } = await command(context, apiRequests.Explain);
      if (rawHeaders.length % 2 !== 0) throw new ControlError('GL3012', { detail: 'rawHeaders must be pairs of name and value' });
      return context.json(plane.explain({ ...line, rawHeaders, ...(address === undefined ? {} : { address }) }));
    },
    postOverride: async (context) => {
      const { lane, seconds } = await command(context, apiRequests.Override);
      return context.json(await plane.override(lane, seconds), 201);
    },
    postRotation: async (context) => {
      const done = await plane.keys.rotate();
      if (!done) throw new ControlError('GL3015', { detail: 'some workers do not have the new key yet', fix: 'it is tried again by itself; see graylane status' });
      await plane.note('keys', 'changed', who(context), 'what the ones before have signed holds until the next change');
      return context.body(null, 204);
    },
    putFreeze: async (context) => {
      await plane.freeze((await command(context, apiRequests.Freeze)).reason, who(context));
      return context.body(null, 204);
    },
    deleteFreeze: async (context) => {
      await plane.freeze(null, who(context));
      return context.body(null, 204);
    },
    getWatch: async (context) => {
      const seen = context.req.header('last-event-id');
      if (seen !== undefined && !/^\d{1,15}$/.test(seen)) throw new ControlError('GL3012', { detail: 'Last-Event-ID is no id of an event' });
      const newest = await plane.store.revision();
      const after = seen === undefined ? numberFrom(context, 'after', { min: 0, max: newest, fallback: newest }) : Math.min(Number(seen), newest);
      return context.body(watchStream({ store: plane.store, clock, after, mayStillRead: () => mayStillRead(context), onEnd: watchers.enter() }), 200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store', 'x-accel-buffering': 'no' });
    },
    getTokens: async (context) => context.json(page(context, await plane.tokens.list())),
    postToken: async (context) => {
      const { name, scope, days } = await command(context, apiRequests.Token);
      const made = await plane.tokens.create({ name, scope, lifetimeMs: days === undefined ? null : days * DAY_MS });
      await plane.note(`token ${name}`, 'made', who(context), `may ${scope}${made.expiresAt === null ? '' : ` until ${made.expiresAt}`}`);
      return context.json(made, 201);
    },
    deleteToken: async (context) => {
      const id = named(context, 'id');
      await plane.note(`token ${await plane.tokens.revoke(id)}`, 'revoked', who(context), `by its id ${id}`);
      return context.body(null, 204);
    },
    getWebhooks: async (context) => context.json(page(context, await plane.webhooks.list())),
    postWebhook: async (context) => {
      const { url, kinds } = await command(context, apiRequests.Webhook);
      const made = await plane.webhooks.create(url, kinds ?? []);
      await plane.note(`webhook ${made.id}`, 'made', who(context), `tells ${new URL(url).host}`);
      return context.json(made, 201);
    },
    deleteWebhook: async (context) => {
      const id = named(context, 'id');
      await plane.webhooks.remove(id);
      await plane.note(`webhook ${id}`, 'removed', who(context), 'told no more');
      return context.body(null, 204);
    },
    postBackup: async (context) => {
      const { file } = await command(context, apiRequests.Backup);
      if (!isAbsolute(file)) throw new ControlError('GL3012', { detail: 'the path of a backup must be absolute', fix: 'the control plane has a working folder of its own' });
      await plane.store.backup(file);
      return context.body(null, 204);
    },
    getOpenapi: (context) => Promise.resolve(context.json(openapi())),
  };
}

async function command<const S extends ApiSchema>(context: Context, schema: S): Promise<FromSchema<S, ApiSchemas>> {
  return validated(schema, await jsonBody(context, COMMAND_LIMIT_BYTES));
}

/** A part of the path; the router has matched it. */
function named(context: Context, part: 'name' | 'verb' | 'id'): string {
  return context.req.param(part) ?? '';
}

function canaryOf(body: ApiRequest<'Canary'>, who: string): Parameters<ControlPlane['canary']>[0] {
  const { service, version, spec, release, percent, when, stickyBy } = body;
  // Checked as a part of the whole strategy, with the same words as in a file.
  const rules = { ...(release === undefined ? {} : { name: release }), ...(percent === undefined ? {} : { percent }), ...(when === undefined ? {} : { when }), ...(stickyBy === undefined ? {} : { stickyBy }) };
  return { service, version, spec: spec, release: rules, who };
}

/** A part of a list that is small enough to be made whole; the cursor is the place in it. */
function page<T>(context: Context, all: readonly T[]): { readonly items: readonly T[]; readonly cursor: string | null } {
  const limit = numberFrom(context, 'limit', { min: 1, max: PAGE_LIMIT, fallback: PAGE });
  const from = numberFrom(context, 'cursor', { min: 0, max: Number.MAX_SAFE_INTEGER, fallback: 0 });
  const items = all.slice(from, from + limit);
  return { items, cursor: from + limit < all.length ? String(from + limit) : null };
}
