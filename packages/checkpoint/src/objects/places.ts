import { randomUUID } from "node:crypto";
import { joinName } from "@holdfast/fs/steps";

/** The directory of `objects/` in which an object lies. */
export const shardOf = (folder: string, sha256: string): string =>
  joinName(folder, sha256.slice(0, 2));

/** Where an object lies. */
export const pathOf = (folder: string, sha256: string): string =>
  joinName(shardOf(folder, sha256), sha256.slice(2));

/** The name of a directory of `objects/`. */
export const isShardName = (name: unknown): name is string =>
  typeof name === "string" && /^[0-9a-f]{2}$/.test(name);

/** The name of an object in such a directory. */
export const isObjectName = (name: unknown): name is string =>
  typeof name === "string" && /^[0-9a-f]{62}$/.test(name);

/** The name of a file that was never published, or that is being removed. */
export const isStagedName = (name: unknown): name is string =>
  typeof name === "string" && /^staged-[0-9a-f-]{36}$/.test(name);

/** A path for a staged file that nobody can guess. */
export const newStagedPath = (folder: string): string => joinName(folder, `staged-${randomUUID()}`);

/** What a record gives as a hash becomes a path: it must be one. */
export const isSha256 = (text: string): boolean => /^[0-9a-f]{64}$/.test(text);
