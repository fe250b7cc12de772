/* oxlint-disable vitest/no-conditional-expect -- what must hold depends on how a run ended */

import { describe, expect, it } from "vitest";
import { isHoldfastError } from "../../src/index.ts";
import { needs } from "../../../atomic/test/support/needs.ts";
import {
  sweepFaults,
  type FaultyRun,
  type Injected,
} from "../../../atomic/test/support/sweep-faults.ts";
import { unownedTempDir } from "../../../atomic/test/support/temp-dir.ts";
import { errnosOf, type CallName } from "@holdfast/testing";
import { openRoot, openRootSync, type FileSystem } from "../../src/index.ts";
import { changes, plant, type Change } from "./support/changes.ts";
import { snapshot } from "./support/snapshot.ts";

// Of the errnos those that the methods look at, and one that they do not.
const looked = new Set("EIO ENOENT EEXIST EACCES ENOTEMPTY".split(" "));
const fewErrnos = (name: CallName): readonly string[] =>
  errnosOf(name, "linux").filter((errno) => looked.has(errno));

// What closing the root itself comes to is not asked here.
const forms = {
  async: async ({ method, args }: Change, dir: string, fileSystem: FileSystem) => {
    const root = await openRoot(dir, { fileSystem, require: "descriptor" });
    try {
      return await (root as any)[method](...args);
    } finally {
      await root.close().catch(() => {});
    }
  },
  sync: ({ method, args }: Change, dir: string, fileSystem: FileSystem) => {
    const root = openRootSync(dir, { fileSystem, require: "descriptor" });
    try {
      return (root as any)[`${method}Sync`](...args);
    } finally {
      try {
        root.close();
      } catch {
        // as above
      }
    }
  },
};

/** What the change makes of the tree, if nothing fails. */
function treeAfter({ method, args }: Change): string[] {
  const { path, remove } = unownedTempDir();
  try {
    plant(path);
    using root = openRootSync(path, { durable: false });
    (root as any)[`${method}Sync`](...args);
    return shown(path);
  } finally {
    remove();
  }
}

/** Names that are random are one name. */
const shown = (dir: string): string[] =>
  snapshot(dir).map((line) => line.replace(/t-[A-Za-z0-9]{6}/, "t-"));

/** Answers of the system that, given wrongly, cannot be told from right ones. */
const liesOf: Readonly<Partial<Record<string, string>>> = {
  unlink: "ENOENT",
  rmdir: "ENOENT",
  mkdir: "EEXIST",
  symlink: "EEXIST",
  link: "EEXIST",
  open: "EEXIST",
};

function isLie({ mode, name, errno }: Injected, { method }: Change): boolean {
  if (name === "lstat") return errno === "ENOENT";
  if (mode !== "after") return false;
  // A file that was created although the call says that it was not is not looked for.
  return liesOf[name] === errno || (name === "open" && method === "appendFile");
}

// `writeFile` and `create` are swept where the replacement itself is at home.
const swept = changes.filter(({ method }) => !["writeFile", "create", "utimes"].includes(method));

describe.runIf(needs("linux")).each(Object.entries(forms))("faults, %s", (_, perform) => {
  it.each(swept)(
    "$name: at any failure the error says what happened, and nothing stays open",
    { timeout: 120_000 },
    async (change) => {
      const after = treeAfter(change);
      const check = (run: FaultyRun<string[], unknown>): void => {
        const { failed, error, dir, prepared, openHandles, callsOnClosed, injected } = run;
        // A close that fails has closed all the same; one that was not made cannot have.
        if (injected?.name !== "close" && injected?.mode !== "dead stop") {
          expect(openHandles).toEqual([]);
        }
        expect(callsOnClosed).toEqual([]);
        const now = shown(dir);
        if (injected !== undefined && isLie(injected, change)) return;
        if (!failed) {
          expect(now).toEqual(after);
          return;
        }
        if (!isHoldfastError(error)) throw error;
        const { effect, op } = error;
        if (op === "openRoot" || op === "openRootSync") return;
        if (effect === "none") expect(now, "nothing was changed").toEqual(prepared);
        if (effect === "complete") expect(now, "the change is in place").toEqual(after);
      };
      await sweepFaults<string[], unknown>({
        errnos: fewErrnos,
        prepare: (dir) => {
          plant(dir);
          return shown(dir);
        },
        run: ({ fileSystem, dir }) => perform(change, dir, fileSystem as FileSystem),
        check,
      });
    },
  );
});
