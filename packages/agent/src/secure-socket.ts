// What apps ask of a TLSSocket, answered for a client whose TLS ended in another process.

import { peerCertificate, peerX509 } from './client-tls.ts';
import { getter, method } from './descriptors.ts';

export const SECURE: PropertyDescriptorMap = {
  encrypted: getter(() => true),
  // Not documented, and asked by some.
  _secureEstablished: getter(() => true),
  authorized: getter(({ tls }) => tls?.authorized ?? false),
  authorizationError: getter(({ tls }) => tls?.refusal ?? null),
  alpnProtocol: getter(({ alpn }) => alpn),
  servername: getter(({ tls }) => tls?.servername ?? false),
  getPeerCertificate: method(({ tls }) => peerCertificate(tls)),
  getPeerX509Certificate: method(({ tls }) => peerX509(tls)),
  getCipher: method(({ tls }) => tls?.cipher ?? { name: 'TLS_AES_256_GCM_SHA384', standardName: 'TLS_AES_256_GCM_SHA384', version: 'TLSv1.3' }),
  getProtocol: method(({ tls }) => tls?.protocol ?? 'TLSv1.3'),
  // The session itself stays with the process that holds the client's connection.
  getSession: method(() => undefined),
  isSessionReused: method(() => false),
  getFinished: method(() => undefined),
  getPeerFinished: method(() => undefined),
  getTLSTicket: method(() => undefined),
  getEphemeralKeyInfo: method(() => ({})),
  getSharedSigalgs: method(() => []),
  disableRenegotiation: method(() => undefined),
  setMaxSendFragment: method(() => true),
};
