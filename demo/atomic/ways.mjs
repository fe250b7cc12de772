import { open, writeFile } from "node:fs/promises";
import { replaceFileAtomic } from "@holdfast/atomic";

/** The ways of giving a file new content that are compared. Each resolves to what it flushed. */
export const ways = {
  plain: { name: "fs.promises.writeFile", write: plain },
  flushed: { name: "writeFile, then fsync", write: flushed },
  atomic: { name: "replaceFileAtomic", write: atomic },
  unflushed: { name: "replaceFileAtomic, no flush", write: unflushed },
};

async function plain(filePath, content) {
  await writeFile(filePath, content);
  return "nothing";
}

async function flushed(filePath, content) {
  const handle = await open(filePath, "w");
  try {
    await handle.writeFile(content);
    await handle.sync();
  } finally {
    await handle.close();
  }
  return "file";
}

async function atomic(filePath, content) {
  return told(await replaceFileAtomic({ filePath, content }));
}

async function unflushed(filePath, content) {
  const weaker = { syncTempFile: false, syncParentDir: false };
  return told(await replaceFileAtomic({ filePath, content, ...weaker }));
}

/** What the receipt says, not what the options asked for: some systems cannot flush a directory. */
function told({ synced }) {
  if (synced.file !== true) return "nothing";
  return synced.directory === true ? "file and directory" : "file";
}
