import type { ControlPlane } from '@graylane/control';
export interface Api { close(): Promise<void> }
export function serveApi(_c: ControlPlane, _p: string, _d: () => void): Promise<Api> { return Promise.resolve({ close: () => Promise.resolve() }); }
