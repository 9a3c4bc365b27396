// The life of one worker as a tagged union and its one transition function. Pure: no process, no timer.

/** What a starting worker still owes before it is ready. */
export interface Owed {
  readonly agent: boolean;
  /** Indexes of declared places that nobody listens on yet; null where any one listener will do. */
  readonly places: readonly number[] | null;
  readonly message: boolean;
  readonly probe: boolean;
}

export interface Exit { readonly code: number | null; readonly signal: string | null }

export type WorkerState =
  | { readonly name: 'starting'; readonly sinceMs: number; readonly owed: Owed }
  | { readonly name: 'ready'; readonly sinceMs: number }
  /** Ready, but its event loop does not answer: it gets no forwarded exchanges. */
  | { readonly name: 'stalled'; readonly sinceMs: number; readonly readySinceMs: number }
  | { readonly name: 'draining'; readonly sinceMs: number; readonly why: string }
  /** SIGTERM is sent; SIGKILL follows at the deadline. */
  | { readonly name: 'stopping'; readonly sinceMs: number; readonly why: string }
  | { readonly name: 'exited'; readonly sinceMs: number; readonly exit: Exit; readonly asked: boolean; readonly readyForMs: number };

export type WorkerEvent =
  | { readonly kind: 'agent-connected' }
  | { readonly kind: 'listening'; readonly index: number }
  | { readonly kind: 'said-ready' }
  | { readonly kind: 'probe-passed' }
  | { readonly kind: 'stalled' }
  | { readonly kind: 'answered' }
  | { readonly kind: 'drain'; readonly why: string }
  | { readonly kind: 'terminate'; readonly why: string }
  | { readonly kind: 'exit'; readonly exit: Exit };

/** What brings a starting worker nearer to ready. */
type Payment = WorkerEvent & { kind: 'agent-connected' | 'listening' | 'said-ready' | 'probe-passed' };

/** An event that means nothing in a state leaves it as it is (the same object). */
export function nextState(state: WorkerState, event: WorkerEvent, nowMs: number): WorkerState {
  if (state.name === 'exited') return state;
  switch (event.kind) {
    case 'exit':
      return { name: 'exited', sinceMs: nowMs, exit: event.exit, asked: state.name === 'draining' || state.name === 'stopping', readyForMs: readyFor(state, nowMs) };
    case 'terminate':
      return state.name === 'stopping' ? state : { name: 'stopping', sinceMs: nowMs, why: event.why };
    case 'drain':
      return state.name === 'draining' || state.name === 'stopping' ? state : { name: 'draining', sinceMs: nowMs, why: event.why };
    case 'stalled':
      return state.name === 'ready' ? { name: 'stalled', sinceMs: nowMs, readySinceMs: state.sinceMs } : state;
    case 'answered':
      return state.name === 'stalled' ? { name: 'ready', sinceMs: state.readySinceMs } : state;
    case 'agent-connected':
    case 'listening':
    case 'said-ready':
    case 'probe-passed':
      return state.name === 'starting' ? settle(state, paid(state.owed, event), nowMs) : state;
  }
}

/** Everything but the HTTP probe is there, so the probe may begin. */
export function mayProbe(state: WorkerState): boolean {
  return state.name === 'starting' && state.owed.probe && !state.owed.agent && !state.owed.message && listensEnough(state.owed);
}

export function isServing(state: WorkerState): boolean {
  return state.name === 'ready' || state.name === 'stalled';
}

function settle(state: WorkerState & { name: 'starting' }, owed: Owed, nowMs: number): WorkerState {
  if (owed === state.owed) return state;
  const done = !owed.agent && !owed.message && !owed.probe && listensEnough(owed);
  return done ? { name: 'ready', sinceMs: nowMs } : { ...state, owed };
}

function listensEnough(owed: Owed): boolean {
  return owed.places !== null && owed.places.length === 0;
}

function paid(owed: Owed, event: Payment): Owed {
  switch (event.kind) {
    case 'agent-connected': return { ...owed, agent: false };
    case 'said-ready': return { ...owed, message: false };
    case 'probe-passed': return { ...owed, probe: false };
    case 'listening': return { ...owed, places: owed.places === null ? [] : owed.places.filter((index) => index !== event.index) };
  }
}

function readyFor(state: WorkerState, nowMs: number): number {
  if (state.name === 'ready') return nowMs - state.sinceMs;
  return state.name === 'stalled' ? nowMs - state.readySinceMs : 0;
}
