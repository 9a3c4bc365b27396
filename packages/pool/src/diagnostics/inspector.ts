// A conversation in the DevTools protocol with one process. Knows neither how its inspector was opened nor what is asked.

type Answer = Readonly<Record<string, unknown>>;

/** A conversation in the DevTools protocol. */
export class Inspector {
  readonly #socket: WebSocket;
  readonly #waiting = new Map<number, { resolve: (answer: Answer) => void; reject: (error: Error) => void }>();
  readonly #listeners = new Map<string, (parameters: Answer) => void>();
  #next = 0;

  private constructor(socket: WebSocket) {
    this.#socket = socket;
    socket.addEventListener('message', (event: { readonly data: unknown }) => this.#hear(String(event.data)));
    socket.addEventListener('close', () => {
      for (const { reject } of this.#waiting.values()) reject(new Error('the worker closed its inspector'));
    });
  }

  static async connect(url: string): Promise<Inspector> {
    const socket = new WebSocket(url);
    await new Promise<void>((resolve, reject) => {
      socket.addEventListener('open', () => resolve());
      socket.addEventListener('error', () => reject(new Error(`no inspector answers at ${url}`)));
    });
    return new Inspector(socket);
  }

  call(method: string, parameters: Answer = {}): Promise<Answer> {
    this.#next += 1;
    const id = this.#next;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      this.#socket.send(JSON.stringify({ id, method, params: parameters }));
    });
  }

  on(event: string, run: (parameters: Answer) => void): void {
    this.#listeners.set(event, run);
  }

  /** Also the worker's port, a moment later: closing makes the worker wait until nobody is connected, so nobody else may be. */
  async closePort(): Promise<void> {
    await this.call('Runtime.evaluate', { expression: "void setTimeout(() => process.getBuiltinModule('node:inspector').close(), 50).unref()" });
    this.close();
  }

  close(): void {
    this.#socket.close();
  }

  #hear(text: string): void {
    const message: unknown = JSON.parse(text);
    if (!isObject(message)) return;
    if (typeof message['method'] === 'string') {
      this.#listeners.get(message['method'])?.(isObject(message['params']) ? message['params'] : {});
      return;
    }
    const id = Number(message['id']);
    const waiting = this.#waiting.get(id);
    this.#waiting.delete(id);
    if (isObject(message['error'])) waiting?.reject(new Error(String(message['error']['message'])));
    else waiting?.resolve(isObject(message['result']) ? message['result'] : {});
  }
}

function isObject(value: unknown): value is Answer {
  return typeof value === 'object' && value !== null;
}
