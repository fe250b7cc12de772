import { linkSync, mkdirSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it, vi } from "vitest";
import { inMountNamespace } from "../../../atomic/test/support/in-mount-namespace.ts";
import { decide, needs } from "../../../atomic/test/support/needs.ts";
import { tempDir, unownedTempDir } from "../../../atomic/test/support/temp-dir.ts";
import { bundledStore } from "../objects/bundled.ts";
import { foldingBelow } from "./folding-disk.ts";
import { track } from "./session.ts";

vi.setConfig({ testTimeout: 60_000 });

const keyOf = async (
  locate: ReturnType<typeof track>["locate"],
  path: string,
): Promise<string | undefined> => (await locate(path)).inside?.key;

describe("where the disk folds", () => {
  function disk(): {
    root: string;
    at: string;
    keys: (...paths: string[]) => Promise<Set<unknown>>;
  } {
    const at = tempDir();
    const root = join(at, "Disk/Work");
    mkdirSync(join(root, "Src"), { recursive: true });
    writeFileSync(join(root, "Src/ReadMe"), "");
    const { locate } = track([root], at, [join(root, "OUT")], foldingBelow(join(at, "Disk")));
    return {
      root,
      at,
      keys: async (...paths) =>
        new Set(await Promise.all(paths.map((path) => keyOf(locate, path)))),
    };
  }

  it("all spellings of a file are one", async () => {
    const { root, keys } = disk();
    const all = await keys(`${root}/Src/ReadMe`, `${root}/src/README`, `${root}/SRC/readme`);
    expect([...all]).toEqual([expect.stringMatching(/\/Disk\/work\/src\/readme$/)]);
  });

  it("also of one that is not there, in a directory that is empty, or is not there either", async () => {
    const { root, keys } = disk();
    mkdirSync(join(root, "Empty"));
    for (const directory of ["Src", "Empty", "None", "None/Deep"]) {
      const all = await keys(`${root}/${directory}/New`, `${root}/${directory.toUpperCase()}/nEW`);
      expect([...all]).toEqual([expect.stringMatching(`/work/${directory.toLowerCase()}/new$`)]);
    }
  });

  it("a root is found by any spelling, and so is what is excluded", async () => {
    const { root, at, keys } = disk();
    expect(await keys(`${at}/Disk/WORK/Src/ReadMe`)).toEqual(await keys(`${root}/Src/ReadMe`));
    expect(await keys(`${root}/out/x`, `${root}/Out`)).toEqual(new Set([undefined]));
  });

  it("letters for which case means nothing else are folded too, and no two that differ", async () => {
    const { root, keys } = disk();
    expect((await keys(`${root}/É`, `${root}/é`)).size).toBe(1);
    expect((await keys(`${root}/straße`, `${root}/strasse`)).size).toBe(2);
  });
});

describe("where it does not", () => {
  it("each spelling is a file of its own", async () => {
    const root = tempDir();
    writeFileSync(join(root, "ReadMe"), "");
    const { locate } = track([root], root);
    for (const name of ["ReadMe", "readme", "README", "new", "NEW"]) {
      expect(await keyOf(locate, `${root}/${name}`)).toBe(`${root}/${name}`);
    }
  });

  it("two names of one file that differ in case prove nothing", async () => {
    const root = tempDir();
    writeFileSync(join(root, "name"), "");
    linkSync(join(root, "name"), join(root, "NAME"));
    const { locate } = track([root], root);
    expect(await keyOf(locate, `${root}/NAME`)).toBe(`${root}/NAME`);
    expect(await keyOf(locate, `${root}/name`)).toBe(`${root}/name`);
  });

  it("one directory may fold and the next not", async () => {
    const root = tempDir();
    mkdirSync(join(root, "Folds"));
    mkdirSync(join(root, "Plain"));
    writeFileSync(join(root, "Folds/Entry"), "");
    writeFileSync(join(root, "Plain/Entry"), "");
    const { locate } = track([root], root, [], foldingBelow(join(root, "Folds")));
    // Of a name that is not there any other entry tells.
    expect(await keyOf(locate, `${root}/Folds/NEW`)).toBe(`${root}/Folds/new`);
    expect(await keyOf(locate, `${root}/Plain/NEW`)).toBe(`${root}/Plain/NEW`);
    expect(await keyOf(locate, `${root}/Folds/ENTRY`)).toBe(`${root}/Folds/entry`);
    expect(await keyOf(locate, `${root}/Plain/ENTRY`)).toBe(`${root}/Plain/ENTRY`);
  });
});

const disks = [
  { name: "ext4 with casefold", folds: true, make: "mkfs.ext4 -q -O casefold", flag: "chattr +F" },
  { name: "vfat", folds: true, make: "mkfs.vfat", flag: "true" },
  { name: "ext4", folds: false, make: "mkfs.ext4 -q", flag: "true" },
] as const;

type Disk = (typeof disks)[number];

function onDisk<T>(disk: Disk, at: string, image: string, script: string, input: unknown): T {
  writeFileSync(image, "");
  truncateSync(image, 64 << 20);
  const setup = `
    ${disk.make} '${image}' >/dev/null
    mount -o loop '${image}' '${at}'
    mkdir '${at}/Work'
    ${disk.flag} '${at}/Work'
    touch '${at}/Work/ReadMe'`;
  return inMountNamespace<T>({ mounts: [], setup, script, input });
}

function hasDisk(disk: Disk): boolean {
  if (!needs("mount-namespace")) return false;
  const [at, image] = [unownedTempDir(), unownedTempDir()];
  try {
    onDisk(disk, at.path, join(image.path, "image"), "report(true);", {});
    return true;
  } catch (error) {
    const told = (error as Error).message.trim().replaceAll(/\s+/g, " ").slice(0, 200);
    return decide([`${disk.name}: ${told}`], "case-folding.test.ts", { mayNotSkip: false });
  } finally {
    at.remove();
    image.remove();
  }
}

const askKeys = `
  const { openWorkspaces, run } = await import(input.module);
  const root = input.at + "/Work";
  const workspaces = openWorkspaces({ roots: [root], exclude: [] });
  const keys = [];
  for (const name of ["ReadMe", "README", "new", "NEW"]) {
    const { inside } = await run((operation) => workspaces.locate(operation, root + "/" + name));
    keys.push(inside.key.slice(root.length + 1));
  }
  await workspaces.close();
  report(keys);
`;

describe.each(disks)("on $name", (disk) => {
  it.runIf(hasDisk(disk))(`names ${disk.folds ? "are folded" : "stay as they are"}`, async () => {
    const [at, other] = [tempDir(), tempDir()];
    const module = await bundledStore();
    const keys = onDisk<string[]>(disk, at, join(other, "image"), askKeys, { at, module });
    expect(keys).toEqual(
      disk.folds ? ["readme", "readme", "new", "new"] : ["ReadMe", "README", "new", "NEW"],
    );
  });
});
