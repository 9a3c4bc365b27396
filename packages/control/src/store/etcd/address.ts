// Where an etcd is and how it is spoken to, from one line of text. It must not open anything.

import { StoreError } from '../errors.ts';

export interface EtcdAddress {
  /** `http://host:port` or `https://host:port`, tried in turn. */
  readonly endpoints: readonly string[];
  /** Every key of this cluster begins with it; two clusters on one etcd never see each other. */
  readonly prefix: string;
  /** What etcd's `--max-txn-ops` is. */
  readonly txnOps: number;
}

/** Secrets and files; never part of the address, which ends up in logs. */
export interface EtcdAccess {
  readonly user?: { readonly name: string; readonly password: string };
  /** PEM. The system's roots when absent; certificates are always verified. */
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
}

/** etcd's own default of `--max-txn-ops`. */
const TXN_OPS = 128;
const CLUSTER = /^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/;

/** `etcd://host:port,host:port/CLUSTER`, `etcds://…` with TLS; `?txnOps=20500`. Throws a StoreError that says what is wrong. */
export function etcdAddress(text: string): EtcdAddress {
  const [, scheme, hosts = '', cluster = '', query = ''] = /^(etcds?):\/\/([^/?]+)(?:\/([^?]*))?(?:\?(.*))?$/.exec(text) ?? [];
  if (scheme === undefined) throw refused(text, 'write etcd://host:2379/CLUSTER, or etcds:// with TLS');
  if (hosts.includes('@')) throw refused(text.replace(/\/\/.*@/, '//***@'), 'no password in an address: it ends up in logs. Give it in a file');
  const name = cluster === '' ? 'default' : cluster;
  if (!CLUSTER.test(name)) throw refused(text, `'${name}' is no name of a cluster: letters, digits, '.', '_' and '-'`);
  const parameters = new URLSearchParams(query);
  const unknown = [...parameters.keys()].find((key) => key !== 'txnOps');
  if (unknown !== undefined) throw refused(text, `there is no parameter '${unknown}'; did you mean txnOps?`);
  const txnOps = Number(parameters.get('txnOps') ?? TXN_OPS);
  if (!Number.isInteger(txnOps) || txnOps < TXN_OPS) throw refused(text, `txnOps is a whole number of at least ${TXN_OPS}: what etcd was started with (--max-txn-ops)`);
  return { endpoints: hosts.split(',').map((host) => endpointOf(text, scheme, host)), prefix: `/graylane/${name}/`, txnOps };
}

function endpointOf(text: string, scheme: string, host: string): string {
  const url = URL.parse(`${scheme === 'etcds' ? 'https' : 'http'}://${host}`);
  if (url === null || url.hostname === '') throw refused(text, `'${host}' is no host:port`);
  return `${url.protocol}//${url.hostname}:${url.port === '' ? '2379' : url.port}`;
}

function refused(text: string, why: string): StoreError {
  return new StoreError('too-large', `'${text}' is no address of an etcd: ${why}`);
}
