// The listeners of a gateway: places, certificates, protocols. It opens nothing.

import { readFileSync } from 'node:fs';
import { isIP } from 'node:net';
import { loadCertificate } from '@graylane/gateway';
import type { EdgeListener, EdgeTls } from '@graylane/gateway';
import type { Place } from '@graylane/pool';
import { listenPlace, type StrategyDocument } from '@graylane/rules';
import { placesOf } from '../../up/specs.ts';
import type { Look } from './look.ts';
import { absolute, readable } from './targets.ts';

const LISTENERS_LIMIT = 64;
const CERTIFICATES_LIMIT = 256;
const NETWORKS_LIMIT = 256;

export interface Listeners {
  readonly listeners: readonly EdgeListener[];
  /** The public places, in the order of their slots. */
  readonly places: readonly Place[];
}

export function listenersOf(look: Look, services: Look, document: StrategyDocument, base: string): Listeners {
  const places: Place[] = [];
  const listeners: EdgeListener[] = [];
  for (const one of look.list('listeners', LISTENERS_LIMIT)) {
    const listener = listenerOf(one, document, base, places);
    if (listener !== undefined) listeners.push(listener);
  }
  if (look.isMissing) {
    for (const [name, service] of Object.entries(document.services)) {
      const wanted = placesOf(service.listen);
      if (wanted.length === 0) services.at(name).fail(`a gateway for ${name} needs to know its port`, `declare it: listen: 8080 in services.${name}, or listeners in gateway`, 'GL0051');
      for (const place of wanted) listeners.push({ place: { slot: slotFor(places, place) }, tls: null, http2: true, proxyProtocol: null, service: name });
    }
  }
  return { listeners, places };
}

function listenerOf(look: Look, document: StrategyDocument, base: string, places: Place[]): EdgeListener | undefined {
  const { listen, tls, http2, proxyProtocol, service } = look.keys('a listener', ['listen', 'tls', 'http2', 'proxyProtocol', 'service']);
  const place = placeOf(listen, base);
  const secured = tls.isMissing ? null : tlsOf(tls, base);
  const name = service.text('service') ?? null;
  if (name !== null && !Object.hasOwn(document.services, name)) service.fail(`there is no service ${name}`, `name one of: ${Object.keys(document.services).join(', ')}`, 'GL0084');
  const networks = networksOf(proxyProtocol);
  const speaksHttp2 = http2.truth('http2') ?? true;
  if (place === undefined) return undefined;
  if ('port' in place && places.some((other) => other.port === place.port && other.host === place.host)) listen.fail(`two listeners have the port ${place.port}`, 'give one of them another port', 'GL0085');
  return { place: 'port' in place ? { slot: slotFor(places, place) } : place, tls: secured, http2: speaksHttp2, proxyProtocol: networks, service: name };
}

function placeOf(look: Look, base: string): Place | { readonly path: string } | undefined {
  const { value } = look;
  if (typeof value === 'string' && /^(?:unix:|\.{0,2}\/)/.test(value)) return { path: absolute(base, value.replace(/^unix:/, '')) };
  const place = typeof value === 'string' || typeof value === 'number' ? listenPlace(value) : null;
  if (place !== null && place.port > 0) return place;
  look.fail(look.isMissing ? 'a listener has no `listen`' : `${JSON.stringify(value)} is no place to listen on`, "write a port (8080), 'host:port', or the path of a Unix socket");
  return undefined;
}

function slotFor(places: Place[], place: Place): number {
  places.push(place);
  return places.length - 1;
}

function networksOf(look: Look): readonly string[] | null {
  if (look.isMissing || look.value === false) return null;
  if (look.value === true) return [];
  return look.list('networks', NETWORKS_LIMIT).flatMap((one) => {
    const text = one.text('a network');
    if (text === undefined) return [];
    const [address = '', prefix = '0'] = text.split('/');
    const family = isIP(address);
    if (family !== 0 && /^\d+$/.test(prefix) && Number(prefix) <= (family === 4 ? 32 : 128)) return [text];
    one.fail(`${JSON.stringify(text)} is no network`, "write an address or a network: '10.0.0.0/8'");
    return [];
  });
}

function tlsOf(look: Look, base: string): EdgeTls {
  const { certificates, minVersion, clientCa } = look.keys('tls', ['certificates', 'minVersion', 'clientCa']);
  const pairs = certificates.list('certificates', CERTIFICATES_LIMIT).flatMap((one) => {
    const { cert, key } = one.keys('a certificate', ['cert', 'key']);
    const [certFile, keyFile] = [cert.text('cert'), key.text('key')];
    if (certFile === undefined || keyFile === undefined) {
      if (cert.isMissing || key.isMissing) one.fail('a certificate needs cert and key', 'name both PEM files');
      return [];
    }
    const files = { cert: absolute(base, certFile), key: absolute(base, keyFile) };
    const check = loadCertificate(files, (file) => readFileSync(file, 'utf8'), Date.now());
    if (!check.ok) (check.problem.file === files.key ? key : cert).fail(check.problem.message, check.problem.fix, 'GL0083');
    return [files];
  });
  if (pairs.length === 0 && (certificates.isMissing || (Array.isArray(certificates.value) && certificates.value.length === 0))) look.fail('TLS without certificates', 'name them: certificates: [{ cert: "site.pem", key: "site.key" }]');
  const ca = clientCa.text('clientCa');
  return {
    certificates: pairs,
    minVersion: minVersion.oneOf('minVersion', ['TLSv1.2', 'TLSv1.3']) ?? 'TLSv1.2',
    clientCa: ca === undefined ? null : readable(clientCa, absolute(base, ca)),
  };
}
