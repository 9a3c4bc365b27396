// A certificate authority for one run: certificates of servers and machines, made with openssl into a folder. It knows nothing of graylane.

import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

export interface Certificate {
  readonly cert: string;
  readonly key: string;
}

export interface Authority {
  /** PEM file. */
  readonly ca: string;
  /** Files of a certificate whose subject is `name`, good for these addresses. */
  issue(name: string, addresses: readonly string[]): Certificate;
}

const DAYS = '2';

export function makeAuthority(folder: string): Authority {
  const [ca, caKey] = [join(folder, 'ca.pem'), join(folder, 'ca.key')];
  openssl(['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', DAYS, '-subj', '/CN=graylane test authority', '-keyout', caKey, '-out', ca]);
  return {
    ca,
    issue: (name, addresses) => {
      const [cert, key, request, extensions] = ['pem', 'key', 'csr', 'ext'].map((end) => join(folder, `${name}.${end}`)) as [string, string, string, string];
      writeFileSync(extensions, `subjectAltName=${addresses.map((address) => (/^[0-9.]+$/.test(address) ? `IP:${address}` : `DNS:${address}`)).join(',')}\n`);
      openssl(['req', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-subj', `/CN=${name}`, '-keyout', key, '-out', request]);
      openssl(['x509', '-req', '-days', DAYS, '-in', request, '-CA', ca, '-CAkey', caKey, '-CAcreateserial', '-extfile', extensions, '-out', cert]);
      return { cert, key };
    },
  };
}

function openssl(args: readonly string[]): void {
  execFileSync('openssl', args, { stdio: ['ignore', 'ignore', 'pipe'] });
}
