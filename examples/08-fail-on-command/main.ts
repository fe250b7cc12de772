// The disk is full in the middle of a download: what does the program do? A rule makes it happen, at
// the third write, and the test looks at what is left.
import {
  and,
  createMemoryFileSystem,
  fail,
  injectFaults,
  nth,
  op,
  path,
  rule,
  type NodeFileSystem,
} from "@holdfast/testing";

/** Under its name when it is complete; if anything fails, the old file is there and nothing else. */
export async function download(
  { promises: fs }: Pick<NodeFileSystem, "promises">,
  target: string,
  chunks: AsyncIterable<string> | Iterable<string>,
): Promise<void> {
  const staged = `${target}.part`;
  try {
    await fs.writeFile(staged, chunks, { flush: true });
    await fs.rename(staged, target);
  } catch (error) {
    await fs.rm(staged, { force: true });
    throw error;
  }
}

export async function downloadOntoAFullDisk(): Promise<{
  error: unknown;
  injected: readonly string[];
  leftOpen: readonly string[];
  tree: readonly string[];
}> {
  const memory = createMemoryFileSystem({ tree: ["movie.mp4 = the old one"] });
  const full = rule(and(op("write"), path("/*.part"), nth(3)), fail("ENOSPC"));
  const faulty = injectFaults(memory.fs, full);
  const error: unknown = await download(faulty, "/movie.mp4", ["one ", "two ", "three"]).then(
    () => undefined,
    (reason: unknown) => reason,
  );
  // A rule that never acted has tested nothing.
  if (full.hits === 0) throw new Error(`${String(full)} was not reached`);
  const { faults } = faulty;
  return { error, injected: faults.log, leftOpen: faults.openFiles(), tree: memory.tree() };
}

if (import.meta.filename === process.argv[1]) {
  const { error, injected, leftOpen, tree } = await downloadOntoAFullDisk();
  console.log(`injected   ${injected.join("\n           ")}`);
  console.log(`it threw   ${String(error)}`);
  console.log(`left open  ${leftOpen.join(", ") || "nothing"}`);
  console.log(`on disk    ${tree.join("\n           ")}`);
}
