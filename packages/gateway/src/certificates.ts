// The certificates of one listener: read from files, checked, chosen by name, and read again while connections come. A broken or
// expired one never takes the place of one that works.

import { createPrivateKey, X509Certificate } from 'node:crypto';
import { createSecureContext } from 'node:tls';
import type { SecureContext } from 'node:tls';
import type { ChosenCertificate, FixedCertificate } from './front-tls.ts';

export interface CertificateFiles {
  /** PEM: the certificate, then those that lead to its issuer. */
  readonly cert: string;
  /** PEM. */
  readonly key: string;
}

export interface CertificateProblem {
  readonly file: string;
  readonly message: string;
  readonly fix: string;
}

export type CertificateCheck =
  | { readonly ok: true; readonly loaded: LoadedCertificate }
  | { readonly ok: false; readonly problem: CertificateProblem };

export interface LoadedCertificate {
  readonly files: CertificateFiles;
  /** Lower case; `*.example.org` stands for one label. */
  readonly names: readonly string[];
  /** Milliseconds since 1970. */
  readonly expiresAt: number;
  readonly context: SecureContext;
  /** What was read: the same text needs no second look. */
  readonly pem: FixedCertificate;
}

export type ReadText = (file: string) => string;

/** Reads and checks one pair: both can be read, belong together, and are valid now. `clientCa`: PEM of who may sign clients. */
export function loadCertificate(files: CertificateFiles, read: ReadText, now: number, clientCa: string | null = null): CertificateCheck {
  const fail = (file: string, message: string, fix: string): CertificateCheck => ({ ok: false, problem: { file, message, fix } });
  const texts: string[] = [];
  for (const file of [files.cert, files.key]) {
    try {
      texts.push(read(file));
    } catch (error) {
      return fail(file, `${file} cannot be read: ${messageOf(error)}`, 'name a PEM file that this user may read');
    }
  }
  const [cert = '', key = ''] = texts;
  let certificate: X509Certificate;
  try {
    certificate = new X509Certificate(cert);
  } catch (error) {
    return fail(files.cert, `${files.cert} is no certificate: ${messageOf(error)}`, 'give it in PEM, the server\'s own first');
  }
  try {
    if (!certificate.checkPrivateKey(createPrivateKey(key))) return fail(files.key, `${files.key} is not the key of ${files.cert}`, 'name the key that this certificate was made with');
  } catch (error) {
    return fail(files.key, `${files.key} is no private key: ${messageOf(error)}`, 'give it in PEM, without a passphrase');
  }
  const expiresAt = Date.parse(certificate.validTo);
  if (expiresAt <= now) return fail(files.cert, `${files.cert} expired on ${certificate.validTo}`, 'renew it');
  if (Date.parse(certificate.validFrom) > now) return fail(files.cert, `${files.cert} is not valid before ${certificate.validFrom}`, 'check the clock of this machine, or wait');
  try {
    return { ok: true, loaded: { files, names: namesOf(certificate), expiresAt, context: createSecureContext({ cert, key, ...(clientCa === null ? {} : { ca: clientCa }) }), pem: { cert, key } } };
  } catch (error) {
    return fail(files.cert, `${files.cert} cannot be used: ${messageOf(error)}`, 'check that every certificate of the chain is whole');
  }
}

export class CertificateStore implements ChosenCertificate {
  readonly #read: ReadText;
  readonly #clientCa: string | null;
  readonly #wallClock: () => number;
  readonly #listeners: (() => void)[] = [];
  #loaded: readonly LoadedCertificate[];
  #byName: ReadonlyMap<string, LoadedCertificate>;

  private constructor(loaded: readonly LoadedCertificate[], read: ReadText, wallClock: () => number, clientCa: string | null) {
    this.#read = read;
    this.#clientCa = clientCa;
    this.#wallClock = wallClock;
    this.#loaded = loaded;
    this.#byName = indexOf(loaded);
  }

  /** At start nothing is in force yet, so everything must be right. */
  static open(files: readonly CertificateFiles[], read: ReadText, wallClock: () => number, clientCa: string | null = null): CertificateStore | readonly CertificateProblem[] {
    const checks = files.map((pair) => loadCertificate(pair, read, wallClock(), clientCa));
    const problems = checks.flatMap((check) => check.ok ? [] : [check.problem]);
    return problems.length > 0 ? problems : new CertificateStore(checks.flatMap((check) => check.ok ? [check.loaded] : []), read, wallClock, clientCa);
  }

  get expiresAt(): number {
    return Math.min(...this.#loaded.map((one) => one.expiresAt));
  }

  /** Reads all files again. What is right is used from the next connection on; for what is not, the old one stays. */
  reload(): { readonly changed: readonly string[]; readonly problems: readonly CertificateProblem[] } {
    const changed: string[] = [];
    const problems: CertificateProblem[] = [];
    const next = this.#loaded.map((old) => {
      const check = loadCertificate(old.files, this.#read, this.#wallClock(), this.#clientCa);
      if (!check.ok) {
        problems.push(check.problem);
        return old;
      }
      if (check.loaded.pem.cert === old.pem.cert && check.loaded.pem.key === old.pem.key) return old;
      changed.push(old.files.cert);
      return check.loaded;
    });
    if (changed.length > 0) {
      this.#loaded = next;
      this.#byName = indexOf(next);
      for (const listener of this.#listeners) listener();
    }
    return { changed, problems };
  }

  get isAlone(): boolean {
    return this.#loaded.length === 1;
  }

  get fallback(): FixedCertificate {
    return this.#first.pem;
  }

  subscribe(listener: () => void): void {
    this.#listeners.push(listener);
  }

  /** The exact name, else the wildcard for it, else the first certificate. */
  contextFor(servername: string): SecureContext {
    const name = servername.toLowerCase();
    return (this.#byName.get(name) ?? this.#byName.get(`*${name.slice(name.indexOf('.'))}`) ?? this.#first).context;
  }

  get #first(): LoadedCertificate {
    const [first] = this.#loaded;
    if (first === undefined) throw new Error('a listener without certificates');
    return first;
  }
}

/** The first certificate that has a name gets it. */
function indexOf(loaded: readonly LoadedCertificate[]): ReadonlyMap<string, LoadedCertificate> {
  const byName = new Map<string, LoadedCertificate>();
  for (const one of loaded) for (const name of one.names) if (!byName.has(name)) byName.set(name, one);
  return byName;
}

/** RFC 6125: names are in the extension; the common name counts only where it is missing. */
function namesOf({ subjectAltName, subject }: X509Certificate): readonly string[] {
  if (subjectAltName !== undefined) return subjectAltName.split(', ').flatMap((entry) => entry.startsWith('DNS:') ? [entry.slice(4).toLowerCase()] : []);
  const common = /(?:^|\n)CN=([^\n]+)/.exec(subject)?.[1];
  return common === undefined ? [] : [common.toLowerCase()];
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
