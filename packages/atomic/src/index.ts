export {
  createFileAtomic,
  createFileAtomicSync,
  replaceFileAtomic,
  replaceFileAtomicSync,
} from "./replace/replace-file-atomic.ts";
