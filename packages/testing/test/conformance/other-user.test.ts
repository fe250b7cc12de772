import { chmodSync, chownSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { asUser, nobody } from "../../../atomic/test/support/as-user.ts";
import { inMountNamespace } from "../../../atomic/test/support/in-mount-namespace.ts";
import { needs } from "../../../atomic/test/support/needs.ts";
import { runScript } from "../../../atomic/test/support/node-script.ts";
import { onTmpfs, tempDir } from "../../../atomic/test/support/temp-dir.ts";
import type { Need } from "../../src/conformance.ts";
import { childRun, prepareAll, type RunInput, type RunReport } from "./support/child-run.ts";

/** A directory of the user in one that all may go through. */
function baseOf(parent: string, uid: number): string {
  chmodSync(parent, 0o755);
  const base = join(parent, "base");
  mkdirSync(base);
  chownSync(base, uid, uid);
  return base;
}

describe.runIf(needs("linux", "node", "other-user"))("node:fs as another user", () => {
  const { uid } = nobody;
  const have: readonly Need[] = ["preparation", "descriptor-paths"];

  test("on the disk of temporary files", { timeout: 120_000 }, async () => {
    const input: RunInput = {
      uid,
      umask: 0o077,
      base: baseOf(tempDir(), uid),
      cases: { have, faces: ["sync"] },
    };
    expect(await prepareAll(input)).toBeGreaterThan(15);
    const { failures, count } = asUser<RunReport>(nobody, childRun(input));
    expect(failures).toEqual([]);
    expect(count).toBeGreaterThan(1500);
  });

  test.runIf(needs("tmpfs"))("on tmpfs", { timeout: 120_000 }, async () => {
    const input: RunInput = { uid, umask: 0o022, base: baseOf(onTmpfs(), uid), cases: { have } };
    expect(await prepareAll(input)).toBeGreaterThan(40);
    expect(asUser<RunReport>(nobody, childRun(input)).failures).toEqual([]);
  });
});

describe.runIf(needs("linux", "node", "root"))("node:fs as root, with another umask", () => {
  test.each([0, 0o027, 0o077, 0o777])("%o", { timeout: 60_000 }, (umask) => {
    const groups = ["creation modes", "modes", "permissions of root"];
    const input: RunInput = { uid: 0, umask, base: baseOf(tempDir(), 0), cases: {}, groups };
    expect(runScript<RunReport>(childRun(input)).failures).toEqual([]);
  });
});

describe.runIf(needs("linux", "node", "mount-namespace"))(
  "node:fs on a device that fills up",
  () => {
    test.each([
      { who: "root", user: { uid: 0, gid: 0 } },
      ...(needs("other-user") ? [{ who: "another user", user: nobody }] : []),
    ])("as $who", { timeout: 60_000 }, ({ user }) => {
      const parent = tempDir();
      const base = baseOf(parent, user.uid);
      const smallDevice = join(parent, "small");
      mkdirSync(smallDevice);
      const input: RunInput = {
        uid: user.uid,
        umask: 0o022,
        base,
        smallDevice,
        secondDevice: smallDevice,
        cases: { have: ["small-device", "second-device"] },
        groups: ["room", "devices"],
      };
      const report = inMountNamespace<RunReport>({
        ...childRun(input),
        mounts: [{ type: "tmpfs", target: smallDevice, options: "size=1m,mode=0777" }],
        user,
      });
      expect(report.failures).toEqual([]);
    });
  },
);
