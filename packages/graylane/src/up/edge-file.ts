// The file that gateway processes read what they serve from; replaced whole.

import { randomBytes } from 'node:crypto';
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { EdgeConfig } from '@graylane/gateway';

/** Of TLS session tickets (Node's `ticketKeys`). */
const TICKET_KEYS_BYTES = 48;

export class EdgeFile {
  readonly path: string;
  /** One set for all processes, also over restarts: a session begun with one goes on with another. */
  readonly #ticketKeys: string;
  text: string | null;

  constructor(folder: string) {
    this.path = join(folder, 'gateway.json');
    this.text = readOr(this.path);
    this.#ticketKeys = ticketKeysIn(this.text) ?? randomBytes(TICKET_KEYS_BYTES).toString('base64');
  }

  /** Whether the processes run with it already. */
  says(config: EdgeConfig): boolean {
    return this.text === this.#textOf(config);
  }

  write(config: EdgeConfig): void {
    this.restore(this.#textOf(config));
  }

  restore(text: string): void {
    const beside = `${this.path}.new`;
    // It holds keys of TLS sessions.
    writeFileSync(beside, text, { mode: 0o600 });
    renameSync(beside, this.path);
    this.text = text;
  }

  #textOf(config: EdgeConfig): string {
    return JSON.stringify({ ...config, ticketKeys: this.#ticketKeys });
  }
}

function readOr(path: string): string | null {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return null;
  }
}

function ticketKeysIn(text: string | null): string | null {
  if (text === null) return null;
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && 'ticketKeys' in value && typeof value.ticketKeys === 'string' ? value.ticketKeys : null;
  } catch {
    return null;
  }
}
