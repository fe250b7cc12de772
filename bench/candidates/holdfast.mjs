export async function candidates() {
  let atomic;
  try {
    atomic = await import("@holdfast/atomic");
  } catch (error) {
    throw new Error(`${error.code ?? error.message}: run \`npm run build\` first`);
  }
  const { replaceFileAtomic, replaceFileAtomicSync, movePathWithCopyFallback } = atomic;
  if (!replaceFileAtomic) throw new Error("the build is incomplete: run `npm run build` first");
  const variants = {
    holdfast: {},
    "holdfast, offload flushes": { offload: "flushes" },
    "holdfast, file flushed": { syncParentDir: false },
    "holdfast, no flush": { syncTempFile: false, syncParentDir: false },
  };
  return Object.entries(variants).map(([name, options]) => ({
    name,
    side: "holdfast",
    ...(replaceFileAtomic && {
      replace: (filePath, content) => replaceFileAtomic({ filePath, content, ...options }),
    }),
    // The synchronous function never uses the thread pool: there is nothing to choose.
    ...(replaceFileAtomicSync &&
      !options.offload && {
        replaceSync: (filePath, content) =>
          replaceFileAtomicSync({ filePath, content, ...options }),
      }),
    ...(movePathWithCopyFallback &&
      !("syncTempFile" in options || options.offload) && {
        move: (source, destination) =>
          movePathWithCopyFallback({ source, destination, overwrite: true, ...options }),
      }),
  }));
}
