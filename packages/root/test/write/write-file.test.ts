import {
  existsSync,
  linkSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  readlinkSync,
  renameSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from "node:fs";
import * as nodeFs from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { FileSystem } from "../../src/index.ts";
import {
  faultyFileSystem,
  type FaultPlan,
} from "../../../atomic/test/support/faulty-file-system.ts";
import { needs } from "../../../atomic/test/support/needs.ts";
import { asynchronous, forms, ground, openDescriptors } from "../read/support/roots.ts";

/** Somebody acts once, before the n-th call of a name. */
const before = (name: string, nth: number, act: () => void): FaultPlan => {
  let seen = 0;
  return (call) => (call.name === name && ++seen === nth ? { act } : undefined);
};

describe.runIf(needs("posix")).each(forms)("writeFile, $name", ({ open }) => {
  const contents = [
    ["a string", () => "new"],
    ["pieces", () => ["n", "ew"]],
  ] as const;

  it.each(contents)("%s: follows links inside, to where nothing is yet too", async (_, data) => {
    const { inside, outside } = ground();
    mkdirSync(join(inside, "d"));
    symlinkSync("d/../d/new", join(inside, "a"));
    symlinkSync("a", join(inside, "b"));
    symlinkSync("../outside/new", join(inside, "out"));
    symlinkSync(join(outside, "new"), join(inside, "d", "out"));
    const { call } = await open(inside);
    const receipt = await call("writeFile", "b", data());
    expect(receipt).toMatchObject({ path: "d/new", created: true, bytes: 3 });
    expect(readFileSync(join(inside, "d", "new"), "utf8")).toBe("new");
    const escapes = { code: "ERR_PATH_ESCAPES", effect: "none" };
    await expect(call("writeFile", "out", data())).rejects.toMatchObject(escapes);
    await expect(call("writeFile", "d/out", data())).rejects.toMatchObject(escapes);
    expect(existsSync(join(outside, "new"))).toBe(false);
    const exists = { code: "EEXIST", effect: "none" };
    await expect(call("create", "b", data())).rejects.toMatchObject(exists);
    await expect(call("create", "out", data())).rejects.toMatchObject(exists);
    await expect(call("writeFile", "b", data(), { flag: "wx" })).rejects.toMatchObject(exists);
    const refused = call("writeFile", "b", data(), { symlinks: "refuse" });
    await expect(refused).rejects.toMatchObject({ code: "ERR_SYMLINK", effect: "none" });
  });

  it.each(["lstat", "open", "rename", "fsync"])(
    "a file swapped for a link that leads out, at any %s: nothing outside is touched",
    async (name) => {
      for (let nth = 1; nth <= 8; nth++) {
        const { inside, outside } = ground();
        writeFileSync(join(inside, "f"), "old");
        writeFileSync(join(outside, "secret"), "secret");
        const swap = (): void => {
          symlinkSync(join(outside, "secret"), join(inside, "swap"));
          renameSync(join(inside, "swap"), join(inside, "f"));
        };
        const { fileSystem } = faultyFileSystem({ plan: before(name, nth, swap) });
        const { call } = await open(inside, { fileSystem });
        for (const [method, data] of [
          ["writeFile", "new"],
          ["appendFile", "new"],
          ["truncate", 1],
          ["chmod", 0o777],
        ] as const) {
          await call(method, "f", data).catch((error: unknown) => {
            // eslint-disable-next-line vitest/no-conditional-expect -- either is right
            expect(error).toMatchObject({ code: "ERR_PATH_ESCAPES" });
          });
        }
        expect(readdirSync(outside)).toEqual(["secret"]);
        expect(readFileSync(join(outside, "secret"), "utf8")).toBe("secret");
        expect(nodeFs.statSync(join(outside, "secret")).mode & 0o777).not.toBe(0o777);
      }
    },
  );

  it("asks about the place where a link leads that came in between, and writes there", async () => {
    const { inside } = ground();
    writeFileSync(join(inside, "f"), "old");
    const asked: string[] = [];
    const { call } = await open(inside, {
      deny: { write: ["closed"] },
      authorize({ path }) {
        asked.push(path);
        if (asked.length > 1) return;
        unlinkSync(join(inside, "f"));
        symlinkSync("closed", join(inside, "f"));
      },
    });
    const run = call("writeFile", "f", "new");
    await expect(run).rejects.toMatchObject({ code: "ERR_DENIED", effect: "none" });
    expect(asked).toEqual(["f"]);
    expect(readdirSync(inside)).toEqual(["f"]);
    expect(readlinkSync(join(inside, "f"))).toBe("closed");
  });

  it("crossMounts: a file that is mounted is not written over", async () => {
    const { inside } = ground();
    writeFileSync(join(inside, "f"), "old");
    const shift = (path: unknown, stats: any): any => {
      if (String(path).endsWith("/f")) stats.dev += 1n;
      return stats;
    };
    const fileSystem = {
      ...nodeFs,
      lstatSync: (path: any, options: any) => shift(path, nodeFs.lstatSync(path, options)),
      promises: {
        ...nodeFs.promises,
        lstat: async (path: any, options: any) =>
          shift(path, await nodeFs.promises.lstat(path, options)),
      },
    } as unknown as FileSystem;
    const { call } = await open(inside, { fileSystem, crossMounts: "refuse" });
    const run = call("writeFile", "f", "new");
    await expect(run).rejects.toMatchObject({ code: "ERR_OTHER_MOUNT", effect: "none" });
    expect(readFileSync(join(inside, "f"), "utf8")).toBe("old");
  });

  it("names that are not UTF-8: through a link, and refused by themselves before anybody is asked", async () => {
    const { inside } = ground();
    const name = Buffer.from([0x66, 0xff]);
    symlinkSync("f", Buffer.concat([Buffer.from(`${inside}/`), name]));
    const asked: string[] = [];
    const authorize = ({ path }: { path: string }): void => void asked.push(path);
    const { call } = await open(inside, { authorize });
    await call("writeFile", name, "new");
    expect(readFileSync(join(inside, "f"), "utf8")).toBe("new");
    expect(asked).toEqual(["f"]);
    const other = Buffer.from([0xff]);
    const run = call("writeFile", other, "new");
    await expect(run).rejects.toMatchObject({ code: "ERR_PATH_INVALID", effect: "none" });
    expect(asked).toEqual(["f"]);
    await call("appendFile", other, "new");
    await call("rename", other, "was-bytes", { overwrite: false });
    expect(readFileSync(join(inside, "was-bytes"), "utf8")).toBe("new");
    await call("symlink", other, Buffer.concat([other, other]));
    await call("unlink", Buffer.concat([other, other]));
  });

  it("takes a string in an encoding, and refuses one that Node does not know", async () => {
    const { inside } = ground();
    const { call } = await open(inside);
    await call("writeFile", "f", "00ff", "hex");
    expect(readFileSync(join(inside, "f"))).toEqual(Buffer.from([0, 0xff]));
    for (const options of ["what", { encoding: "what" }]) {
      const run = call("writeFile", "g", "x", options);
      await expect(run).rejects.toMatchObject({ code: "ERR_INVALID_ARG" });
    }
    const pieces = call("writeFile", "g", ["00"], "hex");
    await expect(pieces).rejects.toMatchObject({ code: "ERR_INVALID_ARG" });
    expect(readdirSync(inside)).toEqual(["f"]);
  });

  it('refuses a file with another name, and with "allow" gives this name a file of its own', async () => {
    const { inside, outside } = ground();
    writeFileSync(join(outside, "secret"), "secret");
    linkSync(join(outside, "secret"), join(inside, "alias"));
    const { call } = await open(inside);
    const refused = { code: "ERR_HARDLINK", effect: "none" };
    await expect(call("writeFile", "alias", "new")).rejects.toMatchObject(refused);
    const half = call("writeFile", "alias", "new", { hardlinks: "refuse-writes" });
    await expect(half).rejects.toMatchObject(refused);
    await call("writeFile", "alias", "new", { hardlinks: "allow" });
    expect(readFileSync(join(outside, "secret"), "utf8")).toBe("secret");
    expect(readFileSync(join(inside, "alias"), "utf8")).toBe("new");
  });

  it("names what it could not clean up from the root, however it came there", async () => {
    const { inside } = ground();
    mkdirSync(join(inside, "a", "b", "c"), { recursive: true });
    symlinkSync("a", join(inside, "l"));
    for (const path of ["a/b/c/f", "l/b/c/f", "f"]) {
      const { fileSystem } = faultyFileSystem({
        plan: ({ name }) =>
          name === "rename" || name === "unlink" ? { fail: "EIO", when: "before" } : undefined,
      });
      const { call } = await open(inside, { fileSystem });
      const error: any = await call("writeFile", path, "x").catch((thrown: unknown) => thrown);
      expect(error).toMatchObject({ code: "EIO", effect: "none" });
      const [left] = error.leftovers;
      expect(left).toMatch(path === "f" ? /^\.holdfast-/ : /^a\/b\/c\/\.holdfast-/);
      unlinkSync(join(inside, left));
    }
  });

  it("makes parents through links, and stops at what is in the way", async () => {
    const { inside, outside } = ground();
    mkdirSync(join(inside, "d"));
    writeFileSync(join(inside, "file"), "x");
    symlinkSync("d", join(inside, "ld"));
    symlinkSync(outside, join(inside, "out"));
    symlinkSync("nowhere", join(inside, "dangling"));
    const { call } = await open(inside, { create: true });
    await call("writeFile", "ld/a/../b/c", "x");
    expect(readFileSync(join(inside, "d", "b", "c"), "utf8")).toBe("x");
    expect(readdirSync(join(inside, "d")).toSorted()).toEqual(["a", "b"]);
    for (const [path, code] of [
      ["out/a/b", "ERR_PATH_ESCAPES"],
      ["d/../../a/b", "ERR_PATH_ESCAPES"],
      ["file/a/b", "ENOTDIR"],
      ["dangling/a", "ENOENT"],
    ] as const) {
      await expect(call("writeFile", path, "x"), `${path}`).rejects.toMatchObject({ code });
    }
    expect(readdirSync(outside)).toEqual([]);
    // As many links as one lookup may follow, each of them once.
    const far = Array.from({ length: 30 }, () => "ld").join("/../");
    await call("writeFile", `${far}/new/deep/f`, "x");
  });
});

describe.runIf(needs("linux"))("writeFile, asynchronous", () => {
  it("a signal ends it before the change, with nothing open and nothing left", async () => {
    const { inside } = ground();
    const { call } = await asynchronous.open(inside);
    const open = openDescriptors();
    const controller = new AbortController();
    const pieces = async function* (): AsyncGenerator<string> {
      yield "x";
      controller.abort();
      yield "y";
    };
    const run = call("writeFile", "f", pieces(), { signal: controller.signal });
    await expect(run).rejects.toMatchObject({ code: "ABORT_ERR", effect: "none" });
    expect(readdirSync(inside)).toEqual([]);
    expect(openDescriptors()).toBe(open);
  });

  it("keeps the order of writes to one path, in any spelling", async () => {
    const { inside } = ground();
    mkdirSync(join(inside, "d"));
    const { call } = await asynchronous.open(inside, { durable: false });
    for (let round = 0; round < 10; round++) {
      const spelled = ["d/f", "d/../d/f", "./d/f", "d//f", Buffer.from("d/f")];
      await Promise.all(spelled.map((path, index) => call("writeFile", path, `${index}`)));
      expect(readFileSync(join(inside, "d", "f"), "utf8")).toBe("4");
    }
  });
});
