// A folder of releases, a file each (or lists of them), on top of the nearest config: how teams keep canaries apart in one repository.

import { readdirSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { exit, Failure } from '../print/failure.ts';
import { readDocument, type SourceDocument } from './document.ts';
import { findConfig } from './find.ts';

/** Where the release with an index of the joined document stands. */
export interface ReleasePlace {
  readonly file: string;
  /** Of the release in its file. */
  readonly keys: readonly (string | number)[];
}

export interface JoinedDocument extends SourceDocument {
  readonly releases: readonly ReleasePlace[];
}

/** Whether `path` is a folder that has no config of its own. */
export function isReleaseFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
}

/** One document of one file. */
export async function readJoined(file: string): Promise<JoinedDocument> {
  const source = await readDocument(file);
  return { ...source, releases: listOf(source.value).map((_, index) => ({ file, keys: ['releases', index] })) };
}

/** The config at or above the folder with the folder's releases appended, in the order of file names. Throws Failure. */
export async function readReleaseFolder(folder: string): Promise<JoinedDocument> {
  const config = findConfig(dirname(folder));
  if (config === null) throw new Failure({ code: 'GL0008', message: `there is no graylane.config.* at or above ${folder}`, fix: 'the services and versions that the releases name stand there' }, exit.usage);
  const base = await readJoined(config);
  const names = readdirSync(folder).filter((name) => /\.(?:json|ya?ml)$/.test(name)).sort();
  if (names.length === 0) throw new Failure({ code: 'GL0090', message: `${folder} has neither a config nor files of releases`, fix: 'put a release, or a list of them, into each .yaml or .json file' }, exit.usage);
  const parts = await Promise.all(names.map((name) => readPart(join(folder, name))));
  const value = isObject(base.value) ? { ...base.value, releases: [...listOf(base.value), ...parts.flatMap(({ releases }) => releases)] } : base.value;
  const releases = [...base.releases, ...parts.flatMap(({ source, places }) => places.map((keys) => ({ file: source.file, keys })))];
  const sources = new Map([[base.file, base], ...parts.map(({ source }) => [source.file, source] as const)]);
  return {
    file: folder, value, releases,
    place: (pointer) => {
      const [, list, index = '', ...rest] = pointer.split('/');
      const found = list === 'releases' ? releases[Number(index)] : undefined;
      const source = found === undefined ? undefined : sources.get(found.file);
      return found === undefined || source === undefined ? base.place(pointer) : source.place(['', ...found.keys, ...rest].join('/'));
    },
  };
}

interface Part { readonly source: SourceDocument; readonly releases: readonly unknown[]; readonly places: readonly (readonly number[])[] }

async function readPart(file: string): Promise<Part> {
  const source = await readDocument(file);
  const { value } = source;
  return Array.isArray(value) ? { source, releases: value, places: value.map((_, index) => [index]) } : { source, releases: [value], places: [[]] };
}

function listOf(value: unknown): readonly unknown[] {
  return isObject(value) && Array.isArray(value['releases']) ? value['releases'] : [];
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
