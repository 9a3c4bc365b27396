// The measures of the gateway's benchmark as a table for people. It measures nothing.

import type { Measure } from '../measure.ts';
import { median, ratioOfPairs } from '../statistics.ts';
import { GATEWAY } from './proxies.ts';
import type { Proxy } from './proxies.ts';

/** One table: a size of body and a number of connections. */
export function table(title: string, proxies: readonly Proxy[], measures: ReadonlyMap<string, readonly Measure[]>, random: () => number): string {
  const cpu = (name: string): readonly number[] => (measures.get(name) ?? []).map((one) => one.cpuMicrosPerRequest);
  const gateway = cpu(GATEWAY);
  const rows = proxies.map(({ name, gatewayMayBe }) => {
    const own = cpu(name);
    const ratio = name === GATEWAY || gateway.length === 0 ? null : ratioOfPairs(gateway, own, random);
    const cells = [name, median(own).toFixed(1), ratio?.median.toFixed(2) ?? '', ratio?.upper95.toFixed(2) ?? '', gatewayMayBe?.toFixed(2) ?? ''];
    return `| ${cells.join(' | ')} |`;
  });
  return [`**${title}**`, '', '|  | CPU µs a request | gateway ÷ this | its upper 95 % bound | may be |', '|---|---:|---:|---:|---:|', ...rows].join('\n');
}
