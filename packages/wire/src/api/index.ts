// The control API as schemas and types. Who serves it, and how, is not known here.

export * from './records.ts';
export * from './requests.ts';
export * from './schema.ts';
