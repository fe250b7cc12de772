/** Before anybody's timers are replaced. */
const realTimeout = globalThis.setTimeout;

/** Whether something happens within so many real milliseconds. */
export async function inTime(happened: Promise<unknown>, ms: number): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<boolean>((resolve) => {
    timer = realTimeout(() => resolve(false), ms);
  });
  const first = await Promise.race([happened.then(() => true), late]);
  clearTimeout(timer);
  return first;
}
