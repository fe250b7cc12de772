/**
 * Many mixed calls while somebody swaps their directory: afterwards what is open is what was open before
 * (R10). HOLDFAST_DESCRIPTORS=<calls>; default: 10,000, in all.
 */

import * as fs from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { needs } from "../../../atomic/test/support/needs.ts";
import { onTmpfs } from "../../../atomic/test/support/temp-dir.ts";
import { isHoldfastError, openRoot, openRootSync } from "../../src/index.ts";
import { Attacker, whyNoAttacker } from "../support/attacker.ts";

const wanted = Number(process.env["HOLDFAST_DESCRIPTORS"] ?? 10_000);
const quick = { durable: false };

test.runIf(needs("linux", "tmpfs"))(
  "no call leaves anything open",
  { timeout: 300_000 },
  async (test) => {
    const folder = onTmpfs();
    const why = whyNoAttacker(folder);
    if (why !== undefined) {
      console.log(`skipped: descriptors.test.ts: ${why}`);
      return test.skip();
    }
    const at = join(folder, "root");
    for (const name of ["a/b/tree", "c/b"]) fs.mkdirSync(join(at, name), { recursive: true });
    fs.mkdirSync(join(folder, "outside/b"), { recursive: true });
    fs.symlinkSync("../outside", join(at, "out"));
    fs.writeFileSync(join(at, "a/b/file.txt"), "inside");
    const listOpen = (): string[] =>
      fs.readdirSync("/proc/self/fd").flatMap((fd) => {
        try {
          const to = fs.readlinkSync(`/proc/self/fd/${fd}`);
          return to.startsWith(folder) ? [to] : [];
        } catch {
          return []; // that of the listing itself
        }
      });
    const count = fs.readdirSync("/proc/self/fd").length;
    const root = await openRoot(at, { ...quick, require: "descriptor" });
    const sync = openRootSync(at, { ...quick, require: "descriptor" });
    const file = "a/b/file.txt";
    const calls: readonly (() => unknown)[] = [
      () => root.readFile(file),
      () => sync.readFileSync(file),
      () => root.stat(file),
      () => sync.statSync("a/b/"),
      () => root.readdir("a", { recursive: true }),
      () => sync.readdirSync("a/b", { withFileTypes: true }),
      () => root.realpath(file),
      () => sync.writeFileSync(file, "inside"),
      () => root.appendFile("a/b/log", "x"),
      () => root.mkdir("a/b/tree/m/n", { recursive: true }),
      () => sync.rmSync("a/b/tree/m", { recursive: true }),
      () => root.copyFile(file, "c/b/copy"),
      () => sync.chmodSync(file, 0o644),
      () => root.symlink("nowhere", "a/b/link"),
      () => sync.unlinkSync("a/b/link"),
      () => root.rename("c/b/copy", "a/b/copy"),
      async () => (await root.open(file)).close(),
      () => fs.closeSync(sync.openSync(file)),
      async () => (await root.openRoot("a/b")).close(),
      () => sync.truncateSync("a/b/log"),
    ];
    const names = [join(at, "a"), join(at, "out")] as const;
    const attacker = new Attacker({ folder, verb: "exchange", names, pauseUs: 100 });
    let ok = 0;
    try {
      await attacker.begun();
      for (let i = 0; i < wanted; i++) {
        try {
          await calls[i % calls.length]!();
          ok++;
        } catch (error) {
          if (!isHoldfastError(error)) throw error;
        }
      }
      expect(attacker.landed).toBeGreaterThan(wanted / 100);
    } finally {
      await attacker.stop();
      await root.close();
      sync.close();
    }
    expect(ok).toBeGreaterThan(wanted / 100);
    expect(ok).toBeLessThan(wanted);
    expect(listOpen()).toEqual([]);
    // Of what Node opens by itself there may be one more or less, not one for every call.
    expect(Math.abs(fs.readdirSync("/proc/self/fd").length - count)).toBeLessThan(10);
    expect(fs.readdirSync(join(folder, "outside"))).toEqual(["b"]);
    expect(fs.readdirSync(join(folder, "outside/b"))).toEqual([]);
  },
);
