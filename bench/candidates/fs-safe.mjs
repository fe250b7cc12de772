export async function candidates(peers) {
  const { replaceFileAtomic, replaceFileAtomicSync, movePathWithCopyFallback } = await peers.load(
    "@openclaw/fs-safe/atomic",
  );
  const { root } = await peers.load("@openclaw/fs-safe/root");
  // `preserveExistingMode` is left at its default, off: it does less than the others then, and the
  // comparison errs in its favour.
  const both = { syncTempFile: true, syncParentDir: true };
  return [
    {
      name: "fs-safe, both flushes",
      side: "peer",
      replace: (filePath, content) => replaceFileAtomic({ filePath, content, ...both }),
      replaceSync: (filePath, content) => replaceFileAtomicSync({ filePath, content, ...both }),
    },
    {
      name: "fs-safe",
      side: "peer",
      replace: (filePath, content) => replaceFileAtomic({ filePath, content }),
      replaceSync: (filePath, content) => replaceFileAtomicSync({ filePath, content }),
      move: (source, destination) => movePathWithCopyFallback({ from: source, to: destination }),
    },
    {
      name: "fs-safe root", // with its native part where there is one: its default
      side: "peer",
      async root(dir) {
        const opened = await root(dir);
        return {
          read: (path) => opened.readBytes(path),
          write: (path, content) => opened.write(path, content),
          list: (path) => collect(opened.entries(path)),
        };
      },
    },
  ];
}

async function collect(entries) {
  const list = [];
  for await (const entry of entries) list.push(entry);
  return list;
}
