export async function candidates(peers) {
  const { default: writeFileAtomic } = await peers.load("write-file-atomic");
  // It writes into the options it is given: each call gets its own.
  return [
    {
      name: "write-file-atomic",
      side: "peer",
      replace: (path, content) => writeFileAtomic(path, content, {}),
      replaceSync: (path, content) => writeFileAtomic.sync(path, content, {}),
    },
    {
      name: "write-file-atomic, fsync: false",
      side: "peer",
      replace: (path, content) => writeFileAtomic(path, content, { fsync: false }),
      replaceSync: (path, content) => writeFileAtomic.sync(path, content, { fsync: false }),
    },
  ];
}
