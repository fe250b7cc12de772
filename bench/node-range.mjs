/**
 * Does this Node satisfy an `engines.node` range? Understands what the peers write: alternatives
 * joined by `||`, each one `^a.b.c` or `>=a.b.c` (missing parts are 0).
 * @param {string} range
 * @param {string} version
 */
export function nodeSatisfies(range, version) {
  const have = parts(version);
  return range.split("||").some((alternative) => {
    const match = /^\s*(\^|>=)\s*(\d+(?:\.\d+){0,2})\s*$/.exec(alternative);
    if (!match) throw new Error(`cannot read the range ${JSON.stringify(alternative)}`);
    const want = parts(match[2]);
    return compare(have, want) >= 0 && (match[1] === ">=" || have[0] === want[0]);
  });
}

const parts = (version) => [...version.split(".").map(Number), 0, 0].slice(0, 3);
const compare = (a, b) => a[0] - b[0] || a[1] - b[1] || a[2] - b[2];
