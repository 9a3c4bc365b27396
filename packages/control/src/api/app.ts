// The API as one fetch function: guard, routes, problems. It must not know on what it listens.

import type { Api } from '@graylane/wire';
import { Hono } from 'hono';
import type { Clock } from '../clock.ts';
import type { ControlPlane } from '../plane/control-plane.ts';
import { ControlError } from '../problem.ts';
import type { Guard } from './guard.ts';
import { handlers } from './handlers.ts';
import { problemResponse, refuseUnknownQuery } from './respond.ts';
import { routes } from './routes.ts';
import type { Operation, Route } from './routes.ts';

export interface AppOptions {
  readonly plane: ControlPlane;
  readonly clock: Clock;
  readonly guard: Guard;
  /** The machines that follow this server; absent where none can. */
  readonly nodes?: () => Promise<Api<'Nodes'>>;
}

export const API_PREFIX = '/api/v1';

/** The API as anything that serves `fetch` can serve it. */
export interface ApiApp {
  fetch(request: Request): Response | Promise<Response>;
}

export function apiApp({ plane, clock, guard, nodes }: AppOptions): ApiApp {
  const app = new Hono();
  const handle = handlers({
    plane, clock, nodes: nodes ?? null,
    who: (context) => guard.who(context.req.raw),
    mayStillRead: (context) => guard.check(context.req.raw, 'read').then(() => true, (error: unknown) => !(error instanceof ControlError)),
  });
  app.get('/livez', (context) => context.text('ok\n'));
  app.get('/readyz', async (context) => {
    await plane.strategy();
    return context.text('ok\n');
  });
  app.get('/metrics', async (context) => {
    await guard.check(context.req.raw, 'read');
    return context.text(await plane.metrics(), 200, { 'content-type': 'text/plain; version=0.0.4; charset=utf-8' });
  });
  for (const [operation, route] of Object.entries(routes) as [Operation, Route][]) {
    app.on(route.method.toUpperCase(), API_PREFIX + route.path.replaceAll(/\{(\w+)\}/g, ':$1'), async (context) => {
      await guard.check(context.req.raw, route.scope);
      refuseUnknownQuery(context, (route.query ?? []).map(({ name }) => name));
      return handle[operation](context);
    });
  }
  app.notFound((context) => problemResponse(noSuch(context.req.method, context.req.path)));
  app.onError((error) => problemResponse(error));
  return { fetch: (request) => app.fetch(request) };
}

function noSuch(method: string, path: string): ControlError {
  const known = Object.values(routes).filter((route) => new RegExp(`^${API_PREFIX}${route.path.replaceAll(/\{\w+\}/g, '[^/]+')}$`).test(path));
  if (known.length === 0) return new ControlError('GL3014', { detail: 'there is nothing at this address', fix: `see ${API_PREFIX}/openapi.json` });
  return new ControlError('GL3022', { detail: `${method} is not possible here`, fix: `use ${known.map((route) => route.method.toUpperCase()).join(' or ')}` });
}
