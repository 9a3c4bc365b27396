// Where a worker's log lies: logs/<service>/<version>/<number>.log, rotated ones with .1, .2 … behind it.

import path from 'node:path';

import { listDirectory } from '../os/processes.ts';

export interface LogPlace {
  readonly service: string;
  readonly version: string;
  readonly worker: string;
  readonly file: string;
}

export function logPlace(logs: string, service: string, version: string, number: number): LogPlace {
  return { service, version, worker: `${service}.${version}.${number}`, file: path.join(logs, service, version, `${number}.log`) };
}

/** All logs of workers, living and dead, oldest worker first. */
export function logPlaces(logs: string): readonly LogPlace[] {
  const places: LogPlace[] = [];
  for (const service of listDirectory(logs)) {
    for (const version of listDirectory(path.join(logs, service))) {
      const numbers = listDirectory(path.join(logs, service, version)).flatMap((name) => (/^\d+\.log$/.test(name) ? [Number.parseInt(name, 10)] : []));
      for (const number of numbers) places.push(logPlace(logs, service, version, number));
    }
  }
  return places.sort((a, b) => numberOf(a) - numberOf(b));
}

function numberOf(place: LogPlace): number {
  return Number.parseInt(path.basename(place.file), 10);
}

/** The rotated file `age` steps back; 0 is the present one. */
export function rotated(file: string, age: number): string {
  return age === 0 ? file : `${file}.${age}`;
}
