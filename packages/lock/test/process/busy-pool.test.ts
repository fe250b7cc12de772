/** A process that ends while one of its calls still waits for a thread to make it. */

import { existsSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it, vi } from "vitest";
import { tryAcquireLock } from "../../src/index.ts";
import { needs } from "../../../atomic/test/support/needs.ts";
import { tempDir } from "../../../atomic/test/support/temp-dir.ts";
import { startHolder, startProcess, until } from "./start-process.ts";

vi.setConfig({ testTimeout: 120_000 });

/**
 * Has one thread for file system calls. Just before \`unlink\` of the lock it gets other work, and then the
 * process exits: Node has the thread finish all its work before the process is gone.
 */
const endsInTheMiddle = `
  import { createRequire, syncBuiltinESMExports } from "node:module";
  import { pbkdf2 } from "node:crypto";
  const fs = createRequire(input.path)("node:fs");
  const { unlink } = fs;
  fs.unlink = (path, ...rest) => {
    if (String(path) === input.path + ".lock") {
      pbkdf2("", "", input.iterations, 64, "sha512", () => {});
      tell("waits for the thread").then(() => process.exit());
    }
    unlink(path, ...rest);
  };
  syncBuiltinESMExports();
  if (input.takesOver) await lock.tryAcquireLock(input.path);
  else await (await lock.acquireLock(input.path)).release();
`;

describe.runIf(needs("linux", "node"))("a process that exits in the middle of a removal", () => {
  it.each([
    ["a takeover", true],
    ["a release", false],
  ])("removes nobody else's lock: %s", async (_, takesOver) => {
    const dir = tempDir();
    const path = join(dir, "file");
    if (takesOver) {
      const dead = await startHolder(path);
      dead.kill("SIGKILL");
      await dead.ended;
    }
    const ending = startProcess({
      script: endsInTheMiddle,
      input: { path, takesOver, iterations: 1_500_000 },
      prefix: ["env", "UV_THREADPOOL_SIZE=1"],
    });
    await ending.next();
    let over = false;
    void ending.ended.then(() => {
      over = true;
    });
    // Whoever gets it before the process is gone, or after that, keeps it.
    let lock: Awaited<ReturnType<typeof tryAcquireLock>>;
    await until(async () => {
      lock ??= await tryAcquireLock(path);
      return over && lock !== undefined;
    });
    lock!.assertHeld();
    expect(existsSync(`${path}.lock`)).toBe(true);
    await lock!.release();
  });
});
