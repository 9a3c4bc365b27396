// `graylane/modules`: versions of a handler in one process.

export { createRouter, loadVersion } from './router.ts';
export type { ModuleRouter, RouterOptions } from './router.ts';
export type { CallbackApp, FetchHandler, NodeListener, RoutingApp, VersionHandler } from './handler.ts';
export type { SharedGlobal } from './globals.ts';
export type { StrategySource } from './source.ts';
