// What apps ask of a TLSSocket, answered for a client whose TLS ended in another process.

import { peerCertificate, peerX509 } from './client-tls.ts';
import { getter, method } from './descriptors.ts';
import type { Link } from './link.ts';

export function secureProperties(link: Link): PropertyDescriptorMap {
  return {
    encrypted: getter(() => true),
    authorized: getter(() => link.tls?.authorized ?? false),
    authorizationError: getter(() => link.tls?.refusal ?? null),
    alpnProtocol: getter(() => link.alpn),
    servername: getter(() => link.tls?.servername ?? false),
    getPeerCertificate: method(() => peerCertificate(link.tls)),
    getPeerX509Certificate: method(() => peerX509(link.tls)),
    getCipher: method(() => link.tls?.cipher ?? { name: 'TLS_AES_256_GCM_SHA384', standardName: 'TLS_AES_256_GCM_SHA384', version: 'TLSv1.3' }),
    getProtocol: method(() => link.tls?.protocol ?? 'TLSv1.3'),
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
}
