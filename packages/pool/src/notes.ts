// What arrives over Node's own IPC channel, which belongs to the app: its `ready`, and sockets that the agent donates.

import type { ChildProcess } from 'node:child_process';

import type { DonateNote } from '@graylane/wire';

import type { Place } from './spec.ts';

export interface Notes {
  ready(): void;
  donated(place: Place, handle: unknown): void;
}

export function receiveNotes(child: ChildProcess, notes: Notes): void {
  child.on('message', (message: unknown, handle: unknown) => {
    if (message === 'ready') notes.ready();
    else if (isDonation(message)) notes.donated({ port: message.port, host: message.host }, handle);
  });
  // A worker that closed its channel is as good as one that never used it.
  child.on('error', () => undefined);
}

function isDonation(message: unknown): message is DonateNote {
  return typeof message === 'object' && message !== null && 'graylane' in message && message.graylane === 'donate'
    && 'port' in message && typeof message.port === 'number' && 'host' in message && (message.host === null || typeof message.host === 'string');
}
