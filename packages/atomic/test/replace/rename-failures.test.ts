import { mkdirSync, readFileSync, readdirSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { faultyFileSystem, type FaultyFileSystem } from "../support/faulty-file-system.ts";
import { inMountNamespace } from "../support/in-mount-namespace.ts";
import { needs } from "../support/needs.ts";
import { tempDir } from "../support/temp-dir.ts";
import { failureOf, forms, stagedIn } from "./forms.ts";

/** A file system whose first renames fail with these errnos; the last one goes on for ever. */
function failing(...errnos: readonly (string | undefined)[]): FaultyFileSystem & {
  readonly renames: () => number;
} {
  let renames = 0;
  const faulty = faultyFileSystem({
    plan: ({ name }) => {
      if (name !== "rename") return undefined;
      const errno = errnos[Math.min(renames++, errnos.length - 1)];
      return errno === undefined ? undefined : { fail: errno, when: "before" };
    },
  });
  return { ...faulty, renames: () => renames };
}

const windows = ({ fileSystem }: FaultyFileSystem): FaultyFileSystem["fileSystem"] => ({
  ...fileSystem,
  platform: "win32",
});

function existing(): string {
  const filePath = join(tempDir(), "file");
  writeFileSync(filePath, "old");
  return filePath;
}

describe.each(forms)("a rename that fails, $form", ({ replace }) => {
  describe("by the Windows table", () => {
    it.each(["EPERM", "EACCES", "EBUSY"])("A6, A23: %s twice, then it succeeds", async (errno) => {
      const filePath = existing();
      const faulty = failing(errno, errno, undefined);
      const receipt = await replace({
        filePath,
        content: "new",
        renameRetryBaseDelayMs: 1,
        fileSystem: windows(faulty),
      });
      expect(receipt).toMatchObject({ method: "rename", synced: { directory: "unsupported" } });
      expect(faulty.renames()).toBe(3);
      expect(readFileSync(filePath, "utf8")).toBe("new");
      expect(readdirSync(join(filePath, "..")).toSorted()).toEqual(["file"]);
    });

    // Somebody who holds the file is a reader: written in place, they would meet a mixture.
    it.each(["EPERM", "EACCES", "EBUSY"])(
      "A6, A23: %s for ever: gives up after the budget",
      async (errno) => {
        const filePath = existing();
        const faulty = failing(errno);
        const error = await failureOf(
          replace({
            filePath,
            content: "new",
            renameRetryBaseDelayMs: 0,
            fileSystem: windows(faulty),
          }),
        );
        expect(error).toMatchObject({ code: errno, effect: "none", path: filePath, leftovers: [] });
        expect(faulty.renames()).toBe(15); // the first, and 14 retries
        expect(readFileSync(filePath, "utf8")).toBe("old");
        expect(readdirSync(join(filePath, "..")).toSorted()).toEqual(["file"]);
        expect(faulty.openHandles()).toEqual([]);
      },
    );

    it("A6: as often as the caller says", async () => {
      for (const renameMaxRetries of [0, 1, 4]) {
        const faulty = failing("EPERM");
        const fileSystem = windows(faulty);
        const options = { renameMaxRetries, renameRetryBaseDelayMs: 0, fileSystem };
        await failureOf(replace({ filePath: existing(), content: "new", ...options }));
        expect(faulty.renames()).toBe(renameMaxRetries + 1);
      }
    });

    it.each(["ENOSPC", "EINVAL", "EIO", "EROFS", "ENOTEMPTY"])(
      "A6: %s is not tried again",
      async (errno) => {
        const filePath = existing();
        const faulty = failing(errno);
        const error = await failureOf(
          replace({ filePath, content: "new", fileSystem: windows(faulty) }),
        );
        expect(error).toMatchObject({ code: errno, effect: "none" });
        expect(faulty.renames()).toBe(1);
        expect(readdirSync(join(filePath, "..")).toSorted()).toEqual(["file"]);
      },
    );

    it("A6: a retry that turns into ENOSPC reports that", async () => {
      const faulty = failing("EPERM", "ENOSPC");
      const error = await failureOf(
        replace({
          filePath: existing(),
          content: "new",
          renameRetryBaseDelayMs: 1,
          fileSystem: windows(faulty),
        }),
      );
      expect(error.code).toBe("ENOSPC");
      expect(faulty.renames()).toBe(2);
    });

    it("A6: a retry that turns into EXDEV stops retrying, and the file is written in place", async () => {
      const filePath = existing();
      const faulty = failing("EPERM", "EPERM", "EXDEV");
      const receipt = await replace({
        filePath,
        content: "new",
        renameRetryBaseDelayMs: 1,
        fileSystem: windows(faulty),
      });
      expect(faulty.renames()).toBe(3);
      expect(receipt.method).toBe("in-place");
      expect(readFileSync(filePath, "utf8")).toBe("new");
      expect(readdirSync(join(filePath, "..")).toSorted()).toEqual(["file"]);
    });

    it("A6: the staged file is closed before it is renamed", async () => {
      const faulty = failing(undefined);
      await replace({ filePath: existing(), content: "new", fileSystem: windows(faulty) });
      const staged = faulty.calls.filter((call) => call.includes(".holdfast-"));
      const names = staged.map((call) => call.split(" ")[0]);
      expect(names).toContain("close");
      expect(names.indexOf("close")).toBeLessThan(names.indexOf("rename"));
      expect(faulty.calls.filter((call) => call.startsWith("fchmod"))).toEqual([]);
    });

    it("A6: a rename that says that it failed, and happened, is told from one that did not", async () => {
      const filePath = existing();
      const { fileSystem } = faultyFileSystem({
        plan: ({ name }) => (name === "rename" ? { fail: "EIO", when: "after" } : undefined),
      });
      const error = await failureOf(
        replace({ filePath, content: "new", fileSystem: { ...fileSystem, platform: "win32" } }),
      );
      expect(error).toMatchObject({ code: "EIO", effect: "complete", leftovers: [] });
      expect(readFileSync(filePath, "utf8")).toBe("new");
    });
  });

  describe.runIf(needs("posix"))("elsewhere", () => {
    it.each(["EPERM", "EACCES"])(
      "A6: %s is not tried again unless the caller asks",
      async (errno) => {
        const faulty = failing(errno);
        const options = { inPlaceFallback: false, fileSystem: faulty.fileSystem };
        await failureOf(replace({ filePath: existing(), content: "new", ...options }));
        expect(faulty.renames()).toBe(1);

        const patient = failing(errno, errno, undefined);
        const filePath = existing();
        const receipt = await replace({
          filePath,
          content: "new",
          renameMaxRetries: 2,
          renameRetryBaseDelayMs: 1,
          fileSystem: patient.fileSystem,
        });
        expect(receipt.method).toBe("rename");
        expect(patient.renames()).toBe(3);
      },
    );

    it.each(["EBUSY", "EXDEV"])("A6: a retry that turns into %s stops there", async (errno) => {
      const faulty = failing("EPERM", errno, errno);
      const receipt = await replace({
        filePath: existing(),
        content: "new",
        renameMaxRetries: 5,
        renameRetryBaseDelayMs: 1,
        fileSystem: faulty.fileSystem,
      });
      expect(receipt.method).toBe("in-place");
      expect(faulty.renames()).toBe(2);
    });

    it.each(["EXDEV", "EBUSY", "EPERM", "EACCES"])(
      "A7: %s: the content is written in place, nothing is left over",
      async (errno) => {
        const filePath = existing();
        const before = statSync(filePath).ino;
        const faulty = failing(errno);
        const { fileSystem } = faulty;
        const receipt = await replace({ filePath, content: "new", fileSystem });
        expect(receipt).toMatchObject({ method: "in-place", created: false, lost: [] });
        expect(readFileSync(filePath, "utf8")).toBe("new");
        expect(statSync(filePath).ino).toBe(before);
        expect(readdirSync(join(filePath, "..")).toSorted()).toEqual(["file"]);
        expect(faulty.openHandles()).toEqual([]);
        // A file that is neither created nor cut before it is written.
        const rename = faulty.calls.findIndex((call) => call.startsWith("rename"));
        const after = faulty.calls.slice(rename).map((call) => call.split(" ")[0]);
        expect(after.indexOf("write")).toBeLessThan(after.indexOf("ftruncate"));
        expect(after.indexOf("ftruncate")).toBeLessThan(after.lastIndexOf("fsync"));
      },
    );

    it("A7: a shorter content in place leaves no tail of the old one", async () => {
      const filePath = existing();
      writeFileSync(filePath, "a long content");
      await replace({ filePath, content: "cut", fileSystem: failing("EXDEV").fileSystem });
      expect(readFileSync(filePath, "utf8")).toBe("cut");
    });

    it.each(["EXDEV", "EBUSY", "EPERM", "EACCES"])(
      "A7: %s where writing in place is not wanted: passed on, nothing left over",
      async (errno) => {
        const filePath = existing();
        const { fileSystem } = failing(errno);
        const error = await failureOf(
          replace({ filePath, content: "new", inPlaceFallback: false, fileSystem }),
        );
        expect(error).toMatchObject({ code: errno, effect: "none", leftovers: [] });
        expect(readFileSync(filePath, "utf8")).toBe("old");
        expect(readdirSync(join(filePath, "..")).toSorted()).toEqual(["file"]);
      },
    );

    it.each(["EIO", "ENOSPC", "EEXIST", "ENOENT"])(
      "A7: %s: passed on, nothing left over",
      async (errno) => {
        const filePath = existing();
        const { fileSystem } = failing(errno);
        const error = await failureOf(replace({ filePath, content: "new", fileSystem }));
        expect(error).toMatchObject({ code: errno, effect: "none", leftovers: [], path: filePath });
        expect(error.message.split(filePath)).toHaveLength(2);
        expect(readFileSync(filePath, "utf8")).toBe("old");
        expect(readdirSync(join(filePath, "..")).toSorted()).toEqual(["file"]);
      },
    );

    it("A7: EXDEV for a file that is not there yet: created, and nothing is left over", async () => {
      const filePath = join(tempDir(), "file");
      const { fileSystem } = failing("EXDEV");
      const receipt = await replace({ filePath, content: "new", mode: 0o640, fileSystem });
      expect(receipt).toMatchObject({ method: "in-place", created: true });
      expect(statSync(filePath).mode & 0o777).toBe(0o640);
      expect(readdirSync(join(filePath, "..")).toSorted()).toEqual(["file"]);
    });

    it.each(["EPERM", "EEXIST"])(
      "the copy after %s, where the caller asked for it",
      async (errno) => {
        const filePath = existing();
        const { fileSystem } = failing(errno);
        const options = { copyFallbackOnPermissionError: true, inPlaceFallback: false, fileSystem };
        const receipt = await replace({ filePath, content: "new", ...options });
        expect(receipt.method).toBe("copy");
        expect(readFileSync(filePath, "utf8")).toBe("new");
        expect(readdirSync(join(filePath, "..")).toSorted()).toEqual(["file"]);
      },
    );

    it("no copy after another failure", async () => {
      const { fileSystem } = failing("EIO");
      const options = { copyFallbackOnPermissionError: true, inPlaceFallback: false, fileSystem };
      const error = await failureOf(replace({ filePath: existing(), content: "new", ...options }));
      expect(error).toMatchObject({ code: "EIO", effect: "none" });
    });
  });
});

describe.runIf(needs("mount-namespace"))("a file that is a mount point", () => {
  it.each(["replaceFileAtomic", "replaceFileAtomicSync"])(
    "A6: %s: EBUSY goes to the in-place write",
    (op) => {
      const dir = tempDir();
      mkdirSync(join(dir, "outside"));
      writeFileSync(join(dir, "outside", "file"), "old");
      writeFileSync(join(dir, "file"), "");
      const script = `
      import { ${op} } from "@holdfast/atomic";
      import fs from "node:fs";
      const filePath = input.dir + "/file";
      const refused = await (async () => ${op}({ filePath, content: "no", inPlaceFallback: false }))()
        .then(() => "succeeded", (error) => error.code + " " + error.effect);
      const receipt = await ${op}({ filePath, content: "new" });
      report({ refused, method: receipt.method, text: fs.readFileSync(filePath, "utf8") });`;
      const mounts = [
        { type: "bind", source: join(dir, "outside", "file"), target: join(dir, "file") },
      ] as const;
      expect(inMountNamespace({ mounts, script, input: { dir } })).toEqual({
        refused: "EBUSY none",
        method: "in-place",
        text: "new",
      });
      expect(readFileSync(join(dir, "outside", "file"), "utf8")).toBe("new");
      expect(stagedIn(dir)).toEqual([]);
    },
  );
});
