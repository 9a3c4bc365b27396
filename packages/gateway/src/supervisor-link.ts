// A gateway worker's end of the control socket: connects, says hello, keeps trying for ever. It knows frames, not what they mean.

import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { FrameReader, frame } from '@graylane/wire';
import type { AgentMessage, SupervisorMessage } from '@graylane/wire';

/** Between two attempts: short at first, for a new supervisor adopts its workers within two seconds. */
const RETRY_FIRST_MS = 25;
const RETRY_LAST_MS = 1_000;

export interface SupervisorLinkOptions {
  readonly path: string;
  /** Said first on each connection. */
  readonly hello: () => AgentMessage;
  readonly receive: (message: SupervisorMessage) => void;
  readonly random: () => number;
}

export class SupervisorLink {
  readonly #options: SupervisorLinkOptions;
  #socket: Socket | null = null;
  #retryMs = RETRY_FIRST_MS;
  #retryTimer: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(options: SupervisorLinkOptions) {
    this.#options = options;
  }

  start(): void {
    const socket = connect(this.#options.path);
    const reader = new FrameReader();
    socket.on('connect', () => {
      this.#socket = socket;
      this.#retryMs = RETRY_FIRST_MS;
      this.send(this.#options.hello());
    });
    socket.on('data', (chunk) => this.#read(socket, reader, chunk));
    // 'close' follows, and that is what counts.
    socket.on('error', () => undefined);
    socket.on('close', () => {
      this.#socket = null;
      this.#retry();
    });
  }

  /** Somebody hears what is said, and keeps up. */
  get isHeard(): boolean {
    return this.#socket !== null && !this.#socket.writableNeedDrain;
  }

  /** Lost while there is no supervisor: `hello` repeats what it must know. */
  send(message: AgentMessage): void {
    this.#socket?.write(frame(Buffer.from(JSON.stringify(message))));
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#retryTimer);
    this.#socket?.destroy();
  }

  #read(socket: Socket, reader: FrameReader, chunk: Uint8Array): void {
    try {
      for (const body of reader.push(chunk)) {
        const message: unknown = JSON.parse(Buffer.from(body).toString());
        if (isMessage(message)) this.#options.receive(message);
      }
    } catch (error) {
      // A supervisor that speaks nonsense is tried again; what is in force here stays.
      socket.destroy(error instanceof Error ? error : new Error(String(error)));
    }
  }

  #retry(): void {
    if (this.#closed) return;
    // Half of the time is drawn, so that a fleet does not come back in one moment.
    const delayMs = this.#retryMs * (0.5 + this.#options.random() / 2);
    this.#retryMs = Math.min(this.#retryMs * 2, RETRY_LAST_MS);
    this.#retryTimer = setTimeout(() => this.start(), delayMs);
  }
}

/** Its own supervisor wrote it with the same types; kinds it does not know are ignored by the receiver. */
function isMessage(value: unknown): value is SupervisorMessage {
  return typeof value === 'object' && value !== null && 'kind' in value && typeof value.kind === 'string';
}
