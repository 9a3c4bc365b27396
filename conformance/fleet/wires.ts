// All wires of a fleet on one host, each of which can be cut: from machines to servers, and from servers to etcd.

import { freePort } from '../../packages/control/test/support/etcd.ts';
import { startCuttingProxy, type CuttingProxy } from './cutting-proxy.ts';

export interface Wires {
  /** As the machine reaches the servers. */
  urls(node: string): readonly string[];
  /** `host:port` as the server reaches etcd. */
  etcd(server: number): string;
  cutNode(name: string): void;
  cutServer(index: number): void;
  mend(): void;
  close(): Promise<void>;
}

interface Place { readonly host: string; readonly port: number }

/** A machine's wires begin at an address of its own, under which it reaches the servers: certificates have to name it. */
export async function startWires(nodes: readonly { readonly name: string; readonly host: string }[], servers: readonly Place[], etcd: Place): Promise<Wires> {
  const toServers = new Map<string, readonly CuttingProxy[]>();
  for (const { name, host } of nodes) {
    toServers.set(name, await Promise.all(servers.map(async (server) => startCuttingProxy({ host, port: await freePort(host) }, server))));
  }
  const toEtcd = await Promise.all(servers.map(() => startCuttingProxy({ host: '127.0.0.1', port: 0 }, etcd)));
  const all = [...[...toServers.values()].flat(), ...toEtcd];
  return {
    urls: (node) => (toServers.get(node) ?? []).map(({ host }) => `https://${host}`),
    etcd: (server) => toEtcd[server]?.host ?? '',
    cutNode: (name) => {
      for (const proxy of toServers.get(name) ?? []) proxy.cut();
    },
    cutServer: (index) => toEtcd[index]?.cut(),
    mend: () => {
      for (const proxy of all) proxy.mend();
    },
    close: async () => {
      await Promise.all(all.map((proxy) => proxy.close()));
    },
  };
}
