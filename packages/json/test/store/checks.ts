/** What must be true of a document and of what lies beside it, whatever happened. */

import type { NodeFileSystem } from "@holdfast/testing";
import { expect } from "vitest";
import { isHoldfastError } from "../../src/index.ts";

export const path = "/d/s.json";
export const old = '{"$version":1,"n":7}';

export interface Count {
  n: number;
}

const textAt = (fs: NodeFileSystem, at: string): string | undefined =>
  fs.existsSync(at) ? fs.readFileSync(at, "utf8") : undefined;
export const countAt = (fs: NodeFileSystem, at: string): number | undefined => {
  const text = textAt(fs, at);
  return text === undefined ? undefined : (JSON.parse(text) as Count).n;
};

export const migrated = '{"$version":3,"n":80}';

export function checkMigrated(fs: NodeFileSystem, isAcknowledged: boolean): void {
  const text = fs.readFileSync(path, "utf8");
  const isNew = text !== old;
  if (isNew) expect(JSON.stringify(JSON.parse(text))).toBe(migrated);
  if (isAcknowledged) expect(isNew).toBe(true);
  const backups = [1, 2].map((number) => textAt(fs, `${path}.backup-${number}`));
  expect(backups).toContain('{"$version":1,"n":6}');
  if (isNew) expect(backups[0]).toBe(old);
  expect([old, undefined]).toContain(textAt(fs, `${path}.v1.backup`));
}

export function checkRecovered(fs: NodeFileSystem, isAcknowledged: boolean, wanted: number): void {
  const text = fs.readFileSync(path, "utf8");
  const kept = fs
    .readdirSync("/d")
    .filter((file) => file.includes(".corrupt-"))
    .map((file) => fs.readFileSync(`/d/${file}`, "utf8"));
  if (text !== "torn") {
    expect(kept).toEqual(["torn"]);
    expect(JSON.parse(text)).toEqual({ n: wanted });
  }
  if (isAcknowledged) expect(text).not.toBe("torn");
  expect(countAt(fs, `${path}.backup-1`)).toBe(2);
}

/** What a success, or the effect that an error claims, says of what is there. */
export function checkEffect(end: unknown, isNew: boolean): void {
  if (end === "done") expect(isNew).toBe(true);
  else if (!isHoldfastError(end)) throw new Error("no error of ours", { cause: end });
  else if (end.effect === "none") expect(isNew).toBe(false);
  else if (end.effect === "complete") expect(isNew).toBe(true);
  else expect(end.effect).toBe("unknown");
}
