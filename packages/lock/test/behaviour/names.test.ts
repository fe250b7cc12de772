/** Which lock a path has. */

import { mkdirSync, readdirSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { describe, expect, it } from "vitest";
import { needs } from "../../../atomic/test/support/needs.ts";
import { forms, lockDir, namesIn } from "./lock-dir.ts";

describe.each(forms)("$form", ({ acquire, tryAcquire, inspect, release }) => {
  it("a URL, a relative path, and another spelling mean the same lock", async () => {
    const { dir, target } = lockDir("sub");
    mkdirSync(join(dir, "sub"));
    const lock = await acquire(pathToFileURL(target));
    expect(lock.path).toBe(target);
    for (const path of [target, `${dir}/sub/../file`, `${dir}//./file`]) {
      expect(await tryAcquire(path)).toBeUndefined();
    }
    await release(lock);
  });

  it.runIf(needs("posix"))("a symbolic link has the lock of what it leads to", async () => {
    const { dir, target } = lockDir("link", "chain", "sub", "sub/up");
    symlinkSync("file", join(dir, "link")); // dangling
    symlinkSync(join(dir, "link"), join(dir, "chain"));
    mkdirSync(join(dir, "sub"));
    symlinkSync("../link", join(dir, "sub/up"));
    for (const name of ["link", "chain", "sub/up"]) {
      const lock = await acquire(join(dir, name));
      expect(namesIn(dir)).toContain("file.lock");
      expect(await tryAcquire(target)).toBeUndefined();
      expect(join((await inspect(join(dir, name))).lockPath)).toBe(`${target}.lock`);
      await release(lock);
    }
  });

  it.runIf(needs("posix"))("a link that leads nowhere", async () => {
    const { dir } = lockDir("loop", "up");
    symlinkSync("loop", join(dir, "loop"));
    symlinkSync("..", join(dir, "up"));
    await expect(acquire(join(dir, "loop"))).rejects.toMatchObject({ code: "ELOOP" });
    await expect(acquire(join(dir, "up"))).rejects.toMatchObject({ code: "ERR_SYMLINK" });
  });

  it("a name as long as names can be", async () => {
    const { dir } = lockDir();
    const names = ["x".repeat(255), "é".repeat(127), `${"x".repeat(254)}y`, "z".repeat(212)];
    for (const shared of [false, true]) {
      const locks = [];
      for (const name of names) locks.push(await acquire(join(dir, name), { shared }));
      expect(readdirSync(dir)).toHaveLength(names.length);
      for (const name of names) expect(await tryAcquire(join(dir, name))).toBeUndefined();
      expect((await inspect(join(dir, names[0]!))).held).toBe(true);
      for (const lock of locks) await release(lock);
    }
  });

  it("the longest name that is kept has room for every name of the protocol", async () => {
    const { dir } = lockDir();
    const longest = "x".repeat(255 - ".lock.".length - 32 - ".claim".length);
    const kept = await acquire(join(dir, longest));
    expect(readdirSync(dir)).toEqual([`${longest}.lock`]);
    await release(kept);
    const hashed = await acquire(join(dir, `${longest}x`));
    expect(readdirSync(dir)).toEqual([expect.stringMatching(/^[0-9a-f]{40}\.lock$/)]);
    await release(hashed);
  });

  it("slashes at the end do not count", async () => {
    const { dir } = lockDir("sub");
    mkdirSync(join(dir, "sub"));
    const lock = await acquire(`${dir}/sub//`);
    expect(namesIn(dir)).toEqual(["sub", "sub.lock"]);
    await release(lock);
  });
});
