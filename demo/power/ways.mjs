import { replaceFileAtomic } from "@holdfast/atomic";

/** The ways in which a file is replaced that are cut off, worst first. */
export const ways = {
  plain: {
    name: "fs.writeFile",
    write: (fs, path, content) => fs.promises.writeFile(path, content),
  },
  rename: {
    name: "write a temp file, rename it",
    write: async (fs, path, content) => {
      await fs.promises.writeFile(`${path}.tmp`, content);
      await fs.promises.rename(`${path}.tmp`, path);
    },
  },
  flushed: {
    name: "the same, flushed before the rename",
    write: async (fs, path, content) => {
      await fs.promises.writeFile(`${path}.tmp`, content, { flush: true });
      await fs.promises.rename(`${path}.tmp`, path);
    },
  },
  holdfast: {
    name: "replaceFileAtomic",
    write: (fileSystem, filePath, content) => replaceFileAtomic({ filePath, content, fileSystem }),
  },
};
