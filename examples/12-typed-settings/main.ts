// A settings file with a type that holds also at run time, and that has changed its shape since the first
// release. What an older release wrote is migrated when it is opened; what somebody broke by hand is
// shown to them, with line and column, and never reset.
import { isHoldfastError, openJsonStore, type JsonStore } from "@holdfast/json";
import { z } from "zod";

const Settings = z.strictObject({
  theme: z.enum(["light", "dark", "system"]),
  editor: z.object({ fontSize: z.number().int().min(6).max(72), ligatures: z.boolean() }),
  recent: z.array(z.string()).max(10),
});
export type Settings = z.infer<typeof Settings>;

const defaults: Settings = {
  theme: "system",
  editor: { fontSize: 13, ligatures: false },
  recent: [],
};

export function openSettings(path: string): Promise<JsonStore<Settings>> {
  return openJsonStore<Settings>({
    path,
    defaults,
    schema: Settings,
    version: 3,
    migrations: {
      // Version 1 had a switch where there are three themes now,
      2: ({ darkMode, ...rest }: any) => ({ ...rest, theme: darkMode === true ? "dark" : "light" }),
      // and version 2 all of the editor's settings at the top.
      3: ({ fontSize, ...rest }: any) => ({ ...rest, editor: { ...defaults.editor, fontSize } }),
    },
    backups: 2,
  });
}

export async function openRecent(settings: JsonStore<Settings>, file: string): Promise<void> {
  await settings.update((draft) => {
    draft.recent = [file, ...draft.recent.filter((one) => one !== file)].slice(0, 10);
  });
}

if (import.meta.filename === process.argv[1]) {
  try {
    await using settings = await openSettings(process.argv[2] ?? "settings.json");
    await openRecent(settings, "notes.md");
    console.log(settings.get());
  } catch (error) {
    if (!isHoldfastError(error)) throw error;
    console.error(error.message); // with the line, and a caret below what is wrong
    process.exitCode = 1;
  }
}
