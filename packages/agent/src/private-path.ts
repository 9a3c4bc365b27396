// Names the private sockets of one worker. A Unix path ends at about 100 bytes, and the folder is the supervisor's choice.

import { join } from 'node:path';

/** 104 on macOS and 108 on Linux, with the closing zero and the suffixes that the agent adds. */
const PATH_LIMIT_BYTES = 100;

export interface PrivatePaths {
  /** Where other agents connect. */
  door(index: number): string;
  /** Where an app's server listens that must not listen publicly; nobody connects there. */
  shelter(number: number): string;
}

export function privatePaths(folder: string, worker: string, pid: number): PrivatePaths {
  const name = (suffix: string): string => {
    const path = join(folder, `${worker}.${suffix}`);
    return Buffer.byteLength(path) <= PATH_LIMIT_BYTES ? path : join(folder, `${pid.toString(36)}.${suffix}`);
  };
  return { door: (index) => name(`${index}.sock`), shelter: (number) => name(`${number}.app`) };
}
