// The gateway, for the composition root: its processes, and how they are configured.

export { loadCertificate } from './certificates.ts';
export type { CertificateCheck, CertificateFiles, CertificateProblem } from './certificates.ts';
export type { Trust } from './forwarded.ts';
export type { Listen } from './front.ts';
export type { ChosenCertificate, FixedCertificate, FrontTls, TlsPolicy } from './front-tls.ts';
export { Edge } from './edge.ts';
export type { EdgeEvent, EdgeSurroundings } from './edge.ts';
export type { EdgeConfig, EdgeListener, EdgeService, EdgeTls, Target, TargetTls } from './edge-config.ts';
export { GatewayWorker } from './gateway-worker.ts';
export type { GatewaySurroundings } from './gateway-worker.ts';
export { Gateway, startGateway } from './gateway.ts';
export type { GatewayOptions } from './gateway.ts';
export { DEFAULT_HEALTH } from './health-check.ts';
export type { HealthPlan } from './health-check.ts';
export { Lanes } from './lanes.ts';
export type { FrontLimits } from './limits.ts';
export { DEFAULT_MIRROR } from './mirror.ts';
export type { MirrorCounts, MirrorDrop, MirrorPlan } from './mirror.ts';
export type { Plane, ServiceCounts } from './plane.ts';
export { Sidecar } from './sidecar.ts';
export type { SidecarOptions } from './sidecar.ts';
export { systemResolver } from './names.ts';
export type { ResolveName } from './names.ts';
export { Tally } from './tally.ts';
export { sumOf } from './traffic.ts';
