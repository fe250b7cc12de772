/** Blocks shared with the source, on file systems that can do so, and bytes copied on those that cannot. */

import { truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it, vi } from "vitest";
import { inMountNamespace } from "../../../atomic/test/support/in-mount-namespace.ts";
import { decide, needs } from "../../../atomic/test/support/needs.ts";
import { runScript } from "../../../atomic/test/support/node-script.ts";
import { tempDir, unownedTempDir } from "../../../atomic/test/support/temp-dir.ts";
import { bundledStore } from "./bundled.ts";
import { sha256Of, someBytes } from "./run.ts";

vi.setConfig({ testTimeout: 60_000 });

interface Told {
  readonly stored: readonly { sha256: string; size: number; added: boolean }[];
  /** How each call of `copyFile` ended. */
  readonly copies: readonly string[];
  readonly modes: readonly number[];
  readonly bytesRead: number;
}

const length = 3 << 20;

/** Puts a file whose descriptor is known, by its path in /proc, and tells what was asked of the file system. */
const script = `
  import fs from "node:fs";
  const { openObjects, run, someBytes } = await import(input.module);
  const copies = [];
  const { copyFile } = fs;
  fs.copyFile = (from, to, mode, done) =>
    copyFile(from, to, mode, (error) => { copies.push(error?.code ?? "ok"); done(error); });
  const source = input.at + "/source";
  fs.writeFileSync(source, someBytes(input.length));
  fs.chmodSync(source, 0o6777);
  fs.mkdirSync(input.at + "/store");
  const objects = openObjects(input.at + "/store/objects");
  const stored = [];
  let bytesRead = 0;
  const fd = fs.openSync(source);
  for (let times = 0; times < 3; times++) {
    let position = 0;
    stored.push(await run((operation) => objects.put(operation, {
      clonePath: "/proc/self/fd/" + fd, device: "d", size: input.length,
      *read(buffer) {
        const got = fs.readSync(fd, buffer, 0, buffer.length, position);
        position += got;
        bytesRead += got;
        return got;
      },
    }, input.maxBytes)).catch((error) => ({ code: error.code })));
  }
  const modes = fs.readdirSync(input.at + "/store/objects", { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => fs.statSync(entry.parentPath + "/" + entry.name).mode & 0o7777);
  report({ stored, copies, modes, bytesRead });
`;

const disks = [
  { type: "btrfs", make: "mkfs.btrfs -q", megabytes: 128 },
  { type: "xfs", make: "mkfs.xfs -q -m reflink=1", megabytes: 320 },
] as const;

type Disk = (typeof disks)[number];

/** Runs a script with a fresh disk at a path. */
function onDisk(
  disk: Disk,
  at: string,
  image: string,
  run: { script: string; input?: unknown },
): Told {
  truncateSync(image, disk.megabytes << 20);
  const setup = `${disk.make} '${image}' >/dev/null\nmount -o loop '${image}' '${at}'`;
  return inMountNamespace<Told>({ mounts: [], setup, ...run });
}

function hasDisk(disk: Disk): boolean {
  if (!needs("mount-namespace")) return false;
  const { path, remove } = unownedTempDir();
  try {
    const image = join(path, "image");
    writeEmpty(image);
    onDisk(disk, path, image, { script: "report(true);" });
    return true;
  } catch (error) {
    const reason = `${disk.type}: ${String((error as Error).message)
      .trim()
      .replaceAll(/\s+/g, " ")
      .slice(0, 200)}`;
    return decide([reason], "clone.test.ts", { mayNotSkip: false });
  } finally {
    remove();
  }
}

function writeEmpty(path: string): void {
  writeFileSync(path, "");
}

describe.each(disks)("on $type", (disk) => {
  it.runIf(hasDisk(disk))("the blocks are shared, and the clone is what is hashed", async () => {
    const module = await bundledStore();
    const [at, other] = [tempDir(), tempDir()];
    const image = join(other, "image");
    writeEmpty(image);
    const told = onDisk(disk, at, image, {
      script,
      input: { at, length, module, maxBytes: length },
    });
    const sha256 = sha256Of(someBytes(length));
    expect(told.stored).toEqual(
      [true, false, false].map((added) => ({ sha256, size: length, added })),
    );
    expect(told.copies).toEqual(["ok", "ok", "ok"]);
    expect(told.bytesRead).toBe(0);
    expect(told.modes).toEqual([0o600]);
  });

  it.runIf(hasDisk(disk))("a clone that is larger than allowed is not kept", async () => {
    const module = await bundledStore();
    const [at, other] = [tempDir(), tempDir()];
    const image = join(other, "image");
    writeEmpty(image);
    const input = { at, length, module, maxBytes: length - 1 };
    const told = onDisk(disk, at, image, { script, input });
    expect(told.stored).toEqual([1, 2, 3].map(() => ({ code: "ERR_TOO_LARGE" })));
    expect(told.modes).toEqual([]);
  });
});

it.runIf(needs("linux", "node"))(
  "where it cannot be done it is tried once, and the bytes are copied",
  async () => {
    const at = tempDir();
    const module = await bundledStore();
    const input = { at, length, module, maxBytes: length };
    const told = runScript<Told>({ script, input });
    const sha256 = sha256Of(someBytes(length));
    expect(told.stored).toEqual(
      [true, false, false].map((added) => ({ sha256, size: length, added })),
    );
    expect(told.modes).toEqual([0o600]);
    // The disk of this machine may be one that can.
    const [first] = told.copies;
    expect(told.copies).toHaveLength(first === "ok" ? 3 : 1);
    expect(told.bytesRead).toBe(first === "ok" ? 0 : 3 * length);
  },
);
