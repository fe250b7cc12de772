// What most corrections are made of: plain `node:fs`.
import { dirname } from "node:path";
import type { NodeFileSystem } from "@holdfast/testing";

/** Of a file: its content is on the disk. Of a directory: its names are. */
export function flush(fs: NodeFileSystem, path: string): void {
  const fd = fs.openSync(path, "r");
  try {
    fs.fsyncSync(fd);
  } finally {
    fs.closeSync(fd);
  }
}

/**
 * A new file of which the content is on the disk; its name is not yet. If the caller fails later, the next
 * one removes it.
 */
export function stage(fs: NodeFileSystem, path: string, content: string): void {
  fs.rmSync(path, { force: true }); // of one that failed, or was cut off
  fs.writeFileSync(path, content, { flag: "wx", flush: true });
}

/** Old or new at every moment, and new from the moment it returns. */
export function replace(fs: NodeFileSystem, path: string, content: string): void {
  stage(fs, `${path}.tmp`, content);
  fs.renameSync(`${path}.tmp`, path);
  flush(fs, dirname(path));
}
