// How a listener speaks TLS: which certificate for which name, which protocols, which ciphers. It reads no file.

import { createHash, createHmac } from 'node:crypto';
import type { SecureContext } from 'node:tls';
import type { ServerOptions } from 'node:https';

export interface FixedCertificate {
  /** PEM. */
  readonly key: string;
  readonly cert: string;
}

/** Certificates that may change while connections come. */
export interface ChosenCertificate {
  /** For a client that asks for no name. */
  readonly fallback: FixedCertificate;
  /** There is no other: names need not be looked at, which costs each handshake a turn. */
  readonly isAlone: boolean;
  /** For a name that a client asks for (SNI). */
  contextFor(servername: string): SecureContext;
  /** `listener` hears of every change. */
  subscribe(listener: () => void): void;
}

export interface TlsPolicy {
  readonly minVersion?: 'TLSv1.2' | 'TLSv1.3';
  /** PEM of who may sign clients; then a client must show a certificate. */
  readonly clientCa?: string;
  /** 48 bytes shared by all workers, so that a session begun with one goes on with another. */
  readonly ticketKeys?: Buffer;
}

export type FrontTls = (FixedCertificate | ChosenCertificate) & TlsPolicy;

/** Forward secrecy and authenticated encryption only: what every client since 2014 speaks (RFC 9325 §4.2). */
const CIPHERS = [
  'TLS_AES_128_GCM_SHA256', 'TLS_AES_256_GCM_SHA384', 'TLS_CHACHA20_POLY1305_SHA256',
  'ECDHE-ECDSA-AES128-GCM-SHA256', 'ECDHE-RSA-AES128-GCM-SHA256', 'ECDHE-ECDSA-AES256-GCM-SHA384', 'ECDHE-RSA-AES256-GCM-SHA384',
  'ECDHE-ECDSA-CHACHA20-POLY1305', 'ECDHE-RSA-CHACHA20-POLY1305',
].join(':');
/** The most that OpenSSL keeps of it. */
const CONTEXT_CHARACTERS = 32;
/** A handshake that takes longer is an attack or a dead peer. */
const HANDSHAKE_TIMEOUT_MS = 10_000;

export function tlsOptions(tls: FrontTls, http2: boolean): ServerOptions {
  const certificate: ServerOptions = 'contextFor' in tls
    ? tls.isAlone ? tls.fallback : { ...tls.fallback, SNICallback: (name, done) => done(null, tls.contextFor(name)) }
    : { key: tls.key, cert: tls.cert };
  return {
    ...certificate,
    minVersion: tls.minVersion ?? 'TLSv1.2',
    ciphers: CIPHERS,
    ALPNProtocols: http2 ? ['h2', 'http/1.1'] : ['http/1.1'],
    handshakeTimeout: HANDSHAKE_TIMEOUT_MS,
    ...(tls.clientCa === undefined ? {} : { ca: tls.clientCa, requestCert: true, rejectUnauthorized: true }),
    ...sessionsOf(tls),
  };
}

/**
 * A session that goes on is not asked for its certificate again: it may only go on where the same proof is asked for, also when all
 * listeners and reloads share the keys of tickets.
 */
function sessionsOf({ clientCa = '', ticketKeys }: TlsPolicy): ServerOptions {
  return {
    sessionIdContext: createHash('sha256').update(clientCa).digest('hex').slice(0, CONTEXT_CHARACTERS),
    ...(ticketKeys === undefined ? {} : { ticketKeys: createHmac('sha384', ticketKeys).update(clientCa).digest() }),
  };
}
