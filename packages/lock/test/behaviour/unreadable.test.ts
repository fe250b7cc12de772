/** Entries that name nobody. */

import { unlinkSync, utimesSync, writeFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { faultyFileSystem } from "../../../atomic/test/support/faulty-file-system.ts";
import { forms, lockDir, recordText } from "./lock-dir.ts";

const failure = (promise: Promise<unknown>): Promise<Error & { hint?: string }> =>
  promise.then(
    () => {
      throw new Error("that should have failed");
    },
    (error: unknown) => error as Error,
  );

describe.each(forms)("$form", ({ acquire }) => {
  it.each([
    ["", "an empty file"],
    ["something else\n", "a file that is no record of a lock"],
  ])("%j: says what is there, and until when it stays", async (text, what) => {
    const { target } = lockDir();
    const entry = `${target}.lock`;
    writeFileSync(entry, text);
    const changed = 2_000_000;
    const ago = Math.floor(Date.now() / 1000) - changed / 1000;
    utimesSync(entry, ago, ago);
    const error = await failure(acquire(target, { timeoutMs: 0, staleAfterMs: 3_000_000 }));
    expect(error).toMatchObject({ code: "ERR_LOCK_TIMEOUT", owners: [] });
    const from = new Date(ago * 1000 + 3_000_000).toISOString();
    expect(error.message).toContain(
      `"${entry}" is ${what}, and is taken over when nobody has changed it for 3000000 ms: from ${from} on`,
    );
    unlinkSync(entry);
  });

  it("one that may not be read", async () => {
    const { target } = lockDir();
    const entry = `${target}.lock`;
    writeFileSync(entry, recordText());
    const { fileSystem } = faultyFileSystem({
      plan: ({ name, path }) =>
        name === "open" && path === entry ? { fail: "EACCES", when: "before" } : undefined,
    });
    const error = await failure(acquire(target, { timeoutMs: 20, fileSystem }));
    expect(error).toMatchObject({
      code: "ERR_LOCK_TIMEOUT",
      owners: [],
      hint: expect.stringMatching(/umask/),
    });
    expect(error.message).toContain(`somebody holds it whose record, "${entry}", may not be read`);
    unlinkSync(entry);
  });

  it("where it cannot be looked at any more: does not say that others had it", async () => {
    const { target } = lockDir();
    const entry = `${target}.lock`;
    writeFileSync(entry, recordText({ host: "somewhere" }));
    let looks = 0;
    const { fileSystem } = faultyFileSystem({
      plan: ({ name, path }) =>
        name === "open" && path === entry && ++looks > 1
          ? { fail: "EIO", when: "before" }
          : undefined,
    });
    const error = await failure(acquire(target, { timeoutMs: 0, fileSystem }));
    expect(error).toMatchObject({
      code: "ERR_LOCK_TIMEOUT",
      owners: [],
      cause: expect.objectContaining({ syscall: "open" }),
    });
    expect(error.message).toMatch(/who holds it could not be found out/);
    unlinkSync(entry);
  });
});
