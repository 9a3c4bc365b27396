// `graylane events`: what happened, and why. Follows without a gap, also over a restart of the supervisor.

import { setTimeout as delay } from 'node:timers/promises';
import { ApiFailure, type ApiClient } from '@graylane/control';
import type { Command } from 'commander';
import type { Api } from '@graylane/wire';
import { countOf } from '../config/options.ts';
import { happeningText } from '../print/happening.ts';
import { contextOf, type GlobalOptions } from './context.ts';
import { liveClient } from './live.ts';

type Event = Api<'Event'>;

/** One answer of the API. */
const PAGE = 200;
const AGAIN_MS = 500;
/** A supervisor that was killed is back in a few seconds. */
const SILENCE_LIMIT_MS = 15_000;

export function addEvents(program: Command): void {
  program
    .command('events')
    .argument('[subject]', 'only of this release or service')
    .option('-n, --limit <count>', 'how many', '20')
    .option('-f, --follow', 'go on as they happen')
    .description('what happened and why, a line each; the newest last')
    .action(async (subject: string | undefined, _options: unknown, command: Command) => {
      const options = command.optsWithGlobals<GlobalOptions & { limit: string; follow?: boolean }>();
      const { terminal, ...context } = contextOf(options);
      const limit = countOf('--limit', options.limit, 1, PAGE);
      const client = await liveClient({ ...context, terminal });
      const show = (event: Event): void => {
        if (terminal.json) terminal.object(event);
        terminal.data(happeningText(event));
      };
      if (options.follow === true) {
        for await (const event of followed(client, subject, limit)) show(event);
        return;
      }
      const events = await lastOf(client, subject, limit);
      if (terminal.json) terminal.object(events);
      else for (const event of [...events].reverse()) show(event);
      if (events.length === 0) terminal.say(subject === undefined ? 'nothing has happened yet' : `nothing is known of '${subject}': an event is about a release or a service`);
    });
}

/** The last `limit` events about a subject, however long ago; the newest first. */
async function lastOf(client: ApiClient, subject: string | undefined, limit: number): Promise<readonly Event[]> {
  const found: Event[] = [];
  for (let cursor: string | null | undefined; cursor !== null && found.length < limit;) {
    const page: Awaited<ReturnType<ApiClient['events']>> = await client.events({ limit: subject === undefined ? limit : PAGE, ...(cursor === undefined ? {} : { cursor }) });
    found.push(...page.items.filter(isAbout(subject)));
    cursor = page.cursor;
  }
  return found.slice(0, limit);
}

function isAbout(subject: string | undefined): (event: Event) => boolean {
  return (event) => subject === undefined || event.subject === subject;
}

/** The last `limit` events, then each one that follows. Throws ApiFailure when the supervisor stays away. */
async function* followed(client: ApiClient, subject: string | undefined, limit: number): AsyncGenerator<Event> {
  let seen = 0;
  let awaySince: number | null = null;
  for (;;) {
    try {
      // The stream first, then what there is: whatever happens in between comes by both ways and is shown once.
      for await (const frame of client.watch(new AbortController().signal)) {
        awaySince = null;
        const events = frame.event === 'ready' ? await unseen(client, subject, seen, limit) : frame.event === 'event' ? [frame.data as Event] : [];
        for (const event of events) {
          if (event.seq <= seen) continue;
          seen = event.seq;
          if (isAbout(subject)(event)) yield event;
        }
      }
    } catch (error) {
      if (!(error instanceof ApiFailure)) throw error;
      awaySince ??= performance.now();
      if (performance.now() - awaySince > SILENCE_LIMIT_MS) throw error;
    }
    await delay(AGAIN_MS);
  }
}

/** Oldest first: the last `limit` at the beginning, later all that came while the stream was broken. */
async function unseen(client: ApiClient, subject: string | undefined, seen: number, limit: number): Promise<readonly Event[]> {
  if (seen === 0) return [...await lastOf(client, subject, limit)].reverse();
  const missed: Event[] = [];
  for (let cursor: string | null | undefined; cursor !== null;) {
    const page: Awaited<ReturnType<ApiClient['events']>> = await client.events({ limit: PAGE, ...(cursor === undefined ? {} : { cursor }) });
    missed.push(...page.items.filter(({ seq }) => seq > seen));
    cursor = page.items.some(({ seq }) => seq <= seen) ? null : page.cursor;
  }
  return missed.reverse();
}
