/** A session whose disk fails: what it says and what its journal says never differ. */

import { expect, it, vi } from "vitest";
import { isHoldfastError } from "@holdfast/fs/steps";
import { createMemoryFileSystem, sweepFaults, type NodeFileSystem } from "@holdfast/testing";
import { sessionFolder } from "../../src/session/session-folder.ts";
import { asPort, forgetLocks, provePassed } from "./exploring.ts";
import { close, note, open, snapshotRecord } from "./opened.ts";

vi.setConfig({ testTimeout: 900_000 });

const store = "/store";

async function snapshotsIn(fs: NodeFileSystem): Promise<{ ids: string[]; lost: number }> {
  forgetLocks(fs, store);
  const session = await open(store, { fileSystem: asPort(fs) });
  const ids = session.history.snapshots.map(({ id }) => id);
  const lost = session.history.lostRecords;
  await close(session);
  return { ids, lost };
}

it("every call fails, in every way, while it is opened and written to", async () => {
  const report = await sweepFaults<string>(
    {
      async run(fs, ack) {
        const session = await open(store, { fileSystem: asPort(fs) });
        let failure: unknown;
        for (const ids of [["s0"], ["s1", "s2", "s3"], ["s4"]]) {
          try {
            await note(session, ...ids.map((id) => snapshotRecord(id)));
            for (const id of ids) ack(id);
          } catch (error) {
            if (!isHoldfastError(error)) throw error;
            failure ??= error;
            if (error.code === "ERR_POISONED") continue;
          }
          // Whoever goes on with the session goes on with what is in its journal.
          ack(`said ${session.history.snapshots.map(({ id }) => id).join(" ")}`);
        }
        await close(session);
        if (failure !== undefined) throw failure;
      },
      async check(fs, { acks }) {
        const { ids, lost } = await snapshotsIn(fs);
        expect(lost).toBe(0);
        expect(ids).toEqual(ids.toSorted());
        for (const id of acks) if (!id.startsWith("said")) expect(ids).toContain(id);
        const said = acks.findLast((ack) => ack.startsWith("said"));
        for (const id of said?.split(" ").slice(1) ?? []) if (id !== "") expect(ids).toContain(id);
      },
    },
    { leftovers: "allow", maxStates: 6000 },
  );
  provePassed(report, 200);
});

it("a full disk refuses a record, and takes the next one when there is room again", async () => {
  const memory = createMemoryFileSystem({ capacityBytes: 4096 });
  const fileSystem = asPort(memory.fs);
  const session = await open(store, { fileSystem });
  await note(session, snapshotRecord("s0"));
  memory.fs.writeFileSync("/somebody", "x".repeat(1000));
  const label = "x".repeat(5000);
  await expect(
    note(session, snapshotRecord("s1"), snapshotRecord("s2", { label })),
  ).rejects.toMatchObject({
    code: "ENOSPC",
  });
  // The first of the two had room.
  expect(session.history.snapshots.map(({ id }) => id)).toEqual(["s0", "s1"]);
  memory.fs.unlinkSync("/somebody");
  await note(session, snapshotRecord("s3"));
  await close(session);
  expect(await snapshotsIn(memory.fs)).toEqual({ ids: ["s0", "s1", "s3"], lost: 0 });
});

it("after a failed flush nothing is written any more, until it is opened again", async () => {
  const memory = createMemoryFileSystem();
  let fails = false;
  const promises = {
    ...memory.fs.promises,
    async open(...args: Parameters<typeof memory.fs.promises.open>) {
      const handle = await memory.fs.promises.open(...args);
      if (!String(args[0]).endsWith("journal.jsonl")) return handle;
      const flush = handle.datasync.bind(handle);
      handle.datasync = async () => {
        if (fails) throw Object.assign(new Error("EIO: i/o error, fdatasync"), { code: "EIO" });
        return await flush();
      };
      return handle;
    },
  };
  const session = await open(store, { fileSystem: { promises } as never });
  await note(session, snapshotRecord("s0"));
  fails = true;
  await expect(note(session, snapshotRecord("s1"))).rejects.toMatchObject({ code: "EIO" });
  fails = false;
  await expect(note(session, snapshotRecord("s2"))).rejects.toMatchObject({ code: "ERR_POISONED" });
  expect(session.history.snapshot("s1")).toBeUndefined();
  await close(session).catch(() => {});
  const { ids, lost } = await snapshotsIn(memory.fs);
  expect(ids).toEqual(["s0", "s1"]);
  expect(lost).toBe(0);
  expect(memory.fs.readdirSync(`${store}/sessions`)).toEqual([sessionFolder("one")]);
});
