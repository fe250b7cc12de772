import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { AuditEvent } from "../../src/index.ts";
import { needs } from "../../../atomic/test/support/needs.ts";
import { forms, formsByIdentity, ground } from "../read/support/roots.ts";
import { changes, plant } from "./support/changes.ts";
import { snapshot } from "./support/snapshot.ts";

describe.runIf(needs("posix")).each([...forms, ...formsByIdentity])(
  "rules, $name",
  ({ open, sync }) => {
    const planted = (): string => {
      const { inside } = ground();
      plant(inside);
      return inside;
    };

    it.each(changes)("$name: authorize is asked once for each place", async (change) => {
      const inside = planted();
      const asked: string[] = [];
      const { call } = await open(inside, {
        authorize({ method, path }) {
          expect(method).toBe(sync ? `${change.method}Sync` : change.method);
          asked.push(path);
        },
      });
      const before = snapshot(inside);
      await call(change.method, ...change.args);
      expect(asked).toHaveLength(change.asks.length);
      for (const [index, wanted] of change.asks.entries()) {
        expect(asked[index]).toMatch(
          typeof wanted === "string" ? new RegExp(`^${wanted}$`) : wanted,
        );
      }
      // eslint-disable-next-line vitest/no-conditional-expect -- times are not in a snapshot
      if (change.method !== "utimes") expect(snapshot(inside)).not.toEqual(before);
    });

    it.each(changes)("$name: a refusal of any of them changes nothing", async (change) => {
      for (const [index] of change.asks.entries()) {
        // Parents that were made stay.
        if (index > 0 && ["mkdir", "writeFile"].includes(change.method)) continue;
        const inside = planted();
        const before = snapshot(inside);
        let asked = 0;
        const cause = new Error("mine");
        const { call } = await open(inside, {
          authorize() {
            if (asked++ === index) throw cause;
          },
        });
        const run = call(change.method, ...change.args);
        await expect(run).rejects.toMatchObject({ code: "ERR_DENIED", effect: "none", cause });
        expect(snapshot(inside)).toEqual(before);
      }
    });

    it.each(changes)("$name: denied where the place is, however it is spelled", async (change) => {
      const place = change.asks.at(-1)!;
      const inside = planted();
      const before = snapshot(inside);
      const denied = typeof place === "string" ? place : "d";
      const { call } = await open(inside, { deny: { write: [denied] } });
      const run = call(change.method, ...change.args);
      const effect = change.asks.length > 1 && change.method === "mkdir" ? "partial" : "none";
      await expect(run).rejects.toMatchObject({ code: "ERR_DENIED", effect });
      // eslint-disable-next-line vitest/no-conditional-expect -- parents that were made stay
      if (!/parents|-p/.test(change.name)) expect(snapshot(inside)).toEqual(before);
    });

    it.each(changes)("$name: audit is told", async (change) => {
      const events: AuditEvent[] = [];
      const { call } = await open(planted(), { audit: (event) => void events.push(event) });
      await call(change.method, ...change.args);
      const bytes = /writeFile|create|appendFile/.test(change.method) ? 3 : 0;
      const method = sync ? `${change.method}Sync` : change.method;
      expect(events).toMatchObject([{ method, path: change.args[0], result: "ok", bytes }]);
    });

    describe("a closed place that is not there yet", () => {
      const deny = { write: [".git/hooks"] };
      const closed = { code: "ERR_DENIED", effect: "none" };
      it.each([
        ["a directory is moved above it", "rename", ["evil", ".git"]],
        [
          "a directory is moved above it exclusively",
          "rename",
          ["evil", ".git", { overwrite: false }],
        ],
        ["a link is moved above it", "rename", ["way", ".git"]],
        ["a link is made above it", "symlink", ["evil", ".git"]],
        ["a link gets a name above it", "link", ["way", ".git"]],
      ])("%s: refused", async (_, method, args) => {
        const { inside } = ground();
        mkdirSync(join(inside, "evil", "hooks"), { recursive: true });
        symlinkSync("evil", join(inside, "way"));
        const before = snapshot(inside);
        const { call } = await open(inside, { deny });
        await expect(call(method, ...args)).rejects.toMatchObject(closed);
        expect(snapshot(inside)).toEqual(before);
      });

      it("what is above one that is there cannot be moved or taken away", async () => {
        const { inside } = ground();
        mkdirSync(join(inside, ".git", "hooks"), { recursive: true });
        mkdirSync(join(inside, "empty"));
        const { call } = await open(inside, { deny });
        await expect(call("rename", ".git", "x")).rejects.toMatchObject(closed);
        await expect(call("rename", "empty", ".git")).rejects.toMatchObject(closed);
        await expect(call("rmdir", ".git")).rejects.toMatchObject(closed);
        await expect(call("unlink", ".git")).rejects.toMatchObject(closed);
        await expect(call("mkdir", ".git/hooks/x")).rejects.toMatchObject(closed);
        await call("mkdir", ".git/refs");
      });
    });

    it("what may not be read cannot be reached under another name, nor found out about", async () => {
      const { inside } = ground();
      writeFileSync(join(inside, "secret"), "s");
      const { call } = await open(inside, { deny: { read: ["secret", "absent"] } });
      for (const name of ["secret", "absent"]) {
        for (const [method, ...more] of [
          ["link", "x"],
          ["rename", "x"],
          ["rename", "x", { overwrite: false }],
          ["unlink"],
          ["appendFile", "x"],
          ["writeFile", "x"],
          ["writeFile", ["x"]],
        ] as const) {
          await expect(call(method, name, ...more)).rejects.toMatchObject({ code: "ERR_DENIED" });
        }
      }
      expect(snapshot(inside)).toHaveLength(1);
    });
  },
);
