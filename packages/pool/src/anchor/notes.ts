// What anchor and supervisor say to each other over Node's IPC channel, and how handles are named across a restart.

/** Carries an {@link Inheritance} from the anchor to the supervisor it starts. */
export const INHERITANCE_VARIABLE = 'GRAYLANE_ANCHOR';
/** Carries a {@link Task} to an anchor that a supervisor starts when the former anchor is gone. */
export const TASK_VARIABLE = 'GRAYLANE_ANCHOR_TASK';

/** Set when a service manager gave the sockets: it, and nobody else, brings back an anchor that dies. */
export const ACTIVATED_VARIABLE = 'GRAYLANE_ACTIVATED';

export interface Inheritance {
  /** Descriptor numbers of listening sockets, by slot key. */
  readonly handles: Readonly<Record<string, number>>;
}

/** How to start a supervisor. */
export interface SupervisorCommand {
  readonly command: string;
  readonly args: readonly string[];
}

export interface Task extends SupervisorCommand, Inheritance {}

export type NoteToAnchor =
  /** Comes with the handle. */
  | { readonly anchor: 'keep'; readonly key: string }
  | { readonly anchor: 'drop'; readonly key: string }
  /** The supervisor is up; from now on it is restarted whenever it dies. */
  | { readonly anchor: 'standing' }
  /** All is taken down on purpose: end with this code. */
  | { readonly anchor: 'goodbye'; readonly code: number };

export function parseNote(value: unknown): NoteToAnchor | null {
  if (typeof value !== 'object' || value === null || !('anchor' in value)) return null;
  switch (value.anchor) {
    case 'keep':
    case 'drop':
      return 'key' in value && typeof value.key === 'string' ? { anchor: value.anchor, key: value.key } : null;
    case 'standing':
      return { anchor: 'standing' };
    case 'goodbye':
      return 'code' in value && typeof value.code === 'number' ? { anchor: 'goodbye', code: value.code } : null;
    default:
      return null;
  }
}

/** Handles named in an environment variable that only graylane writes; nothing when it is absent or damaged. */
export function parseInheritance(text: string | undefined): Readonly<Record<string, number>> {
  if (text === undefined) return {};
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value !== 'object' || value === null || !('handles' in value) || typeof value.handles !== 'object' || value.handles === null) return {};
    const handles: Record<string, number> = {};
    for (const [key, fd] of Object.entries(value.handles)) if (typeof fd === 'number') handles[key] = fd;
    return handles;
  } catch {
    return {};
  }
}
