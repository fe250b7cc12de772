// What a function does to the disk, in lines that fit into a snapshot; and what a lint says of them, with
// the line of the program that is to blame. Nothing is explored here: one run is enough.
import { dirname } from "node:path";
import {
  createMemoryFileSystem,
  lintTrace,
  traceFileSystem,
  type NodeFileSystem,
} from "@holdfast/testing";

type Save = (fs: NodeFileSystem, path: string, content: string) => Promise<void>;

export const save: Save = async ({ promises: fs }, path, content) => {
  const staged = `${path}.${process.pid}.tmp`;
  await fs.writeFile(staged, content, { flag: "wx" });
  await fs.rename(staged, path);
};

export const saveDurably: Save = async ({ promises: fs }, path, content) => {
  const staged = `${path}.${process.pid}.tmp`;
  await fs.writeFile(staged, content, { flag: "wx", flush: true });
  await fs.rename(staged, path);
  const directory = await fs.open(dirname(path));
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
};

export async function traced(save: Save): Promise<{ lines: string[]; findings: string[] }> {
  const { fs } = createMemoryFileSystem({ tree: ["home/state.json = {}"] });
  const trace = traceFileSystem(fs);
  await save(trace.fs, "/home/state.json", '{ "theme": "dark" }');
  trace.ack("saved"); // from here on the user believes it
  const findings = lintTrace(trace).map(
    ({ message, caller, hint }) => `${message}\n  at ${caller}\n  ${hint}`,
  );
  return { lines: trace.lines(), findings };
}

if (import.meta.filename === process.argv[1]) {
  for (const each of [save, saveDurably]) {
    const { lines, findings } = await traced(each);
    console.log([each.name, ...lines, ...findings].join("\n  "), "\n");
  }
}
