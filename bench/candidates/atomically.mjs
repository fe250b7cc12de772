export async function candidates(peers) {
  const { writeFile, writeFileSync } = await peers.load("atomically");
  return [
    {
      name: "atomically",
      side: "peer",
      replace: (path, content) => writeFile(path, content),
      replaceSync: (path, content) => writeFileSync(path, content),
    },
    {
      name: "atomically, fsync: false",
      side: "peer",
      replace: (path, content) => writeFile(path, content, { fsync: false }),
      replaceSync: (path, content) => writeFileSync(path, content, { fsync: false }),
    },
  ];
}
