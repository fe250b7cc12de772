/** What was replaced is kept, in order, under the permissions of the document. */

import { chmodSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { and, fail, injectFaults, op, path as pathOf, persistent, rule } from "@holdfast/testing";
import * as nodeFs from "node:fs";
import { needs } from "../../../atomic/test/support/needs.ts";
import { openJsonStore } from "../../src/index.ts";
import { failureOf, forms, name, tempDir } from "./forms.ts";

interface Count {
  n: number;
}

const next = (draft: Count): void => void draft.n++;

/** The counts in the document and its backups, by their numbers. */
function generations(dir: string): (number | undefined)[] {
  const files = readdirSync(dir);
  const suffixes = ["", ".backup-1", ".backup-2", ".backup-3", ".backup-4"];
  return suffixes
    .map((suffix) => `${name}${suffix}`)
    .map((file) =>
      files.includes(file)
        ? (JSON.parse(readFileSync(join(dir, file), "utf8")) as Count).n
        : undefined,
    );
}

describe.each(forms)("backups, $form", ({ open, update, reset }) => {
  it("are the last ones, the newest first", async () => {
    const dir = tempDir();
    const store = await open<Count>(dir, { defaults: { n: 0 }, backups: 3 });
    const seen: unknown[] = [];
    for (let times = 0; times < 6; times++) {
      await update(store, next);
      seen.push(generations(dir));
    }
    expect(seen).toEqual([
      [1, undefined, undefined, undefined, undefined],
      [2, 1, undefined, undefined, undefined],
      [3, 2, 1, undefined, undefined],
      [4, 3, 2, 1, undefined],
      [5, 4, 3, 2, undefined],
      [6, 5, 4, 3, undefined],
    ]);
    await reset(store);
    expect(generations(dir)).toEqual([0, 6, 5, 4, undefined]);
  });

  it("hold what somebody else wrote, byte for byte", async () => {
    const dir = tempDir();
    const store = await open<Count>(dir, { defaults: { n: 0 }, backups: 1 });
    await update(store, next);
    writeFileSync(join(dir, name), ' {"n": 41}\r\n');
    await update(store, next);
    expect(readFileSync(join(dir, `${name}.backup-1`), "utf8")).toBe(' {"n": 41}\r\n');
    expect(store.get()).toEqual({ n: 42 });
  });

  it("are none where none are asked for", async () => {
    const dir = tempDir();
    const store = await open<Count>(dir, { defaults: { n: 0 } });
    for (let times = 0; times < 3; times++) await update(store, next);
    expect(readdirSync(dir)).toEqual([name]);
  });

  it.runIf(needs("posix"))("are as private as the document is by now", async () => {
    const dir = tempDir();
    const store = await open<Count>(dir, { defaults: { n: 0 }, backups: 2 });
    for (let times = 0; times < 2; times++) await update(store, next);
    expect(statSync(join(dir, `${name}.backup-1`)).mode & 0o777).toBe(
      statSync(join(dir, name)).mode & 0o777,
    );
    chmodSync(join(dir, name), 0o600);
    await update(store, next);
    expect(statSync(join(dir, name)).mode & 0o777).toBe(0o600);
    expect(statSync(join(dir, `${name}.backup-1`)).mode & 0o777).toBe(0o600);
  });

  it.runIf(needs("posix"))("become private where there is one place for them", async () => {
    const dir = tempDir();
    const store = await open<Count>(dir, { defaults: { n: 0 }, backups: 1 });
    for (let times = 0; times < 2; times++) await update(store, next);
    chmodSync(join(dir, name), 0o600);
    await update(store, next);
    expect(statSync(join(dir, `${name}.backup-1`)).mode & 0o777).toBe(0o600);
  });

  it.runIf(needs("posix"))("have the mode that is asked for, as the document has", async () => {
    const dir = tempDir();
    const store = await open<Count>(dir, { defaults: { n: 0 }, backups: 1, mode: 0o600 });
    for (let times = 0; times < 2; times++) await update(store, next);
    for (const file of readdirSync(dir)) {
      expect(statSync(join(dir, file)).mode & 0o777).toBe(0o600);
    }
  });
});

describe("backups", () => {
  it("lose no generation to writes that fail again and again", async () => {
    const dir = tempDir();
    const path = join(dir, name);
    const before = await openJsonStore<Count>({ path, defaults: { n: 0 }, backups: 3 });
    for (let times = 0; times < 4; times++) await before.update(next);
    expect(generations(dir)).toEqual([4, 3, 2, 1, undefined]);
    for (const failing of ["fsync", "write"] as const) {
      const fileSystem = injectFaults(nodeFs, rule(op(failing), fail("ENOSPC"), persistent()));
      for (let times = 0; times < 5; times++) {
        const store = await openJsonStore<Count>({ path, backups: 3, fileSystem });
        const error = await failureOf(store.update(next));
        expect(error).toMatchObject({ code: "ENOSPC", effect: "none" });
      }
    }
    const kept = generations(dir).filter((n) => n !== undefined);
    expect(new Set(kept)).toEqual(new Set([4, 3, 2]));
  });

  it("lose no generation to a document that cannot be replaced again and again", async () => {
    const dir = tempDir();
    const path = join(dir, name);
    const before = await openJsonStore<Count>({ path, defaults: { n: 0 }, backups: 3 });
    for (let times = 0; times < 4; times++) await before.update(next);
    const fileSystem = injectFaults(
      nodeFs,
      rule(and(op("rename"), pathOf(path)), fail("EIO"), persistent()),
    );
    for (let times = 0; times < 5; times++) {
      const store = await openJsonStore<Count>({ path, backups: 3, fileSystem });
      expect(await failureOf(store.update(next))).toMatchObject({ code: "EIO" });
    }
    expect(generations(dir)).toEqual([4, 4, 3, 2, undefined]);
    await before.update(next);
    expect(generations(dir)).toEqual([5, 4, 3, 2, undefined]);
  });

  it("use a gap that a crash has left, before they let a generation go", async () => {
    const dir = tempDir();
    const path = join(dir, name);
    writeFileSync(path, '{"n":9}');
    writeFileSync(`${path}.backup-1`, '{"n":8}');
    writeFileSync(`${path}.backup-3`, '{"n":7}');
    const store = await openJsonStore<Count>({ path, backups: 3 });
    await store.update(next);
    expect(generations(dir)).toEqual([10, 9, 8, 7, undefined]);
  });
});
