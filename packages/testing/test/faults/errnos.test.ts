import { constants } from "node:fs";
import { constants as system } from "node:os";
import { describe, expect, it } from "vitest";
import { callNames } from "../../src/calls/call.ts";
import { errnosOf, errnosOfCall } from "../../src/faults/errnos.ts";

const platformNames = ["linux", "darwin", "win32", "other"] as const;
const { O_RDONLY, O_WRONLY, O_CREAT, O_EXCL } = constants;

const ofOpen = (flags: number, platform: "linux" | "win32" = "linux"): readonly string[] =>
  errnosOfCall({ name: "open", args: ["a", flags, 0o666] }, platform);

describe.each(platformNames)("the errnos of %s", (platform) => {
  it.each(callNames)("of %s are errnos, each named once", (name) => {
    const errnos = errnosOf(name, platform);
    for (const errno of errnos) expect(system.errno).toHaveProperty(errno);
    expect(new Set(errnos).size).toBe(errnos.length);
  });

  it("are never those that only a broken program gets, or that libuv answers", () => {
    const given = new Set(callNames.flatMap((name) => errnosOf(name, platform)));
    for (const errno of ["EBADF", "EFAULT", "EINTR"]) expect(given).not.toContain(errno);
  });

  it("let every call fail to reach the disk that reaches it", () => {
    const never = callNames.filter((name) => !errnosOf(name, platform).includes("EIO"));
    // On Windows libuv answers these without a call.
    expect(never).toEqual(platform === "win32" ? ["fchown", "chown", "lchown"] : []);
  });
});

describe("errnosOf", () => {
  it("knows which calls meet a full disk, another device, a busy file", () => {
    const giving = (errno: string, platform: "linux" | "win32"): readonly string[] =>
      callNames.filter((name) => errnosOf(name, platform).includes(errno));
    expect(giving("EXDEV", "linux")).toEqual(["rename", "link"]);
    expect(giving("ENOSPC", "linux").join(" ")).toBe(
      "open close write ftruncate fsync fdatasync rename link symlink mkdir mkdtemp truncate",
    );
    expect(errnosOf("unlink", "win32")).toContain("EBUSY");
    expect(errnosOf("rename", "win32")).toContain("EPERM");
    expect(giving("EDQUOT", "win32")).toEqual([]);
  });

  it("follows POSIX where Linux and macOS differ", () => {
    expect(errnosOf("unlink", "linux")).toContain("EISDIR");
    expect(errnosOf("unlink", "darwin")).not.toContain("EISDIR");
    expect(errnosOf("fsync", "darwin")).toContain("ENOTSUP");
    expect(errnosOf("fsync", "linux")).not.toContain("ENOTSUP");
    expect(callNames.filter((name) => errnosOf(name, "other") !== errnosOf(name, "linux"))).toEqual(
      [],
    );
  });
});

describe("errnosOfCall", () => {
  it("depends on what open is to do", () => {
    const only = (errnos: readonly string[], flags: number): readonly string[] =>
      errnos.filter((errno) => ofOpen(flags).includes(errno));
    const asked = ["EEXIST", "ENOSPC", "EDQUOT", "EROFS", "EISDIR", "EMFILE"];
    expect(only(asked, O_RDONLY)).toEqual(["EMFILE"]);
    expect(only(asked, O_WRONLY)).toEqual(["EROFS", "EISDIR", "EMFILE"]);
    expect(only(asked, O_WRONLY | O_CREAT)).toEqual(asked.slice(1));
    expect(only(asked, O_WRONLY | O_CREAT | O_EXCL)).toEqual(asked);
  });

  it("lets Windows deny the reading of a file with EPERM", () => {
    expect(ofOpen(O_RDONLY)).not.toContain("EPERM");
    expect(ofOpen(O_RDONLY, "win32")).toContain("EPERM");
  });

  it("is errnosOf for every other call", () => {
    for (const name of callNames) {
      if (name === "open") continue;
      expect(errnosOfCall({ name, args: [] }, "darwin")).toBe(errnosOf(name, "darwin"));
    }
  });
});
