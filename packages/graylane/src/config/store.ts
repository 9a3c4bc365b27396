// Which store a server or a migration means: an etcd by its address and the files with its secrets, or a file.

import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { etcdAddress, openEtcdStore, openSqliteStore, systemClock, type EtcdAccess, type Store } from '@graylane/control';
import { exit, Failure } from '../print/failure.ts';

export interface EtcdFlags {
  readonly etcdUser?: string;
  readonly etcdPasswordFile?: string;
  readonly etcdCa?: string;
  readonly etcdCert?: string;
  readonly etcdKey?: string;
}

/** `etcd://…` and `etcds://…`, or the path of a file. Throws Failure when the store does not open. */
export async function openStore(text: string, flags: EtcdFlags, directory: string): Promise<Store> {
  try {
    if (/^etcds?:/.test(text)) return await openEtcdStore({ address: etcdAddress(text), access: accessFrom(flags, directory), clock: systemClock });
    return await openSqliteStore({ file: resolve(directory, text), clock: systemClock });
  } catch (error) {
    if (error instanceof Failure) throw error;
    throw new Failure({ code: 'GL0085', message: `the store ${text} does not open: ${error instanceof Error ? error.message : String(error)}` }, exit.failed, error);
  }
}

function accessFrom({ etcdUser, etcdPasswordFile, etcdCa, etcdCert, etcdKey }: EtcdFlags, directory: string): EtcdAccess {
  if ((etcdUser === undefined) !== (etcdPasswordFile === undefined)) throw new Failure({ code: 'GL0085', message: 'a user of etcd and the file with the password belong together', fix: 'give both: --etcd-user NAME --etcd-password-file FILE' }, exit.usage);
  const text = (file: string): string => {
    try {
      return readFileSync(resolve(directory, file), 'utf8');
    } catch (error) {
      throw new Failure({ code: 'GL0002', message: error instanceof Error ? error.message : String(error) }, exit.usage, error);
    }
  };
  return {
    ...(etcdUser === undefined || etcdPasswordFile === undefined ? {} : { user: { name: etcdUser, password: text(etcdPasswordFile).replace(/\r?\n$/, '') } }),
    ...(etcdCa === undefined ? {} : { ca: text(etcdCa) }),
    ...(etcdCert === undefined ? {} : { cert: text(etcdCert) }),
    ...(etcdKey === undefined ? {} : { key: text(etcdKey) }),
  };
}
