import { execFileSync } from "node:child_process";
import {
  chmodSync,
  linkSync,
  mkdirSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { expect, it } from "vitest";
import { tempDir } from "../../../atomic/test/support/temp-dir.ts";
import { needs } from "../../../atomic/test/support/needs.ts";
import { run, sha256Of, someBytes } from "../objects/run.ts";
import { look as lookAt } from "../../src/workspace/look.ts";
import { track, type Tracked } from "./session.ts";

function workspace(): Tracked & { readonly root: string } {
  const at = tempDir();
  const root = join(at, "ws");
  mkdirSync(root);
  return { ...track([root], at), root };
}

it("a file is its bytes, its size and its mode, and its bytes are kept", async () => {
  const { look, objects, root } = workspace();
  for (const length of [0, 10, 300_000]) {
    const bytes = someBytes(length);
    writeFileSync(join(root, "f"), bytes, { mode: 0o640 });
    chmodSync(join(root, "f"), 0o2751);
    const { state, missing } = await look(join(root, "f"));
    const sha256 = sha256Of(bytes);
    expect(state).toEqual({ kind: "file", sha256, size: length, mode: 0o2751 });
    expect(missing).toBeUndefined();
    expect(await run((operation) => objects.verify(operation, sha256, length))).toBe("ok");
  }
});

it("only hashed: nothing is kept", async () => {
  const { look, objects, root } = workspace();
  writeFileSync(join(root, "f"), "x");
  const { state } = await look(join(root, "f"), { keep: "hash" });
  expect(state).toMatchObject({ kind: "file", sha256: sha256Of("x"), size: 1 });
  expect(await run((operation) => objects.verify(operation, sha256Of("x"), 1))).toBe("missing");
});

it("what is missing, and from where on", async () => {
  const { look, root } = workspace();
  mkdirSync(join(root, "d"));
  writeFileSync(join(root, "file"), "");
  const absent = { state: { kind: "absent" }, signature: undefined };
  expect(await look(join(root, "x"))).toEqual({ ...absent, missing: undefined });
  expect(await look(join(root, "d/x"))).toEqual({ ...absent, missing: undefined });
  expect(await look(join(root, "d/e/x"))).toEqual({ ...absent, missing: `${root}/d/e` });
  expect(await look(join(root, "n/e/x"))).toEqual({ ...absent, missing: `${root}/n` });
  expect(await look(join(root, "file/x"))).toEqual({ ...absent, missing: undefined });
  expect(await look(join(root, "file/y/x"))).toEqual({ ...absent, missing: `${root}/file/y` });
});

it("links and directories", async () => {
  const { state, root } = workspace();
  mkdirSync(join(root, "d"));
  chmodSync(join(root, "d"), 0o1750);
  symlinkSync("../away", join(root, "link"));
  symlinkSync(Buffer.from([0x61, 0xff]), join(root, "bytes"));
  expect(await state(join(root, "d"))).toEqual({ kind: "dir", mode: 0o1750 });
  expect(await state(join(root, "link"))).toEqual({ kind: "symlink", target: "../away" });
  expect(await state(join(root, "bytes"))).toEqual({ kind: "skipped", reason: "special" });
});

it.runIf(needs("linux"))("a FIFO is never waited for", async () => {
  const { state, root } = workspace();
  execFileSync("mkfifo", [join(root, "fifo")]);
  expect(await state(join(root, "fifo"))).toEqual({ kind: "skipped", reason: "special" });
});

it("larger than the limit: not read", async () => {
  const { look, state, root } = workspace();
  const file = join(root, "f");
  await settled(() => writeFileSync(file, "12345"));
  expect(await state(file, { maxFileBytes: 5 })).toMatchObject({ kind: "file" });
  const known = await look(file, { maxFileBytes: 4 });
  expect(known.state).toEqual({ kind: "skipped", reason: "too-large" });
  expect(known.signature).toEqual(expect.any(String));
  expect(await state(file, { maxFileBytes: 5, known })).toMatchObject({ kind: "file" });
});

it("names of one file are files of their own", async () => {
  const { state, root } = workspace();
  writeFileSync(join(root, "a"), "x");
  linkSync(join(root, "a"), join(root, "b"));
  expect(await state(join(root, "b"))).toEqual(await state(join(root, "a")));
});

it("P5 two files that are no text are two files", async () => {
  const { state, root } = workspace();
  const states = [];
  for (const byte of [0xff, 0xfe]) {
    writeFileSync(join(root, "f"), Buffer.from([byte]));
    states.push(await state(join(root, "f")));
  }
  expect(states[0]).not.toEqual(states[1]);
});

/** A file whose times are older than the racy window. */
async function settled(write: () => void): Promise<void> {
  write();
  await pause(2100);
}

it("P5 the same size with the old time is seen", async () => {
  const { look, root } = workspace();
  const file = join(root, "f");
  const write = (content: string): void => {
    writeFileSync(file, content);
    utimesSync(file, 1000, 1000);
  };
  await settled(() => write("old"));
  const known = await look(file);
  expect(known.signature).toEqual(expect.any(String));
  const before = statSync(file, { bigint: true });
  await settled(() => write("new"));
  const after = statSync(file, { bigint: true });
  expect([after.size, after.mtimeNs]).toEqual([before.size, before.mtimeNs]);
  const now = await look(file, { known });
  expect(now.state).toMatchObject({ sha256: sha256Of("new") });
});

it("what has not changed is not read again; what was just written is", async () => {
  const { look, root } = workspace();
  const file = join(root, "f");
  writeFileSync(file, "bytes");
  const racy = await look(file);
  expect(racy.signature).toBeUndefined();
  await pause(2100);
  const known = await look(file, { known: racy });
  expect(known.signature).toEqual(expect.any(String));
  // A state that the file never had shows that it is the earlier look which answers.
  const told = { kind: "file", sha256: "0".repeat(64), size: 5, mode: 0o600 } as const;
  const again = await look(file, { known: { state: told, signature: known.signature } });
  expect(again).toEqual({ state: told, signature: known.signature, missing: undefined });
  chmodSync(file, 0o600);
  const changed = await look(file, { known: { state: told, signature: known.signature } });
  expect(changed.state).toMatchObject({ sha256: sha256Of("bytes"), mode: 0o600 });
});

it("a time in the future proves nothing", async () => {
  const { look, root } = workspace();
  const file = join(root, "f");
  await settled(() => {
    writeFileSync(file, "x");
    utimesSync(file, 4_000_000_000, 4_000_000_000);
  });
  expect((await look(file)).signature).toBeUndefined();
});

it("another file in its place is another file, whatever its times", async () => {
  const { look, root } = workspace();
  const file = join(root, "f");
  await settled(() => {
    writeFileSync(file, "one");
    writeFileSync(`${file}2`, "two");
    for (const path of [file, `${file}2`]) utimesSync(path, 1000, 1000);
  });
  const known = await look(file);
  renameSync(`${file}2`, file);
  expect((await look(file, { known })).state).toMatchObject({ sha256: sha256Of("two") });
});

it("a link that was put on the way and leads out is skipped, and never read through", async () => {
  const { locate, workspaces, objects, root } = workspace();
  mkdirSync(join(root, "d"));
  const { inside } = await locate(join(root, "d/f"));
  const secret = tempDir();
  writeFileSync(join(secret, "f"), "secret");
  rmSync(join(root, "d"), { recursive: true });
  symlinkSync(secret, join(root, "d"));
  const { state } = await run((operation) =>
    lookAt(operation, inside!, objects, { keep: "bytes", maxFileBytes: 100 }),
  );
  expect(state).toEqual({ kind: "skipped", reason: "outside" });
  expect(await run((operation) => objects.verify(operation, sha256Of("secret"), 6))).toBe(
    "missing",
  );
  await workspaces.close();
});

it("a file that grows and shrinks while it is read is read as it is at some moment", async () => {
  const { state, root } = workspace();
  const file = join(root, "f");
  writeFileSync(file, someBytes(900_000));
  for (let length = 1; length < 20; length++) {
    const looking = state(file);
    truncateSync(file, length * 40_000);
    const seen = await looking;
    expect(seen.kind === "file" || (seen.kind === "failed" && seen.code === "ERR_CHANGED")).toBe(
      true,
    );
  }
  expect(await state(file)).toMatchObject({ kind: "file", size: 19 * 40_000 });
});
