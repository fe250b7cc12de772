/** Contents of files in words that a person understands. */

import { invalidType } from "@holdfast/fs/steps";
import type { NodeFileSystem } from "../calls/node-file-system.ts";

/** What a file may hold; `undefined` means that it is not there. */
export type Content = string | Uint8Array | undefined;

const longest = 40;

/** @throws `TypeError` (`ERR_INVALID_ARG`) */
export function checkContents(op: string, name: string, contents: readonly Content[]): void {
  const isContent = (one: unknown): boolean =>
    one === undefined || typeof one === "string" || one instanceof Uint8Array;
  if (!Array.isArray(contents) || contents.length === 0 || !contents.every(isContent)) {
    throw invalidType(op, name, "an array of texts or bytes (undefined: not there)", contents);
  }
}

export function checkPath(op: string, path: unknown): void {
  if (typeof path !== "string" || path === "") throw invalidType(op, "path", "a path", path);
}

/** `undefined` if there is nothing; whatever else is wrong is thrown. */
export function readIfThere(fs: NodeFileSystem, path: string): Buffer | undefined {
  try {
    return fs.readFileSync(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}

function toBytes(content: Content): Buffer | undefined {
  return content === undefined ? undefined : Buffer.from(content as string);
}

export function isSame(one: Buffer | undefined, other: Content): boolean {
  const bytes = toBytes(other);
  return one === undefined || bytes === undefined ? one === bytes : one.equals(bytes);
}

/** `"hello"`, `nothing (0 bytes)`, `4096 zeros`, `"begin…" (123 bytes)`, `no file`. */
export function showContent(content: Content): string {
  const bytes = toBytes(content);
  if (bytes === undefined) return "no file";
  if (bytes.length === 0) return "nothing (0 bytes)";
  if (bytes.every((byte) => byte === 0)) return `${bytes.length} zeros`;
  const text = bytes.toString();
  if (!Buffer.from(text).equals(bytes)) {
    return `${bytes.length} bytes, 0x${bytes.toString("hex", 0, longest / 2)}${bytes.length > longest / 2 ? "…" : ""}`;
  }
  if (text.length <= longest) return JSON.stringify(text);
  return `${JSON.stringify(`${text.slice(0, longest)}…`)} (${bytes.length} bytes)`;
}

/**
 * What became of a content that is none of those that it may be; empty if there is no telling. Where
 * several versions begin alike, the latest is to blame: it was being written.
 */
export function explainDamage(found: Buffer, versions: readonly Content[]): string {
  if (found.length === 0) return "";
  const latestFirst = versions
    .toReversed()
    .map(toBytes)
    .filter((bytes) => bytes !== undefined && bytes.length > 0) as readonly Buffer[];
  for (const explain of [asBeginning, asZeros, asMixture]) {
    for (const version of latestFirst) {
      const damage = explain(found, version, latestFirst);
      if (damage !== undefined) return damage;
    }
  }
  return "";
}

type Explain = (found: Buffer, bytes: Buffer, all: readonly Buffer[]) => string | undefined;

const asBeginning: Explain = (found, bytes) => {
  const same = commonStart(found, bytes);
  if (same < found.length || same === bytes.length) return undefined;
  return `the first ${same} of the ${bytes.length} bytes of ${showContent(bytes)}`;
};

const asZeros: Explain = (found, bytes) => {
  const same = commonStart(found, bytes);
  if (found.length !== bytes.length || same === 0) return undefined;
  if (found.subarray(same).some((byte) => byte !== 0)) return undefined;
  return `${showContent(bytes)} with zeros from byte ${same} on`;
};

const asMixture: Explain = (found, bytes, all) => {
  const same = commonStart(found, bytes);
  const rest = found.subarray(same);
  if (same === 0 || rest.length === 0) return undefined;
  const other = all.find((one) => one.subarray(same).equals(rest));
  if (other === undefined) return undefined;
  return `${same} bytes of ${showContent(bytes)}, then the rest of ${showContent(other)}`;
};

function commonStart(one: Buffer, other: Buffer): number {
  const end = Math.min(one.length, other.length);
  let same = 0;
  while (same < end && one[same] === other[same]) same++;
  return same;
}
