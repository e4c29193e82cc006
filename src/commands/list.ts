import { exit } from "../errors"
import { featureNames, loadFeature } from "../feature/load"
import { createReport, printJson } from "../report/port"
import { ownVersion } from "../version"

/** `chimerai list`: what can be installed. */
export function list(options: { json: boolean; color: boolean; verbose: boolean }): number {
  const features = featureNames().map((name) => ({ name, title: loadFeature(name).title, options: [] as string[] }))
  if (options.json) printJson({ command: "list", version: ownVersion(), features })
  else createReport(options).out(features.map(({ name, title }) => `${name.padEnd(8)} ${title}`).join("\n"))
  return exit.done
}
