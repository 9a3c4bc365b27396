// Certificates for tests, made by openssl in a folder that goes away with the test.

import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';

export interface Certificate {
  readonly cert: string;
  readonly key: string;
  readonly certFile: string;
  readonly keyFile: string;
}

/** Why tests with certificates cannot run here, or false. */
export const noOpenssl: string | false = spawnSync('openssl', ['version']).status === 0 ? false : 'openssl is not installed; on Debian run: sudo apt-get install -y openssl';

export function tempFolder(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'gl-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** Self-signed for `names`, from `days.from` to `days.to` days from now (openssl counts whole days). */
export function makeCertificate(folder: string, name: string, names: readonly string[], validity: { readonly from: string; readonly to: string } | null = null): Certificate {
  const [keyFile, certFile] = [join(folder, `${name}.key`), join(folder, `${name}.pem`)];
  const alternatives = names.map((one) => (/^[\d.]+$/.test(one) ? `IP:${one}` : `DNS:${one}`)).join(',');
  const dates = validity === null ? ['-days', '2'] : ['-not_before', validity.from, '-not_after', validity.to];
  const made = spawnSync('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-keyout', keyFile, '-out', certFile, '-subj', `/CN=${names[0]}`, '-addext', `subjectAltName=${alternatives}`, ...dates], { encoding: 'utf8' });
  if (made.status !== 0) throw new Error(made.stderr);
  return { certFile, keyFile, cert: readFileSync(certFile, 'utf8'), key: readFileSync(keyFile, 'utf8') };
}
