import type { Random } from "../scenario/random.ts";
import type { Disk, Pending } from "./disk.ts";
import { all, fatesOf, fullyDurable, lost } from "./fate.ts";
import type { Fate } from "./fate.ts";
import type { Identities } from "./identity.ts";
import { metadataIn, stateWith } from "./legal-states.ts";
import type { LegalState } from "./legal-states.ts";

/**
 * One legal state of too many to try them all. Half of the time it is almost everything or almost
 * nothing that reached the disk: bugs need few changes to go astray, and among all states of hundreds
 * of changes there is hardly one in which few do.
 */
export function randomState(disk: Disk, random: Random, identities: Identities): LegalState {
  const fates = new Map<Pending, Fate>();
  const open: Pending[] = [];
  const metadata = disk.model.order === "prefix" ? metadataIn(disk) : [];
  const length = random.below(metadata.length + 1);
  for (const pending of metadata.slice(length)) fates.set(pending, lost);
  for (const pending of disk.pending) {
    const decided = disk.model.order === "prefix" && pending.change.kind !== "write";
    if (!decided && pending.durable !== fullyDurable) open.push(pending);
  }
  const choose = (pending: Pending): void => {
    const choices = fatesOf(disk.model, pending);
    fates.set(pending, choices[random.below(choices.length)]!);
  };
  switch (random.below(4)) {
    case 0:
      for (let few = random.below(3); few > 0; few--) chooseOne();
      break;
    case 1:
      for (const pending of open) {
        fates.set(pending, fatesOf(disk.model, pending)[0]!);
      }
      for (let few = random.below(3); few > 0; few--) chooseOne();
      break;
    default:
      for (const pending of open) choose(pending);
  }
  function chooseOne(): void {
    if (open.length > 0) choose(open[random.below(open.length)]!);
  }
  return stateWith(disk, (pending) => fates.get(pending) ?? all, identities);
}
