const duties = new Set<() => void>();

function doAll(): void {
  // The youngest first: processes are ended before their directories are removed.
  for (const duty of [...duties].toReversed()) duty();
}

/**
 * Runs `duty` when this process exits, unless the returned function was called before: for a test
 * runner that gives up waiting, or a `process.exit` in a check.
 */
export function atExit(duty: () => void): () => void {
  if (duties.size === 0) process.on("exit", doAll);
  duties.add(duty);
  return () => {
    duties.delete(duty);
    if (duties.size === 0) process.off("exit", doAll);
  };
}
