/** What only a real system has: mounts, permissions, and a root that goes away. */

import { join } from "node:path";
import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { expect, it, vi } from "vitest";
import { asUser, nobody } from "../../../atomic/test/support/as-user.ts";
import { inMountNamespace } from "../../../atomic/test/support/in-mount-namespace.ts";
import { needs } from "../../../atomic/test/support/needs.ts";
import { tempDir } from "../../../atomic/test/support/temp-dir.ts";
import { bundledStore } from "../objects/bundled.ts";
import { sha256Of } from "../objects/run.ts";

vi.setConfig({ testTimeout: 60_000 });

/** Looks at paths in a root, and reports the states. */
const lookAtPaths = `
  const { look, openObjects, openWorkspaces, run } = await import(input.module);
  const workspaces = openWorkspaces({ roots: [input.root], exclude: [] });
  const objects = openObjects(input.store + "/objects");
  const states = [];
  for (const path of input.paths) {
    states.push(await run(function* (operation) {
      const { inside } = yield* workspaces.locate(operation, input.root + "/" + path);
      const keep = { keep: "hash", maxFileBytes: 1000 };
      return inside ? (yield* look(operation, inside, objects, keep)).state : "outside";
    }));
  }
  await workspaces.close();
  report(states);
`;

it.runIf(needs("mount-namespace"))("a mount point is special, what lies in it is not", async () => {
  const [root, store] = [tempDir(), tempDir()];
  mkdirSync(join(root, "mounted"));
  mkdirSync(join(root, "plain"), { mode: 0o700 });
  const states = inMountNamespace({
    mounts: [{ type: "tmpfs", target: join(root, "mounted") }],
    setup: `printf x > '${root}/mounted/f'; chmod 600 '${root}/mounted/f'`,
    script: lookAtPaths,
    input: { module: await bundledStore(), root, store, paths: ["mounted", "mounted/f", "plain"] },
  });
  expect(states).toEqual([
    { kind: "skipped", reason: "special" },
    { kind: "file", sha256: sha256Of("x"), size: 1, mode: 0o600 },
    { kind: "dir", mode: 0o700 },
  ]);
});

it.runIf(needs("other-user"))("what may not be read is failed, and never absent", async () => {
  const [root, store] = [tempDir(), tempDir()];
  const module = await bundledStore();
  for (const open of [root, store, join(module, "..")]) chmodSync(open, 0o755);
  mkdirSync(join(root, "closed/in"), { recursive: true });
  mkdirSync(join(root, "unlisted"));
  writeFileSync(join(root, "secret"), "x");
  writeFileSync(join(root, "closed/f"), "x");
  chmodSync(join(root, "secret"), 0o200);
  chmodSync(join(root, "closed"), 0o700);
  chmodSync(join(root, "unlisted"), 0o711);
  const paths = ["secret", "closed/f", "closed/none", "closed/in/x", "closed", "unlisted", "none"];
  const states = asUser(nobody, { script: lookAtPaths, input: { module, root, store, paths } });
  const failed = { kind: "failed", code: "EACCES" };
  expect(states).toEqual([
    failed,
    failed,
    failed,
    failed,
    { kind: "dir", mode: 0o700 },
    { kind: "dir", mode: 0o711 },
    { kind: "absent" },
  ]);
});

it.runIf(needs("mount-namespace")).each([
  { what: "with the root on it", inside: "/ws", code: "ENOENT" },
  { what: "that is the root", inside: "", code: "ERR_CHANGED" },
])("a disk that is taken away leaves nothing absent, $what", async ({ inside, code }) => {
  const [disk, store] = [tempDir(), tempDir()];
  const states = inMountNamespace({
    mounts: [{ type: "tmpfs", target: disk }],
    setup: `mkdir -p '${disk}${inside}'; printf x > '${disk}${inside}/f'; chmod 600 '${disk}${inside}/f'`,
    script: `
      import { execFileSync } from "node:child_process";
      const { look, openObjects, openWorkspaces, run } = await import(input.module);
      const workspaces = openWorkspaces({ roots: [input.root], exclude: [] });
      const objects = openObjects(input.store + "/objects");
      const state = () => run(function* (operation) {
        const { inside } = yield* workspaces.locate(operation, input.root + "/f");
        const keep = { keep: "hash", maxFileBytes: 1000 };
        return (yield* look(operation, inside, objects, keep)).state;
      });
      const before = await state();
      execFileSync("umount", ["--lazy", input.disk]);
      report([before, await state(), await state()]);
    `,
    input: { module: await bundledStore(), root: disk + inside, disk, store },
  });
  const failed = { kind: "failed", code };
  const file = { kind: "file", sha256: sha256Of("x"), size: 1, mode: 0o600 };
  expect(states).toEqual([file, failed, failed]);
});
