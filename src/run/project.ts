import { sep } from "node:path"

/**
 * The folders of a run, both as real paths. Nothing in them is trusted: not their programs, nor their settings.
 * @property root the app's folder
 * @property boundary the workspace's, or the app's again
 */
export type Project = { readonly root: string; readonly boundary: string }

/** Whether `path` is `folder` or below it. Both are real paths. */
export const isWithin = (folder: string, path: string): boolean =>
  path === folder || path.startsWith(folder.endsWith(sep) ? folder : folder + sep)
