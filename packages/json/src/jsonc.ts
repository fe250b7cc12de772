export { editJsonc, editJsoncSync, readJsonc, readJsoncSync } from "./jsonc/jsonc.ts";
export type { EditJsoncOptions, JsoncEdit, ReadJsoncOptions } from "./jsonc/jsonc.ts";
