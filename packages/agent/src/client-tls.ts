// What TLS said about a client, as a text that fits into the hop line, and back. It knows no request.

import type { Socket } from 'node:net';
import type { CipherNameAndProtocol, PeerCertificate, TLSSocket } from 'node:tls';
import type { X509Certificate } from 'node:crypto';

export interface ClientTls {
  readonly protocol: string | null;
  readonly cipher: CipherNameAndProtocol | null;
  readonly alpn: string | false | null;
  readonly servername: string | false | null;
  readonly authorized: boolean;
  /** The code of the error that made the certificate unacceptable, or null. */
  readonly refusal: string | null;
  /** The client's certificate in DER, base64; null without one. */
  readonly certificate: string | null;
}

function isTlsSocket(socket: Socket): socket is TLSSocket {
  return Reflect.get(socket, 'encrypted') === true && typeof Reflect.get(socket, 'getPeerCertificate') === 'function';
}

/** Null for a socket without TLS. Made once per connection: reading a certificate costs more than a request. */
export function encodeTls(socket: Socket): string | null {
  if (!isTlsSocket(socket)) return null;
  const tls: ClientTls = {
    protocol: socket.getProtocol(),
    cipher: socket.getCipher(),
    alpn: socket.alpnProtocol,
    servername: textOrFalse(Reflect.get(socket, 'servername')),
    authorized: socket.authorized,
    refusal: refusalOf(socket),
    certificate: socket.getPeerX509Certificate()?.raw.toString('base64') ?? null,
  };
  return Buffer.from(JSON.stringify(tls)).toString('base64url');
}

/** Null for '' (the forwarder said nothing). */
export function decodeTls(text: string): ClientTls | null {
  if (text === '') return null;
  const value: unknown = JSON.parse(Buffer.from(text, 'base64url').toString());
  return isClientTls(value) ? value : null;
}

/** What `getPeerCertificate()` of a direct connection returns: `{}` for a client without a certificate. */
export function peerCertificate(tls: ClientTls | null): PeerCertificate | object {
  return peerX509(tls)?.toLegacyObject() ?? {};
}

export function peerX509(tls: ClientTls | null): X509Certificate | undefined {
  if (tls === null || tls.certificate === null) return undefined;
  const { X509Certificate } = process.getBuiltinModule('node:crypto');
  return new X509Certificate(Buffer.from(tls.certificate, 'base64'));
}

/** The types call it an Error; Node sets the code as a text. */
function refusalOf(socket: TLSSocket): string | null {
  const error: unknown = socket.authorizationError;
  if (error instanceof Error) return error.message;
  return typeof error === 'string' ? error : null;
}

function textOrFalse(value: unknown): string | false | null {
  return typeof value === 'string' || value === false ? value : null;
}

function isClientTls(value: unknown): value is ClientTls {
  return typeof value === 'object' && value !== null && 'authorized' in value && 'certificate' in value;
}
