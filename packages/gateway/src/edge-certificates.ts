// The certificates of all listeners of an edge: opened at start, read again live, each fault of theirs said once. It knows no request.

import { CertificateStore } from './certificates.ts';
import type { CertificateProblem } from './certificates.ts';
import type { EdgeTls } from './edge-config.ts';
import type { FrontTls } from './front-tls.ts';

/** Certificates that cannot be used at start. */
export class CertificateFailure extends Error {
  readonly problems: readonly CertificateProblem[];

  constructor(problems: readonly CertificateProblem[]) {
    super(problems.map(({ message }) => message).join('; '));
    this.name = 'CertificateFailure';
    this.problems = problems;
  }
}

export interface CertificateSurroundings {
  readonly read: (file: string) => string;
  readonly wallClock: () => number;
  readonly onEvent: (event: CertificateEvent) => void;
}

export type CertificateEvent =
  /** A new certificate is in use. */
  | { readonly kind: 'certificate'; readonly file: string }
  /** The old one stays. */
  | { readonly kind: 'certificate-kept'; readonly problem: CertificateProblem };

export class EdgeCertificates {
  readonly #ticketKeys: string | null;
  readonly #surroundings: CertificateSurroundings;
  readonly #stores: CertificateStore[] = [];
  /** Faults of the last time, one a certificate at most; one that goes and comes again is said again. */
  #standing: ReadonlySet<string> = new Set();

  constructor(ticketKeys: string | null, surroundings: CertificateSurroundings) {
    this.#ticketKeys = ticketKeys;
    this.#surroundings = surroundings;
  }

  /** Those of one listener. Throws CertificateFailure. */
  open({ certificates, minVersion, clientCa }: EdgeTls): FrontTls {
    const { read, wallClock } = this.#surroundings;
    const ca = clientCa === null ? null : read(clientCa);
    const store = CertificateStore.open(certificates, read, wallClock, ca);
    if (!(store instanceof CertificateStore)) throw new CertificateFailure(store);
    this.#stores.push(store);
    return {
      get fallback() { return store.fallback; },
      isAlone: store.isAlone, contextFor: (name) => store.contextFor(name), subscribe: (listener) => store.subscribe(listener), minVersion,
      ...(ca === null ? {} : { clientCa: ca }),
      ...(this.#ticketKeys === null ? {} : { ticketKeys: Buffer.from(this.#ticketKeys, 'base64') }),
    };
  }

  /** Reads all of them again; what is broken or expired leaves the old one in force. */
  reload(): void {
    const standing = new Set<string>();
    for (const store of this.#stores) {
      const { changed, problems } = store.reload();
      for (const file of changed) this.#surroundings.onEvent({ kind: 'certificate', file });
      for (const problem of problems) {
        const { message } = problem;
        if (!this.#standing.has(message) && !standing.has(message)) this.#surroundings.onEvent({ kind: 'certificate-kept', problem });
        standing.add(message);
      }
    }
    this.#standing = standing;
  }
}
