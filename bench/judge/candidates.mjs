/**
 * Who is judged: how each is told to make `path` hold `content`, and what its own documentation says
 * will be true. `writer` loads it once; what it returns makes the write function of one run, given the
 * file system, if it takes one. `impatient`: without waiting seconds for what may pass by itself.
 */
export const candidates = [
  {
    name: "fs.writeFile",
    says: "nothing",
    writer: () => (fs) => (path, content) => fs.promises.writeFile(path, content),
  },
  {
    name: "write-file-atomic",
    says: "“makes its operation atomic”; fsync by default",
    async writer(load) {
      const { default: writeFileAtomic } = await load("write-file-atomic");
      // It writes into the options it is given: each call gets its own.
      return () => (path, content) => writeFileAtomic(path, content, {});
    },
  },
  {
    name: "atomically",
    says: "“impossible to get a corrupt/partially-written file”; fsync by default",
    async writer(load) {
      const { writeFile } = await load("atomically");
      return (_, { impatient }) =>
        (path, content) =>
          impatient ? writeFile(path, content, { timeout: 1 }) : writeFile(path, content);
    },
  },
  {
    name: "steno",
    says: "“No partial writes (writes are atomic)”",
    async writer(load) {
      const { Writer } = await load("steno");
      return () => {
        // Meant to be made once per file and kept.
        const writers = new Map();
        return (path, content) => {
          if (!writers.has(path)) writers.set(path, new Writer(path));
          return writers.get(path).write(content);
        };
      };
    },
  },
  {
    name: "fast-write-atomic",
    says: "“write a file atomically”; always fsync",
    async writer(load) {
      const { default: writeFile } = await load("fast-write-atomic");
      return () => (path, content) => writeFile.promise(path, Buffer.from(content));
    },
  },
  {
    name: "@holdfast/atomic",
    says: "old or new, whatever happens; once resolved, new for ever",
    async writer() {
      const { replaceFileAtomic } = await import("@holdfast/atomic");
      return (fileSystem) => (filePath, content) =>
        replaceFileAtomic({ filePath, content, fileSystem });
    },
  },
];
