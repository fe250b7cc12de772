export async function candidates(peers) {
  const { default: writeAtomic } = await peers.load("fast-write-atomic");
  return [
    {
      name: "fast-write-atomic",
      side: "peer",
      replace: (path, content) => writeAtomic.promise(path, content),
    },
  ];
}
