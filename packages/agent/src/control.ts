// The agent's end of the control socket: connects, says hello, keeps trying for ever. It knows frames and messages, not
// what they mean. It never keeps a process alive that would otherwise end.

import { connect, type Socket } from 'node:net';
import { frame, FrameReader, type AgentMessage, type SupervisorMessage } from '@graylane/wire';

/** Between two attempts; short, for a new supervisor waits for all its workers before it takes orders. An attempt costs next to nothing. */
const RETRY_FIRST_MS = 25;
const RETRY_LAST_MS = 250;

/** Messages that wait for a supervisor. What they say is repeated by `hello` or counted, so the oldest may go. */
const WAITING_LIMIT = 256;

export interface ControlOptions {
  readonly path: string;
  /** Said first on each connection. */
  readonly hello: () => AgentMessage;
  readonly receive: (message: SupervisorMessage) => void;
  readonly fault: (place: string, fault: unknown) => void;
  readonly random: () => number;
}

type State =
  | { readonly kind: 'connecting'; readonly socket: Socket }
  | { readonly kind: 'open'; readonly socket: Socket }
  | { readonly kind: 'waiting'; readonly timer: NodeJS.Timeout }
  | { readonly kind: 'closed' };

export class Control {
  readonly #options: ControlOptions;
  #state: State = { kind: 'closed' };
  #retryMs = RETRY_FIRST_MS;
  #waiting: AgentMessage[] = [];
  #held = false;

  constructor(options: ControlOptions) {
    this.#options = options;
  }

  /** Somebody hears what is said, and keeps up. */
  get isHeard(): boolean {
    return this.#state.kind === 'open' && !this.#state.socket.writableNeedDrain;
  }

  start(): void {
    if (this.#state.kind === 'closed') this.#connect();
  }

  send(message: AgentMessage): void {
    if (this.#state.kind === 'open') {
      write(this.#state.socket, message);
      return;
    }
    // The hello names all listeners there are.
    if (message.kind === 'listening') return;
    this.#waiting.push(message);
    if (this.#waiting.length > WAITING_LIMIT) this.#waiting.shift();
  }

  /** Keeps the process alive from now on: it is being drained and has to say when that is done. */
  hold(): void {
    this.#held = true;
    if (this.#state.kind === 'open' || this.#state.kind === 'connecting') this.#state.socket.ref();
  }

  close(): void {
    const state = this.#state;
    this.#state = { kind: 'closed' };
    if (state.kind === 'waiting') clearTimeout(state.timer);
    else if (state.kind !== 'closed') state.socket.destroy();
  }

  #connect(): void {
    const socket = connect(this.#options.path);
    if (!this.#held) socket.unref();
    this.#state = { kind: 'connecting', socket };
    const reader = new FrameReader();
    socket.on('connect', () => this.#opened(socket));
    socket.on('data', (chunk) => this.#read(socket, reader, chunk));
    socket.on('error', () => undefined); // 'close' follows, and that is what counts.
    socket.on('close', () => this.#lost(socket));
  }

  #opened(socket: Socket): void {
    this.#state = { kind: 'open', socket };
    this.#retryMs = RETRY_FIRST_MS;
    write(socket, this.#options.hello());
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const message of waiting) write(socket, message);
  }

  #read(socket: Socket, reader: FrameReader, chunk: Uint8Array): void {
    try {
      for (const body of reader.push(chunk)) this.#receive(body);
    } catch (fault) {
      this.#options.fault('control socket', fault);
      socket.destroy();
    }
  }

  #receive(body: Uint8Array): void {
    const message: unknown = JSON.parse(Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString());
    if (isMessage(message)) this.#options.receive(message);
  }

  #lost(socket: Socket): void {
    const state = this.#state;
    if (state.kind === 'closed' || state.kind === 'waiting' || state.socket !== socket) return;
    // Half of the time is drawn, so that a fleet does not come back in one moment.
    const delayMs = this.#retryMs * (0.5 + this.#options.random() / 2);
    this.#retryMs = Math.min(this.#retryMs * 2, RETRY_LAST_MS);
    const timer = setTimeout(() => this.#connect(), delayMs);
    if (!this.#held) timer.unref();
    this.#state = { kind: 'waiting', timer };
  }
}

function write(socket: Socket, message: AgentMessage): void {
  socket.write(frame(Buffer.from(JSON.stringify(message))));
}

/** Its own supervisor wrote it with the same types; kinds it does not know are ignored by the receiver. */
function isMessage(value: unknown): value is SupervisorMessage {
  return typeof value === 'object' && value !== null && 'kind' in value && typeof value.kind === 'string';
}
