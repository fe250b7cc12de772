import { expect, it } from "vitest";
import { exploreCrashes } from "../../src/crash/explore-crashes.ts";
import type { NodeFileSystem } from "../../src/calls/node-file-system.ts";

type Run = (fs: NodeFileSystem["promises"]) => Promise<unknown>;

/** What the report of a save says that it has left out. */
async function limitsOf(run: Run): Promise<readonly string[]> {
  const { limits, exhaustive } = await exploreCrashes({
    setup: (fs) => fs.writeFileSync("/s", "old"),
    run: (fs) => run(fs.promises),
    check: () => {},
  });
  expect(exhaustive).toBe(limits.length === 0);
  return limits;
}

it("a write that nobody waited for may come after the flush", async () => {
  const limits = await limitsOf(async (fs) => {
    const staged = await fs.open("/t", "w");
    const written = staged.write("new");
    await staged.sync();
    await written;
    await staged.close();
    await fs.rename("/t", "/s");
  });
  expect(limits).toEqual([
    "calls 2 (write /t 3) and 3 (fsync /t) were under way at the same time: only this order of them was tried",
  ]);
});

it("a flush and the rename of the same file", async () => {
  const limits = await limitsOf(async (fs) => {
    const staged = await fs.open("/t", "w");
    await staged.write("new");
    await Promise.all([staged.sync(), fs.rename("/t", "/s")]);
    await staged.close();
  });
  expect(limits).toEqual([expect.stringMatching(/fsync .* and \d+ \(rename .* at the same time/)]);
});

it("two writes at once", async () => {
  const limits = await limitsOf(async (fs) => {
    const staged = await fs.open("/t", "w");
    await Promise.all([staged.write("a"), staged.write("b")]);
    await staged.close();
  });
  expect(limits).toHaveLength(1);
});

it("a buffer that is used again while it is written", async () => {
  const limits = await limitsOf(async (fs) => {
    const staged = await fs.open("/t", "w");
    const bytes = Buffer.from("new");
    const written = staged.write(bytes);
    bytes.fill(0);
    await written;
    await staged.close();
  });
  expect(limits).toEqual([expect.stringContaining("were changed while it was under way")]);
});

it("different files at once are nobody's mistake, nor is what is waited for", async () => {
  const save = async (fs: NodeFileSystem["promises"], name: string): Promise<void> => {
    const staged = await fs.open(`/${name}.tmp`, "w");
    const bytes = Buffer.from("new");
    await staged.write(bytes);
    bytes.fill(0);
    await staged.sync();
    await staged.close();
    await fs.rename(`/${name}.tmp`, `/${name}`);
    const directory = await fs.open("/", "r");
    await directory.sync();
    await directory.close();
  };
  expect(await limitsOf((fs) => Promise.all([save(fs, "a"), save(fs, "b")]))).toEqual([]);
});

it("the order of calls in a recovery is named, too", async () => {
  const { limits } = await exploreCrashes({
    run: (fs) => fs.writeFileSync("/s", "x"),
    recover: async ({ promises: fs }) => {
      const staged = await fs.open("/t", "w");
      const written = staged.write("new");
      await staged.sync();
      await written;
      await staged.close();
    },
    check: () => {},
  });
  expect(limits).toEqual([expect.stringContaining("at the same time")]);
});
