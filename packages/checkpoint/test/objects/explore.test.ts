/** Power cuts, failing calls and somebody else, while bytes are kept. */

/* oxlint-disable vitest/no-conditional-expect -- what must be there depends on what was acknowledged */

import { expect, it, vi } from "vitest";
import {
  assertPassed,
  exploreCrashes,
  exploreInterference,
  sweepFaults,
  type Adversary,
  type NodeFileSystem,
  type Scenario,
} from "@holdfast/testing";
import { handleSource, openObjects, type Stored } from "../../src/objects/object-store.ts";
import { closeFlushed, open, openFlags } from "@holdfast/fs/steps";
import { run, sha256Of, someBytes, sourceOf } from "./run.ts";

vi.setConfig({ testTimeout: 300_000 });

const folder = "/store/objects";
const small = someBytes(10);
const large = someBytes(300_000);
/** Their hashes begin with the same byte. */
const ofOneDirectory = [Buffer.from("1"), Buffer.from("12")];

const filesIn = (fs: NodeFileSystem): string[] =>
  fs.existsSync(folder)
    ? fs.readdirSync(folder).flatMap((name) => {
        const path = `${folder}/${String(name)}`;
        if (!fs.statSync(path).isDirectory()) return [path];
        return fs.readdirSync(path).map((file) => `${path}/${String(file)}`);
      })
    : [];

/** Every object has the hash of its name; what was acknowledged is there; nobody else could read. */
function checkStore(fs: NodeFileSystem, acks: readonly Stored[]): void {
  const found = new Set<string>();
  for (const path of filesIn(fs)) {
    const name = path.slice(folder.length + 1).replace("/", "");
    expect(fs.statSync(path).mode & 0o77).toBe(0);
    if (name.startsWith("staged-")) continue;
    expect(sha256Of(fs.readFileSync(path))).toBe(name);
    found.add(name);
  }
  for (const { sha256 } of acks) expect(found).toContain(sha256);
}

const putting = (name: string, contents: readonly Buffer[], atOnce: boolean): Scenario<Stored> => ({
  name,
  setup: (fs) => fs.mkdirSync("/store"),
  async run(fs, ack) {
    const objects = openObjects(folder);
    const put = async (bytes: Buffer): Promise<void> =>
      ack(await run((operation) => objects.put(operation, sourceOf(bytes), Infinity), fs));
    if (!atOnce) for (const bytes of contents) await put(bytes);
    else {
      const puts = await Promise.allSettled(contents.map(put)); // none may go on after the run
      for (const ended of puts) if (ended.status === "rejected") throw ended.reason;
    }
  },
  check: (fs, { acks }) => checkStore(fs, acks),
});

it.each([
  putting("a small one, twice", [small, small], false),
  putting("a large one", [large], false),
  putting("the same, twice at once", [small, small], true),
  putting("two of one directory", ofOneDirectory, false),
  putting("two of one directory, at once", ofOneDirectory, true),
])("a power cut leaves nothing, a staged file, or the whole object: $name", async (scenario) => {
  const report = await exploreCrashes(scenario, { maxStates: 100_000, faults: "fsync" });
  assertPassed(report);
  expect(report.cases).toBeGreaterThan(20);
});

it("after a flush that failed the next one says nothing: what is put again is written again", async () => {
  const scenario: Scenario<Stored> = {
    setup: (fs) => fs.mkdirSync("/store"),
    async run(fs, ack) {
      const objects = openObjects(folder);
      const put = (): Promise<Stored> => run((operation) => objects.putBytes(operation, small), fs);
      ack(await put().catch(put));
    },
    check: (fs, { acks }) => checkStore(fs, acks),
  };
  assertPassed(await exploreCrashes(scenario, { maxStates: 100_000, faults: "fsync" }));
});

it("another process whose objects are not on the device yet: they are, once they were put here", async () => {
  const scenario: Scenario<Stored> = {
    setup: (fs) => fs.mkdirSync("/store"),
    async run(fs, ack) {
      // Made by somebody who has flushed the bytes, and was killed before he flushed a directory.
      const sha256 = sha256Of(small);
      const shard = `${folder}/${sha256.slice(0, 2)}`;
      fs.mkdirSync(shard, { recursive: true, mode: 0o700 });
      const written = fs.openSync("/store/objects/staged-by-another", "wx", 0o600);
      fs.writeSync(written, small);
      fs.fsyncSync(written);
      fs.closeSync(written);
      fs.renameSync("/store/objects/staged-by-another", `${shard}/${sha256.slice(2)}`);
      const objects = openObjects(folder);
      const stored = await run((operation) => objects.putBytes(operation, small), fs);
      expect(stored.added).toBe(false);
      ack(stored);
    },
    check: (fs, { acks }) => checkStore(fs, acks),
  };
  assertPassed(await exploreCrashes(scenario, { maxStates: 100_000 }));
});

it.each([putting("small", [small, small], false), putting("large", [large], false)])(
  "whatever call fails, nothing is left but what is said: $name",
  async (scenario) => {
    const report = await sweepFaults(scenario, { depth: 2 });
    assertPassed(report);
    expect(report.cases).toBeGreaterThan(50);
  },
);

it("a source that somebody changes: each object has the hash of its name", async () => {
  const change: Adversary = {
    name: "writes",
    act(fs) {
      fs.writeFileSync("/source", someBytes(299_000, 5));
    },
  };
  const scenario: Scenario<Stored> = {
    setup(fs) {
      fs.mkdirSync("/store");
      fs.writeFileSync("/source", large);
    },
    async run(fs, ack) {
      const objects = openObjects(folder);
      const stored = await run(function* (operation) {
        const handle = yield* open("/source", openFlags.readOnly);
        try {
          return yield* objects.put(operation, handleSource(handle), Infinity);
        } finally {
          yield* closeFlushed(handle);
        }
      }, fs);
      ack(stored);
    },
    check: (fs, { acks }) => checkStore(fs, acks),
  };
  const report = await exploreInterference(scenario, { adversaries: [change], moves: 2 });
  assertPassed(report);
  expect(report.landed["writes"]).toBeGreaterThan(10);
});

it("somebody removes objects meanwhile: what was kept last is there, or the call says so", async () => {
  const sha256 = sha256Of(small);
  const path = `${folder}/${sha256.slice(0, 2)}/${sha256.slice(2)}`;
  const scenario: Scenario<Stored> = {
    setup(fs) {
      fs.mkdirSync(`${folder}/${sha256.slice(0, 2)}`, { recursive: true, mode: 0o700 });
      fs.writeFileSync(path, small, { mode: 0o600 });
      fs.utimesSync(path, 1000, 1000);
    },
    async run(fs, ack) {
      const objects = openObjects(folder);
      const stored = await run((operation) => objects.putBytes(operation, small), fs);
      ack(stored);
    },
    check: (fs) => checkStore(fs, []),
  };
  // As retention does, which takes away what is old; it is the only one who does.
  const prune: Adversary = {
    name: "retention",
    act(fs) {
      if (fs.statSync(path).mtimeMs > 2_000_000)
        throw Object.assign(new Error("young"), { code: "ENOENT" });
      fs.unlinkSync(path);
    },
  };
  const report = await exploreInterference(
    {
      ...scenario,
      check: (fs, { acks, end }) => {
        checkStore(fs, acks);
        expect(end).toBe("done");
      },
    },
    { adversaries: [prune] },
  );
  assertPassed(report);
  expect(report.landed["retention"]).toBeGreaterThan(2);
});
